"""Answers to comments."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from bot.errors import AccessLost, GiveUp, HeadGone, NoCommonHistory, TreeRefused
from bot.models import ReplyRequest, Repo
from bot.publish.render.reply import could_not, help_text, reaction, reply

ROWS = (
    ("/harness help", "read", "lists the commands"),
    ("/harness review [full]", "write", "reviews the newest commit | again"),
)


def answer(topic, detail="", login="ann"):
    request = ReplyRequest(
        installation_id=1,
        repo=Repo(owner="o", name="r"),
        number=7,
        comment_id=42,
        topic=topic,
        login=login,
        detail=detail,
    )
    return reply(request, ROWS)


def test_help():
    assert answer("help") == help_text(ROWS)
    assert answer("help") == snapshot("""\
### harness: commands

| command | who may | what it does |
|---|---|---|
| `/harness help` | read | lists the commands |
| `/harness review [full]` | write | reviews the newest commit \\| again |\
""")


def test_not_permitted_names_the_rule_and_who_can():
    assert answer("not-permitted", "write") == snapshot(
        "`ann`, this command needs write permission on this repository, because it spends money or decides. Somebody with write permission can write the same comment."
    )
    assert "needs write permission" in answer("not-permitted")


def test_a_moved_head_names_both_commits():
    assert answer("head-moved", f"{'4f2c1aa' * 5} {'9be0d13' * 5}") == snapshot(
        "This counts for the commit you have seen reviewed, and the head moved: 4f2c1aa was the last one reviewed, GitHub's newest is 9be0d13. Look at the newest commit, then write the comment again."
    )
    assert "none was reviewed yet, GitHub's newest is 9be0d13" in answer(
        "head-moved", f" {'9be0d13' * 5}"
    )
    assert "4f2c1aa was the last one reviewed." in answer("head-moved", "4f2c1aa" * 5)


def test_closed():
    assert answer("closed") == snapshot(
        "This pull request is closed, so there is nothing to review. Reopen it and ask again."
    )


def test_an_unknown_command():
    written = answer("unknown-command", "dance @all")
    assert written.startswith("There is no command `/harness dance @all`.")
    assert written.endswith(help_text(ROWS))


def test_a_topic_of_another_version():
    assert answer("odd", "words <b> @x") == "words &lt;b> `@x`"
    assert answer("odd") == "odd"


def test_a_login_pings_nobody():
    assert answer("not-permitted", "write", login="x @all").startswith("`x @all`, ")


def test_reactions():
    assert reaction("help") == "eyes"
    assert reaction("not-permitted") == "confused"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            HeadGone("the commit is gone."),
            "the commit is gone; push again, or reopen the pull request from a branch that exists",
        ),
        (
            AccessLost("no access"),
            "no access; an owner can give the App access to this repository again",
        ),
        (
            NoCommonHistory("no common commit"),
            "no common commit; rebase the branch on its base, so that there is a change to review",
        ),
        (
            TreeRefused("too large"),
            "too large; take the files out that make the tree unreadable, and push again",
        ),
        (GiveUp("something else"), "something else"),
    ],
)
def test_why_a_head_cannot_be_reviewed(error, sentence):
    assert could_not(error) == sentence
