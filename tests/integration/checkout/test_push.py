"""A branch moves only from the commit that was reviewed; everything else is told, not forced."""

import pytest

from bot.checkout.git import Git
from bot.checkout.push import PushOutcome, push
from bot.checkout.remote import Remote
from bot.errors import AccessLost, GiveUp, HeadGone, TryLater
from tests.fakes.git_repo import BareRepo, git
from tests.integration.checkout.conftest import HELLO


@pytest.fixture
def head(upstream):
    base = upstream.commit({"a": b"1\n"}, branch="main")
    return upstream.commit({"a": b"2\n"}, base, branch="topic")


@pytest.fixture
def work(tmp_path, upstream, head) -> tuple[BareRepo, str]:
    """A repository with one commit on top of the head, ready to be pushed."""
    own = BareRepo(tmp_path / "own.git")
    git(own.path, "fetch", "-q", str(upstream.path), "+refs/heads/*:refs/heads/*")
    return own, own.commit({"a": b"3\n"}, head)


async def pushed(server, work, head, branch="topic", new=None) -> PushOutcome:
    own, sha = work
    return await push(
        Git(),
        own.path,
        Remote(url=f"{server.url}/octo/hello.git", token=server.token),
        repo=HELLO,
        branch=branch,
        new_sha=new or sha,
        lease_sha=head,
    )


async def test_one_commit_moves_the_branch(server, upstream, work, head):
    server.token = "secret"

    assert await pushed(server, work, head) == PushOutcome(pushed=True)
    assert upstream.branch("topic") == work[1]


async def test_a_branch_that_moved_on_is_left_alone(server, upstream, work, head):
    theirs = upstream.commit({"a": b"theirs\n"}, head, branch="topic")

    outcome = await pushed(server, work, head)

    assert not outcome.pushed
    assert "stale info" in outcome.reason
    assert upstream.branch("topic") == theirs


async def test_a_branch_that_was_rewound_is_left_alone(server, upstream, work, head):
    upstream.move("topic", upstream.branch("main"))

    outcome = await pushed(server, work, head)

    assert not outcome.pushed
    assert upstream.branch("topic") == upstream.branch("main")


async def test_a_deleted_branch_is_not_made_again(server, upstream, work, head):
    upstream.delete("topic")

    outcome = await pushed(server, work, head)

    assert not outcome.pushed
    assert git(upstream.path, "for-each-ref", "refs/heads/topic") == b""


async def test_the_servers_own_refusal_is_told(server, upstream, work, head):
    hook = upstream.path / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    outcome = await pushed(server, work, head)

    assert not outcome.pushed
    assert "hook declined" in outcome.reason
    assert upstream.branch("topic") == head


async def test_only_a_child_of_the_head_is_pushed(server, upstream, work, head):
    own, _sha = work
    stranger = own.commit({"a": b"9\n"}, upstream.branch("main"))

    for new in (stranger, "1" * 40):
        with pytest.raises(GiveUp, match="on top of"):
            await pushed(server, work, head, new=new)
    assert server.seen == []


@pytest.mark.parametrize(
    "branch", ["", "a..b", "a b", "x:refs/heads/main", "a\n", "a\0", "-/../x", "x.lock", "@{", "\\"]
)
async def test_hostile_branch_names_never_reach_the_server(server, work, head, branch):
    with pytest.raises(GiveUp):
        await pushed(server, work, head, branch=branch)
    assert server.seen == []


async def test_odd_but_valid_branch_names_are_pushed(server, upstream, work, head):
    for branch in ("--force", "$(touch;x)", "feature/ü", "HEAD"):
        upstream.move(branch, head)

        assert (await pushed(server, work, head, branch=branch)).pushed
        assert upstream.branch(branch) == work[1]


async def test_what_is_no_commit_id_is_not_pushed(server, work, head):
    with pytest.raises(HeadGone):
        await pushed(server, work, head, new="topic")
    with pytest.raises(HeadGone):
        await pushed(server, work, "main")


@pytest.mark.parametrize(
    ("status", "error"), [(403, AccessLost), (404, AccessLost), (502, TryLater)]
)
async def test_refusals_of_the_server_say_what_to_do(server, work, head, status, error):
    server.status = status

    with pytest.raises(error):
        await pushed(server, work, head)
