"""Where a slash command counts, and where it is only text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.parser import MAX_COMMANDS, Line, parse_commands


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("/harness review", [Line(name="review")]),
        ("/harness", [Line(name="help")]),
        ("/HARNESS Review FULL", [Line(name="review", words=("FULL",))]),
        ("text before\n/harness review\r\nand after", [Line(name="review")]),
        ("   /harness help", [Line(name="help")]),
        (
            '/harness dismiss h-7KQ2 "not a bug"',
            [Line(name="dismiss", words=("h-7KQ2", "not a bug"))],
        ),
        (
            "/harness dismiss h-7KQ2 it's fine",
            [Line(name="dismiss", words=("h-7KQ2", "it's", "fine"))],
        ),
        ("/harness review\n/harness help", [Line(name="review"), Line(name="help")]),
        ("/harness $(reboot)", [Line(name="?")]),
        ("please /harness review", []),
        ("> /harness review", []),
        ("`/harness review`", []),
        ("```\n/harness review\n```", []),
        ("~~~~\n/harness review\n~~~\n/harness help\n~~~~\n/harness review", [Line(name="review")]),
        ("````\n```\n/harness review\n````", []),
        ("    /harness review", []),
        ("\t/harness review", []),
        ("/harnessreview", []),
        ("/harness-review", []),
        ("<!--\n/harness review\n-->", []),
        ("<!--\n/harness review", []),
        ("<!-- x -->\n/harness review", [Line(name="review")]),
        ("```unclosed\n/harness review", []),
        ("", []),
    ],
)
def test_a_command_stands_at_the_start_of_a_line_outside_code_and_quotes(body, found):
    assert list(parse_commands(body)) == found


@pytest.mark.parametrize("character", "\v\f\x1c\x1d\x1e\x85\u2028\u2029")
def test_quoting_a_text_with_a_hidden_line_end_commands_nothing(character):
    assert parse_commands(f"> have a look{character}/harness review\n\ndone") == ()


def test_a_comment_full_of_commands_is_cut_off():
    assert len(parse_commands("/harness review\n" * 1000)) == MAX_COMMANDS


@given(st.text())
def test_no_text_breaks_the_parser(body):
    assert all(line.name for line in parse_commands(body))
