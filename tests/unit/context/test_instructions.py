"""Which instruction files are about a change: of each name the nearest."""

from bot.context.instructions import COPILOT, MAX_GUIDES, guides_for, wanted
from bot.models.context import Guide


def test_the_nearest_file_wins_and_each_name_by_itself():
    there = {"AGENTS.md", "CLAUDE.md", "src/AGENTS.md", "src/api/AGENTS.md", "docs/GEMINI.md"}
    assert wanted(["src/api/app.py"], there) == ("CLAUDE.md", "src/api/AGENTS.md")
    assert wanted(["src/app.py"], there) == ("CLAUDE.md", "src/AGENTS.md")
    assert wanted(["app.py"], there) == ("AGENTS.md", "CLAUDE.md")
    assert wanted(["app.py", "src/app.py", "docs/a.md"], there) == (
        "AGENTS.md",
        "CLAUDE.md",
        "docs/GEMINI.md",
        "src/AGENTS.md",
    )


def test_one_is_about_everything():
    assert wanted(["a.py"], {COPILOT}) == (COPILOT,)


def test_no_more_than_a_few():
    there = {f"f{n}/AGENTS.md" for n in range(40)}
    assert len(wanted([f"f{n}/a.py" for n in range(40)], there)) == MAX_GUIDES


def test_for_a_part_of_the_change_only_its_own_and_the_same_text_once():
    guides = (
        Guide(path="AGENTS.md", text="Be kind.\n"),
        Guide(path="CLAUDE.md", text="Be kind."),
        Guide(path="docs/AGENTS.md", text="British spelling."),
    )
    assert guides_for(["src/a.py"], guides) == (guides[0],)
    assert guides_for(["docs/a.md"], guides) == (guides[1], guides[2])
    assert guides_for([], guides) == (guides[0], guides[2])
