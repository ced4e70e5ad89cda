"""``/repos/{owner}/{repo}``: the repository, who may do what, contents, branches, commits."""

from __future__ import annotations

import base64
from urllib.parse import quote

from aiohttp import web

from bot.demo import shapes_talk
from bot.demo.git import GitRefused
from bot.demo.refusal import Refusal, not_found
from bot.demo.rest.call import Call, Route, answer
from bot.demo.shapes import Json
from bot.demo.state import Repository

COMMIT_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%B"
LARGEST_SHOWN = 1024 * 1024
LARGEST_RAW = 100 * 1024 * 1024
MAX_COMPARED = 250


async def repository(call: Call) -> web.Response:
    held = call.token.permissions.get("contents", "read") if call.token else "read"
    return answer(call.hub.shapes.full_repository(call.repo, permission=held))


async def permission(call: Call) -> web.Response:
    """``permission`` knows four words; ``role_name`` tells triage and maintain apart."""
    user = call.hub.state.users.get(call.text("username").lower())
    if user is None:
        raise not_found()
    level = call.repo.permission(user.login)
    legacy = {"triage": "read", "maintain": "write"}.get(level, level)
    shown = call.hub.shapes.user(user) | {"role_name": level}
    return answer({"permission": legacy, "role_name": level, "user": shown})


async def contents(call: Call) -> web.Response:
    path = call.text("path").strip("/")
    ref = call.query.get("ref") or call.repo.default_branch
    sha = await find_commit(call, ref)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    try:
        listed = await call.hub.git.bytes(
            call.repo.path, "--literal-pathspecs", "ls-tree", "-z", "-l", sha, "--", path
        )
    except GitRefused as error:
        raise not_found() from error
    if not listed:
        raise not_found()
    mode, kind, blob, size, _ = _entry(listed.split(b"\0")[0])
    if kind == "tree":
        return answer(await _directory(call, sha, path))
    if "raw" in request_accept(call):
        return web.Response(body=await _blob(call, blob, size))
    return answer(await _file(call, path, sha, mode, kind, blob, size))


def request_accept(call: Call) -> str:
    return call.request.headers.get("Accept", "")


async def _blob(call: Call, blob: str, size: int) -> bytes:
    if size > LARGEST_RAW:
        raise Refusal(403, "This API returns blobs up to 100 MB in size.")
    return await call.hub.git.bytes(call.repo.path, "cat-file", "blob", blob)


async def _file(
    call: Call, path: str, sha: str, mode: str, kind: str, blob: str, size: int
) -> Json:
    made = _links(call, call.repo, path, sha) | {"size": size, "sha": blob}
    if kind == "commit":
        return made | {"type": "submodule", "submodule_git_url": None, "size": 0}
    if mode == "120000":
        target = await _blob(call, blob, size)
        return made | {"type": "symlink", "target": target.decode("utf-8", "replace")}
    made["type"] = "file"
    if size > LARGEST_SHOWN:
        return made | {"encoding": "none", "content": ""}
    content = base64.encodebytes(await _blob(call, blob, size)).decode()
    return made | {"encoding": "base64", "content": content}


async def _directory(call: Call, sha: str, path: str) -> list[Json]:
    listed = await call.hub.git.bytes(
        call.repo.path, "--literal-pathspecs", "ls-tree", "-z", "-l", sha, "--", f"{path}/"
    )
    entries = []
    for line in listed.split(b"\0")[:-1]:
        mode, kind, blob, size, name = _entry(line)
        shown = {"blob": "symlink" if mode == "120000" else "file", "tree": "dir"}
        entries.append(
            _links(call, call.repo, name, sha)
            | {"type": shown.get(kind, "submodule"), "size": size, "sha": blob}
        )
    return entries


def _entry(line: bytes) -> tuple[str, str, str, int, str]:
    head, _, name = line.partition(b"\t")
    mode, kind, blob, size = head.decode("ascii").split()
    return mode, kind, blob, int(size) if size.isdigit() else 0, name.decode("utf-8", "replace")


def _links(call: Call, repo: Repository, path: str, sha: str) -> Json:
    shapes, place = call.hub.shapes, quote(path)
    url = f"{shapes.repo_url(repo)}/contents/{place}?ref={sha}"
    page = f"{shapes.repo_page(repo)}/blob/{sha}/{place}"
    return {
        "name": path.rpartition("/")[2], "path": path, "url": url, "html_url": page,
        "git_url": None, "download_url": f"{shapes.repo_page(repo)}/raw/{sha}/{place}",
        "_links": {"self": url, "git": None, "html": page},
    }  # fmt: skip


