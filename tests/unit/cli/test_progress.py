"""What a run looks like while it runs."""

import io

import pytest
from rich.console import Console

from bot.cli.progress import Progress
from bot.models import AssistantText, Finished, RunError, Started, Tokens, ToolCall
from tests.fakes.clock import FakeClock


def told(*events, terminal=False):
    """The output after one agent's events."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120)
    with Progress(("ruff",), console=console, clock=FakeClock()) as progress:
        for event in events:
            progress.agent_event("ruff", event)
    return out.getvalue()


def test_without_a_terminal_a_change_of_state_is_a_line():
    lines = told(Started(), AssistantText(text="reading"), Finished(success=True)).splitlines()
    assert lines == ["ruff: reading", "ruff: done after 0.0 s"]


def test_a_failure_says_why():
    assert "ruff: failed after 0.0 s (401 no such key)" in told(
        Started(), RunError(message="401 no such key")
    )


def test_a_warning_fails_nobody():
    assert "failed" not in told(Started(), RunError(message="odd line", warning=True))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (AssistantText(text='{"summary": "ruff looked at 1 file.", "issues": []}'), "looked at 1"),
        (AssistantText(text="first\nlast words\n"), "last words"),
        (ToolCall(name="Grep"), "Grep"),
        (Tokens(input=1200, output=34), "1,234 tokens"),
    ],
)
def test_on_a_terminal_a_row_shows_the_last_words(event, words):
    shown = told(Started(), event, Finished(success=True), terminal=True)
    assert words in shown
    assert '"issues"' not in shown


def test_hostile_words_are_shown_harmlessly():
    shown = told(Started(), AssistantText(text="\x1b[2J\u202egone"), terminal=True)
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown
