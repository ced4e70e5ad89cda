"""What an author says: the issues that are named, and the part of a text that is its point."""

import pytest

from bot.context.intent import MAX_LINKED, first_paragraph, intent_sections, linked_numbers
from bot.context.sections import fit
from bot.models.context import CommitNote, LinkedIssue, ReviewContext


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Fixes #12", (12,)),
        ("closes: #3 and resolved #4", (3, 4)),
        ("Fix https://github.com/Octo/Shop/issues/9.", (9,)),
        ("fixes https://github.com/octo/other/issues/9", ()),
        ("see #12, prefixes #13, bug-fixes #14", ()),
        ("fixes #0, fixes #1234567890123", ()),
        ("fixes #5\nfixes #5", (5,)),
        ("RESOLVES\t#7", (7,)),
        ("fixes\n#8", ()),
    ],
)
def test_issues_are_named_by_githubs_keywords(text, numbers):
    assert linked_numbers([text], "octo/shop") == numbers


def test_only_the_first_few_are_asked_for():
    text = " ".join(f"fixes #{n}" for n in range(1, 40))
    assert linked_numbers([text], "octo/shop") == tuple(range(1, MAX_LINKED + 1))


@pytest.mark.parametrize(
    ("body", "paragraph"),
    [
        ("One.\n\nTwo.", "One."),
        (
            "<!-- template:\n\nfill in -->\r\n\r\n## What\r\n\r\nIt breaks.\r\nOften.",
            "It breaks.\nOften.",
        ),
        ("# Title\nText below it.", "Text below it."),
        ("<!-- never closed\n\nhidden", ""),
        ("", ""),
    ],
)
def test_the_first_paragraph_is_the_first_prose(body, paragraph):
    assert first_paragraph(body) == paragraph


def test_a_long_paragraph_is_cut_and_says_so():
    assert first_paragraph("word " * 1_000).endswith("characters left out)")


def test_title_text_issues_and_commits_are_data():
    context = ReviewContext(
        title="Add parsing",
        body="Because.",
        linked=(LinkedIssue(number=12, title="It breaks", text="Often."),),
        commits=(CommitNote(sha="a" * 40, subject="Parse", body="Carefully."),),
    )
    assert fit(intent_sections(context)).text == (
        "What its author says about the change:\n```\nAdd parsing\n\nBecause.\n```\n\n"
        "Issues that the change says it closes:\n```\n#12 It breaks\nOften.\n```\n\n"
        "Its commits, the oldest first:\n```\naaaaaaaaaaaa Parse\nCarefully.\n```\n"
    )
