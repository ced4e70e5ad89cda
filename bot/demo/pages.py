"""The pages: repositories, a pull request with everything said about it, a check run."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from bot.demo.anchors import find_file
from bot.demo.diffs import File
from bot.demo.git import GitRefused
from bot.demo.hub import Hub
from bot.demo.markdown import render, safe_link
from bot.demo.state import CheckRun, Pull, Repository, ReviewComment
from bot.demo.view import PullView

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
REFRESH_SECONDS = 2


class Pages:
    """Reads the hub's state and shows it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["markdown"] = render
        self._templates.filters["link"] = lambda url: url if safe_link(url) else "#"

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/", self.index)
        app.router.add_get("/{owner}/{repo}", self.repository)
        app.router.add_get("/{owner}/{repo}/pull/{number:\\d+}", self.pull)
        app.router.add_get("/{owner}/{repo}/runs/{run:\\d+}", self.run)
        app.router.add_get(
            "/{owner}/{repo}/{kind:blob|raw}/{sha:[0-9a-f]{40}}/{path:.+}", self.blob
        )

    async def index(self, request: web.Request) -> web.Response:
        state = self._hub.state
        repos = [repo for repo in state.repositories.values() if not repo.deleted]
        listed = [(repo, state.pulls_of(repo)) for repo in repos]
        return self._page("index.html", title="Repositories", listed=listed)

    async def repository(self, request: web.Request) -> web.Response:
        repo = self._repo(request)
        listed = [(repo, self._hub.state.pulls_of(repo))]
        return self._page("index.html", title=repo.full_name, repo=repo, listed=listed)

    async def pull(self, request: web.Request) -> web.Response:
        hub, repo = self._hub, self._repo(request)
        pull = hub.state.pulls.get((repo.id, int(request.match_info["number"])))
        if pull is None:
            raise web.HTTPNotFound
        files = await hub.files(pull)
        checks = list({c.name: c for c in hub.state.checks_of(repo, pull.head_sha)}.values())
        view = PullView(
            state=hub.state, pull=pull, files=files, checks=checks,
            suggest=lambda comment, text: self._suggestion(files, comment, text),
        )  # fmt: skip
        source = hub.state.repositories.get(pull.head_repo_id or 0)
        return self._page(
            "pull.html",
            title=f"{pull.title} · Pull request #{pull.number} · {repo.full_name}",
            repo=repo,
            pull=pull,
            status=status_of(pull),
            source=source,
            view=view,
            refresh=REFRESH_SECONDS if _in_progress(pull, checks) else 0,
        )

    async def run(self, request: web.Request) -> web.Response:
        repo = self._repo(request)
        run = self._hub.state.check_runs.get(int(request.match_info["run"]))
        if run is None or run.repo_id != repo.id:
            raise web.HTTPNotFound
        pulls = [p for p in self._hub.state.pulls_of(repo) if run.head_sha in p.heads]
        return self._page("run.html", title=run.name, repo=repo, run=run, pulls=pulls)

    async def blob(self, request: web.Request) -> web.Response:
        """A file's text, as text: never as a page of its own."""
        repo, git = self._repo(request), self._hub.git
        sha, path = request.match_info["sha"], request.match_info["path"]
        try:
            listed = await git.bytes(
                repo.path, "--literal-pathspecs", "ls-tree", "-z", f"{sha}^{{tree}}", "--", path
            )
        except GitRefused as error:
            raise web.HTTPNotFound from error
        head = listed.split(b"\t")[0].decode("ascii").split()
        if len(head) != 3 or head[1] != "blob":
            raise web.HTTPNotFound
        text = (await git.bytes(repo.path, "cat-file", "blob", head[2])).decode("utf-8", "replace")
        return web.Response(text=text, content_type="text/plain", headers=HEADERS)

    def _repo(self, request: web.Request) -> Repository:
        info = request.match_info
        found = self._hub.state.repository(f"{info['owner']}/{info['repo']}")
        if found is None:
            raise web.HTTPNotFound
        return found

    def _suggestion(self, files: tuple[File, ...], comment: ReviewComment, text: str) -> Markup:
        file = find_file(files, comment.path)
        end = comment.line or 0
        first = comment.start_line or end
        removed = [
            row.text
            for hunk in (file.hunks if file else ())
            for row in hunk.rows
            if row.new is not None and first <= row.new <= end
        ]
        template = self._templates.get_template("suggestion.html")
        lines = text.removesuffix("\n").split("\n") if text else []
        return Markup(template.render(removed=removed, added=lines))  # noqa: S704  # autoescaped

    def _page(self, template: str, **values: object) -> web.Response:
        html = self._templates.get_template(template).render(values)
        return web.Response(
            body=html.encode("utf-8", "replace"),
            content_type="text/html",
            charset="utf-8",
            headers=HEADERS,
        )


def status_of(pull: Pull) -> str:
    """Open, Draft, Merged or Closed."""
    if pull.merged_at is not None:
        return "Merged"
    if pull.state == "closed":
        return "Closed"
    return "Draft" if pull.draft else "Open"


def _in_progress(pull: Pull, checks: list[CheckRun]) -> bool:
    """Whether the page should look again soon."""
    return pull.state == "open" and (
        not checks or any(check.status != "completed" for check in checks)
    )
