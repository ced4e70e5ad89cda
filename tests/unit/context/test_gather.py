"""What is known of a change, from sources each of which may be silent, slow or broken."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.context import gather as module
from bot.context.gather import Sources, gather
from bot.errors import AccessLost, AgentFailed, GiveUp
from bot.models import (
    Change,
    Diff,
    FileDiff,
    FileStatus,
    Hunk,
    Lesson,
    LessonKind,
    Repo,
    Skipped,
    Workspace,
)
from bot.models.context import CommitNote, Guide, LinkedIssue

ID = "0123456789ab"
NOTE = CommitNote(
    sha="c" * 40, subject="Count", body=f"Fixes #3\n\nEntire-Checkpoint: {ID}", files=("app.py",)
)


def file(path):
    hunk = Hunk(old_start=1, old_lines=0, new_start=1, new_lines=1, lines=("+x",))
    return FileDiff(path=path, old_path=path, status=FileStatus.MODIFIED, hunks=(hunk,))


CHANGE = Change(
    diff=Diff(base_sha="b" * 40, head_sha="a" * 40, files=(file("app.py"), file("docs/x.lock"))),
    workspace=Workspace(tree=Path("/t"), git_dir=Path("/g"), diff_file=Path("/d")),
    head_sha="a" * 40,
    base_sha="f" * 40,
    title="Count",
    repo=Repo(owner="octo", name="shop"),
    skipped=(Skipped(path="docs/x.lock", reason="ignored"),),
)


class Repository:
    """Everything of it can be broken by name."""

    def __init__(self, *broken, text=b"Be kind."):
        self.broken = broken
        self.text = text
        self.shown = []

    def _may(self, name):
        if name in self.broken:
            raise AccessLost(f"{name} is gone")

    async def files_named(self, sha, names):
        self._may("files_named")
        return ("AGENTS.md", "docs/AGENTS.md")

    async def show(self, sha, path):
        self.shown.append((sha, path))
        return self.text

    async def commits(self, base, head):
        self._may("commits")
        return (NOTE,)

    async def blamed(self, base, head, paths):
        self._may("blamed")
        return {"app.py": [(1, NOTE.sha)]} if "app.py" in paths else {}

    async def blobs(self, sha, paths):
        return {}


class Store:
    def __init__(self, error=None):
        self.error = error

    async def available(self, references):
        if self.error is not None:
            raise self.error
        return tuple(references)

    async def read(self, wanted, keep):
        return {
            name: {"0/metadata.json": b'{"summary": {"intent": "Count on"}}'} for name in wanted
        }


async def issue(number):
    return LinkedIssue(number=number, title="Eggs", text="<!-- x -->\n\nBy the dozen.")


def sources(repository=None, **more):
    values = {"records": Store(), "issue": issue, **more}
    return Sources(
        repository=repository or Repository(),
        now=lambda: datetime(2026, 11, 27, tzinfo=UTC),
        **values,
    )


async def test_everything_that_is_known():
    repository = Repository()
    told = await gather(CHANGE, sources(repository))
    assert told.guides == (Guide(path="AGENTS.md", text="Be kind."),)
    assert repository.shown == [(CHANGE.base_sha, "AGENTS.md")]
    assert told.linked == (LinkedIssue(number=3, title="Eggs", text="By the dozen."),)
    (checkpoint,) = told.recorded.checkpoints
    assert (checkpoint.id, checkpoint.intent) == (ID, "Count on")
    assert [(o.path, o.start) for o in told.recorded.origins] == [("app.py", 1)]
    assert told.problems == ()


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("files_named", "instructions: files_named is gone"),
        ("commits", "commits: commits is gone"),
        ("blamed", "who wrote which line: blamed is gone"),
    ],
)
async def test_what_one_source_cannot_say_the_others_do(broken, problem):
    told = await gather(CHANGE, sources(Repository(broken)))
    assert told.problems == (problem,)
    assert told.title == "Count"
    assert bool(told.guides) is (broken != "files_named")
    assert bool(told.recorded.checkpoints) is (broken != "commits")


async def test_a_store_out_of_reach_takes_nothing_from_the_next():
    opened = []

    def elsewhere(repo):
        opened.append(repo.full_name)
        return Store()

    settings = b'{"strategy_options": {"checkpoint_remote": {"provider": "github", "repo": "a/b"}}}'
    lost = Store(AccessLost("no access"))
    told = await gather(
        CHANGE, sources(Repository(text=settings), records=lost, elsewhere=elsewhere)
    )
    assert told.problems == ("checkpoints: no access",)
    assert opened == ["a/b"]
    assert told.recorded.checkpoints[0].intent == "Count on"
    alone = await gather(CHANGE, sources(records=Store(ValueError("broken pack"))))
    assert alone.recorded.checkpoints[0].problem == "nothing is recorded of it"


async def test_a_store_that_cannot_be_opened_is_a_problem_and_no_more():
    def elsewhere(repo):
        raise GiveUp(f"{repo.full_name!r} is not a repository's name")

    settings = (
        b'{"strategy_options": {"checkpoint_remote": {"provider": "github", "repo": "a/b.git"}}}'
    )
    told = await gather(
        CHANGE, sources(Repository(text=settings), records=None, elsewhere=elsewhere)
    )
    assert told.problems == (
        "checkpoints in a repository of their own: 'a/b.git' is not a repository's name",
    )
    assert told.title == "Count"


async def test_a_tree_that_cannot_be_read_has_no_structure():
    class Launcher:
        async def start(self, command, fence, *, trusted):
            raise AgentFailed("no interpreter here")

    told = await gather(CHANGE, sources(launcher=Launcher()))
    assert (told.pins, told.outlines) == ((), ())
    assert told.problems == ("structure: no interpreter here",)


async def test_nobody_waits_for_ever(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.05)

    async def never(number):
        await asyncio.sleep(60)

    told = await gather(CHANGE, sources(issue=never))
    assert told.problems == ("linked issues: it took more than 0.05 s",)
    assert told.recorded.checkpoints


async def test_what_the_repository_taught_is_told():
    lesson = Lesson(
        kind=LessonKind.DISMISSED,
        text="no lock",
        at=datetime(2026, 11, 20, tzinfo=UTC),
        path="app.py",
        reason="one process",
    )
    told = await gather(replace(CHANGE, lessons=(lesson,)), sources())
    assert told.memory == "- dismissed in app.py: no lock (one process)"


async def test_a_local_change_asks_nobody():
    told = await gather(CHANGE, sources(issue=None, records=None))
    assert told.linked == ()
    assert told.recorded.checkpoints[0].problem == "nothing is recorded of it"
    assert told.problems == ()
