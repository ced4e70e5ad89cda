"""``/pulls``: pull requests and their files."""

from __future__ import annotations

from aiohttp import web

from bot.demo import shapes_talk
from bot.demo.diffs import File
from bot.demo.refusal import Refusal
from bot.demo.rest.call import Call, Route, answer
from bot.demo.rest.repos import find_commit
from bot.demo.shapes import Json
from bot.demo.state import Pull


async def list_pulls(call: Call) -> web.Response:
    """The newest first, unless asked otherwise."""
    query = call.query
    wanted = query.get("state", "open")
    found = [
        pull
        for pull in call.hub.state.pulls_of(call.repo)
        if wanted in ("all", pull.state)
        and query.get("base", pull.base_ref) == pull.base_ref
        and query.get("head", head_name(call, pull)) == head_name(call, pull)
    ]
    by_update = query.get("sort") == "updated"
    found.sort(
        key=lambda pull: (pull.updated_at if by_update else pull.created_at, pull.number),
        reverse=query.get("direction", "desc") == "desc",
    )
    return call.page(found, call.hub.shapes.pull)


def head_name(call: Call, pull: Pull) -> str:
    """``owner:branch``, as the query names a head."""
    repo = call.hub.state.repositories.get(pull.head_repo_id or 0)
    return f"{repo.owner.login}:{pull.head_ref}" if repo else f"unknown:{pull.head_ref}"


async def get_pull(call: Call) -> web.Response:
    return answer(await call.hub.whole_pull(call.pull()))


async def files(call: Call) -> web.Response:
    pull = call.pull()

    def show(file: File) -> Json:
        return shapes_talk.file(call.hub.shapes, pull, file)

    return call.page(await call.hub.files(pull), show)


async def pulls_with_commit(call: Call) -> web.Response:
    """Of heads in this repository only: GitHub does not name a fork's here."""
    sha = await find_commit(call, call.text("commit_sha"))
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.text('commit_sha')}")
    git, repo = call.hub.git, call.repo
    found = []
    for pull in call.hub.state.pulls_of(repo):
        if pull.head_repo_id != repo.id or not await git.contains(repo.path, sha, pull.head_sha):
            continue
        if not await git.contains(repo.path, sha, pull.base_sha):
            found.append(pull)
    return call.page(found, call.hub.shapes.pull)


_REPO = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    ("GET", f"{_REPO}/pulls", list_pulls),
    ("GET", f"{_REPO}/pulls/{{pull_number}}", get_pull),
    ("GET", f"{_REPO}/pulls/{{pull_number}}/files", files),
    ("GET", f"{_REPO}/commits/{{commit_sha}}/pulls", pulls_with_commit),
)
