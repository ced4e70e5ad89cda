"""What a log line may hold: nothing that a stranger's text could fake, and no local variables."""

import io
import json
import logging

import pytest
import structlog

from bot import log
from bot.errors import HarnessError

HOSTILE = "boom\n2026-11-21T10:00:00Z [info     ] forged.line\x1b[2J\u202e"


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail():
    token = "ghs_" + "of-a-local-variable"
    raise ValueError(HOSTILE, len(token))


def written(log_format):
    out = io.StringIO()
    log.configure(log_format, stream=out)
    try:
        fail()
    except ValueError as error:
        log.logger("test").warning("guard.failed", error=HOSTILE, exc_info=error)
    return out.getvalue()


def test_no_text_on_a_console_looks_like_a_line_of_the_log_or_moves_the_cursor():
    text = written("console")
    assert "forged.line" in text
    assert [line for line in text.splitlines() if line.startswith("2026-11-21T10:00:00Z")] == []
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_lines_of_an_errors_text_are_set_in():
    out = io.StringIO()
    log.configure("console", stream=out)
    log.logger("test").warning("guard.failed", exc_info=HarnessError(HOSTILE))
    (line,) = [line for line in out.getvalue().splitlines() if "forged.line" in line]
    assert line.startswith("    2026-11-21T10:00:00Z")


def test_a_line_for_machines_is_one_line():
    (line,) = written("json").splitlines()
    assert json.loads(line)["error"] == HOSTILE


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_shows_no_local_variable(log_format):
    text = written(log_format)
    assert "Traceback" in text
    assert "ghs_of-a-local-variable" not in text
