"""The README says what the program does."""

from pathlib import Path

from bot.commands.command import commands, help_table
from bot.findings import states
from bot.findings.policy import table_markdown
from bot.settings import settings_table

README = (Path(__file__).parents[3] / "README.md").read_text()


def test_it_names_every_command():
    assert help_table() in README


def test_the_settings_table_is_that_of_the_program():
    assert settings_table() in README


def test_the_table_of_conclusions_is_that_of_the_program():
    assert table_markdown() in README


def test_both_commands_stand_on_the_first_screen():
    first_screen = "\n".join(README.splitlines()[:24])
    assert "make demo" in first_screen
    assert "make test" in first_screen


def test_every_slash_command_is_named():
    assert [name for name in commands() if f"/harness {name}" not in README] == []


def test_the_table_of_states_is_that_of_the_program():
    assert states.table_markdown() in README
