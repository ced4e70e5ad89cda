"""Checkpoints out of real repositories, over HTTP: three stores, no transcripts, useful words."""

import json
import re

import pytest

from bot.checkout.local import LocalRepo
from bot.checkout.mirror import Mirrors
from bot.context import checkpoints
from bot.context.checkpoints.reading import read_checkpoint
from bot.errors import AccessLost
from bot.models import Repo
from tests.fakes.entire import BRANCH, Entire, trailer, write_branch, write_references
from tests.fakes.git_repo import BareRepo, git

COUNT = 60


def commits_of(upstream, ids):
    """A base, and on top of it squash commits that name the checkpoints."""
    base = upstream.commit({"app.py": b"a = 1\n"}, branch="main")
    head, rest = base, list(ids)
    number = 0
    while rest:
        some, rest = rest[: 1 + number % 4], rest[1 + number % 4 :]
        number += 1
        head = upstream.commit(
            {"app.py": b"a = %d\n" % number},
            head,
            message=f"Change {number}\n\nWhy.\n\n{trailer(*some)}\n",
        )
    upstream.move("change", head)
    return base, head


async def told(mirror, base, head, reader=None):
    await mirror.fetch(base, head, 1)
    commits = await mirror.commits(base, head)
    names = list(checkpoints.named(commits))
    files = await checkpoints.found(reader or mirror.records(), names)
    blamed = await mirror.blamed(base, head, ["app.py"])
    return checkpoints.recorded(commits, files, blamed)


@pytest.mark.parametrize("write", [write_branch, write_references], ids=["branch", "references"])
async def test_both_stores_of_a_repository_tell_why(upstream, mirror, server, write):
    made = Entire().made(30, ulids=write is write_references)
    base, head = commits_of(upstream, [*made.ids, *made.missing][: checkpoints.MAX_CHECKPOINTS])
    write(upstream, made)
    known = await told(mirror, base, head)
    there = [c for c in known.checkpoints if c.id in made.ids]
    assert sum(c.useful for c in there) >= 0.9 * len(there)
    lost = [c for c in known.checkpoints if c.id in made.missing]
    assert {c.problem for c in lost} <= {"nothing is recorded of it"}
    assert server.sent < made.transcripts / 2
    assert known.origins[-1].path == "app.py"


async def test_useful_for_nine_in_ten_where_the_originals_rule_reaches_two_thirds(upstream):
    made = Entire(3, transcript_bytes=4_000).made(600)
    mine = theirs = 0
    for name, files in made.files.items():
        mine += read_checkpoint(name, files).useful
        theirs += by_the_original_rule(files)
    assert mine / len(made.files) >= 0.9
    assert theirs / len(made.files) < 0.75


def by_the_original_rule(files):
    """The newest session's summary, else its last prompt, if that says anything."""
    numbers = sorted({int(p.split("/")[0]) for p in files if "/" in p}, reverse=True)
    for number in numbers:
        data = json.loads(files.get(f"{number}/metadata.json", b"{}"))
        if data.get("summary"):
            return True
        prompts = files.get(f"{number}/prompt.txt", b"").decode().split("\n\n---\n\n")
        last = [p for p in prompts if p.strip()][-1:]
        if last:
            return len(last[0]) > 40 and not re.match(r"This session|\[Request|<command", last[0])
    return False


async def test_a_repository_of_their_own(upstream, mirror, mirrors, tmp_path):
    made = Entire().made(5)
    base, head = commits_of(upstream, made.ids)
    store = BareRepo(tmp_path / "github" / "octo" / "sessions.git")
    write_branch(store, made)
    reader = mirrors.mirror(Repo(owner="octo", name="sessions")).records()
    known = await told(mirror, base, head, reader)
    assert any(c.useful for c in known.checkpoints)
    none = await told(mirror, base, head)
    assert not any(c.useful for c in none.checkpoints)


async def test_one_that_may_not_be_read_is_refused_by_name(upstream, server, tmp_path):
    made = Entire().made(2)
    server.token = "right"

    async def wrong(_repo):
        return "wrong"

    mirrors = Mirrors(tmp_path / "other", github_url=server.url, token=wrong)
    with pytest.raises(AccessLost, match="octo/hello"):
        await checkpoints.found(
            mirrors.mirror(Repo(owner="octo", name="hello")).records(), made.ids
        )


async def test_large_files_are_left_out_and_nobody_is_asked_for_them(upstream, mirror, server):
    made = Entire().made(4)
    name = made.ids[0]
    made.files[name] = {"0/metadata.json": b"{}", "0/full.jsonl": b"x" * 400_000}
    base, head = commits_of(upstream, made.ids)
    write_branch(upstream, made)
    records = mirror.records()
    await mirror.fetch(base, head, 1)
    found = await checkpoints.found(records, made.ids)
    asked = len(server.seen)
    assert set(found[name]) == {"0/metadata.json"}
    again = await records.read(
        {name: (f"refs/heads/{BRANCH}", f"{name[:2]}/{name[2:]}")}, lambda _path: True
    )
    assert set(again[name]) == {"0/metadata.json"}
    assert len(server.seen) == asked
    # A later fetch goes on from there.
    assert set((await checkpoints.found(records, made.ids))[name]) == {"0/metadata.json"}


async def test_a_repository_without_any(upstream, mirror):
    base, head = commits_of(upstream, ["0123456789ab"])
    (only,) = (await told(mirror, base, head)).checkpoints
    assert only.problem == "nothing is recorded of it"


async def test_a_local_clone_has_the_branch_under_another_name(upstream, tmp_path):
    made = Entire().made(3)
    base, head = commits_of(upstream, made.ids)
    write_branch(upstream, made)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--branch", "change", str(upstream.path), str(clone))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    repo = await LocalRepo.open(clone, scratch=scratch)
    commits = await repo.commits(base, head)
    files = await checkpoints.found(repo.records(), list(checkpoints.named(commits)))
    assert set(files) == set(made.ids)


async def test_commits_say_what_they_say_and_what_they_touched(upstream, mirror):
    base = upstream.commit({"a.py": b"1\n"}, branch="main")
    one = upstream.commit(
        {"b.py": b"1\n", "d/c.py": b"1\n"}, base, message="One\nline two\n\nBody.\n\nMore."
    )
    side = upstream.commit({"s.py": b"1\n"}, base, message="Side")
    head = upstream.commit({}, one, side, message="Merge")
    await mirror.fetch(base, head, 1)
    told = {c.subject: (c.body, c.files) for c in await mirror.commits(base, head)}
    assert told == {
        "One line two": ("Body.\n\nMore.", ("b.py", "d/c.py")),
        "Side": ("", ("s.py",)),
        "Merge": ("", ()),
    }
    assert await mirror.commits(head, head) == ()