async def find_commit(call: Call, ref: str) -> str | None:
    """A branch, a full ref's short form, or a SHA; nothing that only git understands."""
    if ref.startswith("-") or any(sign in ref for sign in ("..", "^", "~", ":", "@{", " ", "\\")):
        return None
    for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/{ref}"):
        sha = await call.hub.git.sha(call.repo.path, name)
        if sha is not None:
            return sha
    is_sha = len(ref) >= 7 and all(sign in "0123456789abcdef" for sign in ref.lower())
    return await call.hub.git.sha(call.repo.path, ref) if is_sha else None


async def branch(call: Call) -> web.Response:
    name = call.text("branch")
    sha = await call.hub.git.sha(call.repo.path, f"refs/heads/{name}")
    if sha is None:
        raise Refusal(404, "Branch not found")
    shapes, place = call.hub.shapes, quote(name)
    url = f"{shapes.repo_url(call.repo)}/branches/{place}"
    return answer({
        "name": name, "commit": await _commit(call, sha), "protected": False,
        "_links": {"self": url, "html": f"{shapes.repo_page(call.repo)}/tree/{place}"},
        "protection": {
            "enabled": False,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{url}/protection",
    })  # fmt: skip


async def git_ref(call: Call) -> web.Response:
    ref = f"refs/{call.text('ref')}"
    sha = await call.hub.git.sha(call.repo.path, ref)
    if sha is None or ref.startswith("refs/network/"):
        raise not_found()
    url = call.hub.shapes.repo_url(call.repo)
    return answer({
        "ref": ref, "node_id": f"REF_{call.repo.id}_{ref}", "url": f"{url}/git/{ref}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/git/commits/{sha}"},
    })  # fmt: skip


async def _commit(call: Call, sha: str) -> Json:
    raw = await call.hub.git.text(call.repo.path, "show", "-s", f"--format={COMMIT_FORMAT}", sha)
    return shapes_talk.commit(call.hub.shapes, call.repo, raw)


async def commit(call: Call) -> web.Response:
    ref = call.text("ref")
    sha = await find_commit(call, ref)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {ref}")
    if "sha" in request_accept(call):
        return web.Response(text=sha)
    return answer(await _commit(call, sha))


async def compare(call: Call) -> web.Response:
    base, dots, head = call.text("basehead").partition("...")
    base_sha, head_sha = await find_commit(call, base), await find_commit(call, head)
    if not dots or base_sha is None or head_sha is None:
        raise not_found()
    git, repo = call.hub.git, call.repo
    middle = await git.merge_base(repo.path, base_sha, head_sha)
    if middle is None:
        raise Refusal(404, f"No common ancestor between {base} and {head}.")
    counts = await git.text(
        repo.path, "rev-list", "--left-right", "--count", f"{base_sha}...{head_sha}"
    )
    behind, ahead = (int(count) for count in counts.split())
    listed = await git.text(
        repo.path, "rev-list", "--reverse", f"--max-count={MAX_COMPARED}", f"{base_sha}..{head_sha}"
    )
    url = f"{call.hub.shapes.repo_url(repo)}/compare/{base}...{head}"
    page = f"{call.hub.shapes.repo_page(repo)}/compare/{base}...{head}"
    return answer({
        "url": url, "html_url": page, "permalink_url": page, "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch", "base_commit": await _commit(call, base_sha),
        "merge_base_commit": await _commit(call, middle), "status": _status(ahead, behind),
        "ahead_by": ahead, "behind_by": behind, "total_commits": ahead,
        "commits": [await _commit(call, sha) for sha in listed.split()],
    })  # fmt: skip


def _status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    if ahead or behind:
        return "ahead" if ahead else "behind"
    return "identical"


_REPO = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    ("GET", _REPO, repository),
    ("GET", f"{_REPO}/collaborators/{{username}}/permission", permission),
    ("GET", f"{_REPO}/contents/{{path}}", contents),
    ("GET", f"{_REPO}/branches/{{branch}}", branch),
    ("GET", f"{_REPO}/git/ref/{{ref}}", git_ref),
    ("GET", f"{_REPO}/commits/{{ref}}", commit),
    ("GET", f"{_REPO}/compare/{{basehead}}", compare),
)
