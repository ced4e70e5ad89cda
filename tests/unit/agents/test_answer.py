import json

import pytest

from bot.agents.answer import TITLE, answer, title
from bot.findings.parse import parse_answer
from bot.models import Finding, Severity

FULL = Finding(
    agent="ruff",
    severity=Severity.MAJOR,
    file="a/we ird\n\udcff.py",
    line=3,
    end_line=5,
    title="Undefined name",
    description="Undefined name `x`",
    suggestion="Define it",
    replacement="y = 1",
    category="correctness",
    confidence=0.5,
    rule="F821",
)


def test_an_answer_is_read_back_as_it_was() -> None:
    text = answer([FULL], "Looked.")

    read = parse_answer(text, agent="ruff", paths=[FULL.file])

    assert read.readable
    assert read.summary == "Looked."
    assert read.findings == (FULL,)
    assert text.isascii()


def test_an_empty_replacement_deletes_and_is_not_lost() -> None:
    one = Finding(
        agent="a", severity=Severity.MINOR, file="a.py", description="d", line=1, replacement=""
    )

    (read,) = parse_answer(answer([one], ""), agent="a").findings

    assert read.replacement == ""


def test_what_is_not_known_is_not_said() -> None:
    one = Finding(agent="a", severity=Severity.MINOR, file="a.py", description="d")

    assert json.loads(answer([one], "s"))["issues"] == [
        {"severity": "minor", "file": "a.py", "description": "d"}
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`os` imported but unused", "`os` imported but unused"),
        ("Try, Except, Pass detected.", "Try, Except, Pass detected"),
        ("First thing. Second thing.", "First thing"),
        ("two\n lines", "two lines"),
        ("word " * 30, f"{('word ' * 13).strip()}…"),
        ("x" * 100, "x" * (TITLE - 1) + "…"),
    ],
)
def test_titles_are_short_statements(text: str, expected: str) -> None:
    assert title(text) == expected
    assert len(title(text)) <= TITLE
