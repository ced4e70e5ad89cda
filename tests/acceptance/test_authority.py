"""Who may give which command: every role and every command there is, asked of GitHub each time."""

import pytest

from bot.commands.command import commands
from tests.acceptance.conftest import developer, scripted
from tests.acceptance.test_review import BUGGY

ROLES = {
    "rosa": "read",
    "tom": "triage",
    "ada": "write",
    "mia": "maintain",
    "adam": "admin",
    "nora": "none",
    "helper[bot]": "write",
    "paul": "read",
}
"""Who has which permission; `paul` is the author of the pull request."""
AUTHOR, BOT = "paul", "helper[bot]"

HEARD, REFUSED, IGNORED = "heard", "refused", "ignored"
ANYBODY = dict.fromkeys(ROLES, HEARD) | {BOT: IGNORED}
WRITERS = ANYBODY | dict.fromkeys(("rosa", "tom", "nora", AUTHOR), REFUSED)

TABLE = {
    "cancel": ("/harness cancel", WRITERS),
    "config": ("/harness config", ANYBODY),
    "dismiss": ("/harness dismiss {issue}", WRITERS),
    "explain": ("/harness explain {issue}", ANYBODY),
    "help": ("/harness help", ANYBODY),
    "refactor": ("/harness refactor", WRITERS),
    "review": ("/harness review", WRITERS),
    "status": ("/harness status", ANYBODY),
}
"""A command's row: how it is written, and what becomes of it by whoever wrote it."""


def test_every_command_has_its_row():
    assert sorted(TABLE) == sorted(commands())


@pytest.fixture
async def scene(make_stage, desk):
    """A pull request from outside with one open issue, and everybody with their permission."""
    stage = await make_stage(
        agents=[scripted("reader")],
        developer=developer("repair", desk),
        sandbox="off",
        outsiders="all",
    )
    repo = await stage.repository()
    for login, level in ROLES.items():
        stage.github.set_permission(repo, login, level)
    stage.github.state.user(BOT).type = "Bot"
    pull = await stage.pull(BUGGY, repo=repo, author=AUTHOR)
    await stage.reviewed(pull)
    return stage, pull


async def issue_of(stage, pull):
    (run, *_) = await stage.runs(pull)
    (issue,) = await stage.harness.store.issues_of_run(run.id)
    return issue.id


async def given(stage, pull, words, by):
    """What became of a command: in the eyes of who wrote it."""
    before = len(stage.answers(pull))
    comment = await stage.comment(pull, words, by=by)
    await stage.settled()
    answers, faces = stage.answers(pull)[before:], stage.reactions(comment)
    if not answers and not faces:
        return IGNORED
    refused = any("needs write permission" in text for text in answers)
    assert faces[0] == "eyes", "it was not seen at once"
    assert ("confused" in faces) or not refused
    return REFUSED if refused else HEARD


async def standing(stage, pull, issue):
    """What a command can change."""
    known = await stage.harness.store.issue(stage.name(stage.repo(pull)), pull.number, issue)
    return known.state, pull.head_sha, len(await stage.runs(pull)), stage.check(pull).conclusion


def asked_about(traffic, login):
    path = f"/collaborators/{login}/permission"
    return sum(exchange.path.endswith(path) for exchange in traffic.exchanges)


@pytest.mark.parametrize("name", sorted(TABLE))
async def test_who_may(scene, traffic, name):
    stage, pull = scene
    words, row = TABLE[name]
    issue = await issue_of(stage, pull)
    found, unasked, changed = {}, [], []
    # Those who may change something come last, so that the others find it as it was.
    for who in sorted(ROLES, key=lambda login: row[login] == HEARD):
        asked, before = asked_about(traffic, who), await standing(stage, pull, issue)
        found[who] = await given(stage, pull, words.format(issue=issue), who)
        if row is WRITERS and who != BOT and asked_about(traffic, who) == asked:
            unasked.append(who)
        if found[who] != HEARD and await standing(stage, pull, issue) != before:
            changed.append(who)
    assert found == row
    assert unasked == [], "GitHub was not asked what they may do"
    assert changed == [], "they changed something all the same"


@pytest.mark.parametrize("name", [name for name, (_, row) in TABLE.items() if row is WRITERS])
async def test_a_permission_that_was_taken_away_counts_at_once(scene, name):
    stage, pull = scene
    words = TABLE[name][0].format(issue=await issue_of(stage, pull))
    assert await given(stage, pull, words, "ada") == HEARD
    stage.github.set_permission(stage.repo(pull), "ada", "triage")
    assert await given(stage, pull, words, "ada") == REFUSED
