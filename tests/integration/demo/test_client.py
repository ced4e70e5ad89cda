"""The bot's own GitHub client against the embedded GitHub, every request checked strictly."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.clock import SystemClock
from bot.demo import EmbeddedGitHub, Fault
from bot.demo.state import Pull, Repository
from bot.errors import AccessLost, GitHubError, TryLater, Unprocessable
from bot.github.app_auth import GitHubApp
from bot.github.repository import RepoClient
from bot.models import Annotation, CheckRun, CheckStatus, Conclusion, DraftComment, Permission, Repo
from bot.models.diff import Side
from tests.fakes.embedded import Witness


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def client(github: EmbeddedGitHub, repo: Repository) -> AsyncIterator[RepoClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        bot = GitHubApp(str(github.app_id), github.private_key, github.api_url, http, SystemClock())
        yield await bot.client(repo.installation_id or 0, Repo.parse(repo.full_name))


async def test_reading(
    github: EmbeddedGitHub, client: RepoClient, repo: Repository, pull: Pull
) -> None:
    github.set_permission(repo, "mira", "maintain")
    read = await client.pull(1)
    assert (read.head_sha, read.base_sha) == (pull.head_sha, pull.base_sha)
    assert read == github.snapshot(pull)
    assert [p.number for p in await client.open_pulls()] == [1]
    assert [p.number for p in await client.pulls_for_head(pull.head_sha)] == [1]
    assert await client.permission("mira") is Permission.MAINTAIN
    assert await client.permission("nobody") is Permission.NONE
    assert await client.file("fresh.py", pull.head_sha) == b"first\nsecond\n"
    assert await client.file("none.py", "main") is None
    assert await client.branch_sha("feature") == pull.head_sha


async def test_a_forks_pull_request_is_found_by_its_head(
    github: EmbeddedGitHub, client: RepoClient, repo: Repository
) -> None:
    fork = await github.fork(repo, "outsider")
    await github.commit(fork, "patch", {"app.py": "mine\n"})
    pull = await github.open_pull(repo, head="patch", head_repo=fork, author="outsider")
    (found,) = await client.pulls_for_head(pull.head_sha)
    assert found.from_fork


async def test_writing(github: EmbeddedGitHub, client: RepoClient, pull: Pull) -> None:
    marks = tuple(
        Annotation(
            path="app.py", start_line=5, end_line=5, level="warning", message=str(n), title="t"
        )
        for n in range(120)
    )
    check = CheckRun(
        name="harness", head_sha=pull.head_sha, status=CheckStatus.COMPLETED, title="done",
        summary="s", conclusion=Conclusion.FAILURE, external_id="r-1", annotations=marks,
    )  # fmt: skip
    posted = await client.create_check(check)
    assert len(github.state.check_runs[posted.id].annotations) == 120
    assert [c.external_id for c in await client.checks(pull.head_sha, "harness")] == ["r-1"]
    await client.create_review(
        1, pull.head_sha, "one new",
        [
            DraftComment(path="app.py", line=8, start_line=5, body="range"),
            DraftComment(path="app.py", line=5, body="old", side=Side.LEFT),
        ],
    )  # fmt: skip
    await client.create_file_comment(1, pull.head_sha, "new.py", "whole file")
    assert [c.body for c in await client.review_comments(1)] == ["range", "old", "whole file"]
    comment = await client.create_issue_comment(1, "summary")
    await client.update_issue_comment(comment.id, "summary, edited")
    await client.react(comment.id, "eyes")
    await client.react(comment.id, "eyes")
    (kept,) = await client.issue_comments(1)
    assert (kept.body, kept.author) == ("summary, edited", client.login)
    assert len(github.state.comments[comment.id].reactions) == 1
    threads = await client.threads(1)
    assert [(t.path, t.line) for t in threads] == [("app.py", 8), ("app.py", 5), ("new.py", None)]
    assert {c.author for t in threads for c in t.comments} == {client.login}
    assert len(await client.reviews(1)) == 2


async def test_refusals_become_the_programs_errors(
    github: EmbeddedGitHub, client: RepoClient, repo: Repository, pull: Pull
) -> None:
    outside = [DraftComment(path="app.py", line=20, body="x")]
    with pytest.raises(Unprocessable):
        await client.create_review(1, pull.head_sha, "x", outside)
    with pytest.raises(GitHubError, match=r"."):
        await client.pull(99)
    github.faults.fail(
        Fault(path=".*/issues/1/comments", status=403, message="You have exceeded a secondary "
              "rate limit.", headers={"Retry-After": "60"})
    )  # fmt: skip
    with pytest.raises(TryLater):
        await client.create_issue_comment(1, "x")
    await github.uninstall(repo)
    with pytest.raises(AccessLost):
        await client.pull(1)


@pytest.fixture
async def comment_id(client: RepoClient, pull: Pull) -> int:
    """Of the first comment of a thread of ours."""
    draft = DraftComment(path="app.py", line=5, body="wrong")
    await client.create_review(1, pull.head_sha, "one new", [draft])
    ((comment,),) = [thread.comments for thread in await client.threads(1)]
    return comment.id


async def test_a_thread_of_ours_is_answered_and_settled(
    github: EmbeddedGitHub, client: RepoClient, comment_id: int
) -> None:
    first = github.state.review_comments[comment_id]
    asked = await github.reply(first, "why?", by="mira")
    said = await client.reply_in_thread(1, comment_id, "because")
    with pytest.raises(GitHubError) as refused:
        await client.reply_in_thread(1, asked.id, "an answer to an answer")
    assert refused.value.status == 404
    await client.react_in_thread(asked.id, "eyes")
    assert [r.content for r in asked.reactions] == ["eyes"]
    (open_,) = await client.threads(1)
    assert [c.id for c in open_.comments] == [comment_id, asked.id, said.id]
    assert open_.first is not None
    assert (open_.first.author, open_.people) == (client.login, ("mira",))
    for _ in range(2):
        assert await client.resolve_thread(open_.id)
        (settled,) = await client.threads(1)
        assert (settled.resolved, settled.resolved_by) == (True, client.login)
    for _ in range(2):
        assert await client.unresolve_thread(open_.id)
        (again,) = await client.threads(1)
        assert (again.resolved, again.resolved_by) == (False, "")
    await github.resolve(first, by="mira")
    (by_hand,) = await client.threads(1)
    assert (by_hand.resolved, by_hand.resolved_by) == (True, "mira")


async def test_a_thread_about_changed_code_is_outdated(
    github: EmbeddedGitHub, client: RepoClient, repo: Repository, comment_id: int
) -> None:
    await github.push(repo, "feature", {"app.py": "all new\n"})
    (thread,) = await client.threads(1)
    assert (thread.outdated, thread.line, thread.path) == (True, None, "app.py")
    assert [c.id for c in thread.comments] == [comment_id]


async def test_a_deleted_thread_is_gone_and_a_deleted_first_comment_leaves_the_answers(
    github: EmbeddedGitHub, client: RepoClient, comment_id: int
) -> None:
    first = github.state.review_comments[comment_id]
    answer = await github.reply(first, "why?", by="mira")
    (thread,) = await client.threads(1)
    await github.delete(first)
    ((left,),) = [thread.comments for thread in await client.threads(1)]
    assert (left.id, left.author) == (answer.id, "mira")
    await github.delete(answer)
    assert await client.threads(1) == []
    with pytest.raises(GitHubError) as gone:
        await client.resolve_thread(thread.id)
    assert gone.value.status == 404


async def test_without_contents_write_nothing_is_resolved_and_all_else_works(
    github: EmbeddedGitHub, client: RepoClient, witness: Witness, comment_id: int
) -> None:
    github.set_app_permission("contents", "read")
    (thread,) = await client.threads(1)
    witness.exchanges.clear()
    assert not await client.resolve_thread(thread.id)
    assert not await client.resolve_thread(thread.id)
    assert not await client.unresolve_thread(thread.id)
    asked = [e.status for e in witness.exchanges if e.path.endswith("/access_tokens")]
    assert asked == [422]
    assert (await client.reply_in_thread(1, comment_id, "addressed")).author == client.login
    (open_,) = await client.threads(1)
    assert not open_.resolved


async def test_contents_write_that_is_taken_away_later_is_noticed(
    github: EmbeddedGitHub, client: RepoClient, comment_id: int
) -> None:
    (thread,) = await client.threads(1)
    assert await client.resolve_thread(thread.id)
    github.set_app_permission("contents", "read")
    assert not await client.unresolve_thread(thread.id)
    (left,) = await client.threads(1)
    assert left.resolved
    assert left.comments[0].id == comment_id
