"""What every part of the embedded GitHub works on, and what happens when branches move."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.clock import Clock
from bot.demo import payloads
from bot.demo.anchors import find_hunk
from bot.demo.credentials import APP_EVENTS, APP_PERMISSIONS, AppCredentials
from bot.demo.deliveries import Deliveries
from bot.demo.diffs import DIFF_ARGUMENTS, File, moved_line, parse
from bot.demo.faults import Faults
from bot.demo.git import Git, GitRefused
from bot.demo.shapes import Shapes
from bot.demo.state import Pull, Repository, ReviewComment, State, User

KEPT_DIFFS = 64
COMMIT_FORMAT = "%T%x00%aI%x00%an%x00%ae%x00%B"
UNSUBSCRIBED = frozenset({"ping", "installation", "installation_repositories"})
"""GitHub sends these to every App, whatever it subscribed to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request to the API and its answer; ``path`` is the one beside the API's base."""

    method: str
    path: str
    query: str
    request: Any
    """Decoded JSON, or None."""
    status: int
    answer: Any
    headers: dict[str, str] = field(default_factory=dict)


Observer = Callable[[Exchange], None]


class Hub:
    """State, git, links and deliveries in one hand."""

    def __init__(
        self,
        root: Path,
        *,
        clock: Clock,
        credentials: AppCredentials,
        observer: Observer | None = None,
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.absolute()
        self.clock = clock
        self.credentials = credentials
        self.observer = observer
        self.state = State()
        self.app_permissions = dict(APP_PERMISSIONS)
        self.faults = Faults()
        self.git = Git(self.root)
        self.shapes = self.links("http://127.0.0.1")
        self.rate_limit = 5000
        """Requests an hour; lower it to see the bot run into it."""
        self.requests_made = 0
        self.rate_window = clock.now().replace(minute=0, second=0, microsecond=0)
        self.deliveries = Deliveries(
            self.state,
            clock=clock,
            secret=credentials.webhook_secret,
            app_id=credentials.app_id,
            faults=self.faults,
        )
        self._diffs: OrderedDict[tuple[int, str, str], tuple[File, ...]] = OrderedDict()

    def links(self, web: str, api_path: str = "/api/v3") -> Shapes:
        app = {
            "id": self.credentials.app_id,
            "slug": self.credentials.slug,
            "owner": "harness-demo",
            "permissions": self.app_permissions,
            "events": APP_EVENTS,
        }
        return Shapes(self.state, api=web + api_path, web=web, app=app)

    @property
    def bot(self) -> User:
        return self.state.user(self.credentials.login, "Bot")

    def now(self) -> datetime:
        return self.clock.now().replace(microsecond=0)

    def network(self, repo: Repository) -> Repository:
        """The repository that all forks go back to."""
        while repo.parent_id is not None:
            repo = self.state.repositories[repo.parent_id]
        return repo

    async def diff(self, repo: Repository, base: str, head: str) -> tuple[File, ...]:
        """Files between two commits."""
        key = (repo.id, base, head)
        if key not in self._diffs:
            raw = await self.git.bytes(repo.path, *DIFF_ARGUMENTS, base, head)
            self._diffs[key] = parse(raw)
            while len(self._diffs) > KEPT_DIFFS:
                self._diffs.popitem(last=False)
        return self._diffs[key]

    async def files(self, pull: Pull, head: str | None = None) -> tuple[File, ...]:
        """What the pull request changes: from the merge base to its head."""
        repo = self.state.repositories[pull.repo_id]
        sha = head or pull.head_sha
        base = await self.git.merge_base(repo.path, pull.base_sha, sha)
        return await self.diff(repo, base, sha) if base else ()

    async def whole_pull(self, pull: Pull) -> dict[str, Any]:
        repo = self.state.repositories[pull.repo_id]
        files = await self.files(pull)
        count = await self.git.text(
            repo.path, "rev-list", "--count", f"{pull.base_sha}..{pull.head_sha}"
        )
        return self.shapes.full_pull(pull, files, int(count))

    async def head_commit(self, repo: Repository, sha: str) -> dict[str, Any]:
        """A commit as payloads show it."""
        raw = await self.git.text(repo.path, "show", "-s", f"--format={COMMIT_FORMAT}", sha)
        tree, when, name, email, message = raw.split("\0", 4)
        person = {"name": name, "email": email}
        return {
            "id": sha, "tree_id": tree, "message": message.strip(), "timestamp": when,
            "author": person, "committer": person,
        }  # fmt: skip

    def emit(self, event: str, repo: Repository, payload: dict[str, Any]) -> None:
        """Deliver it, if the App is installed there and subscribed to such events."""
        installation = self.state.installations.get(repo.installation_id or 0)
        if installation is None or installation.suspended_at is not None:
            return
        if event in installation.events or event in UNSUBSCRIBED:
            self.deliveries.send(event, payload)

    async def emit_pull(self, action: str, pull: Pull, sender: User, **more: Any) -> None:
        repo = self.state.repositories[pull.repo_id]
        whole = await self.whole_pull(pull)
        payload = payloads.pull_request(self.shapes, action, pull, whole, sender, **more)
        self.emit("pull_request", repo, payload)

    async def share(self, repo: Repository) -> None:
        """A fork's commits are in the network: fetchable from the base repository by SHA."""
        root = self.network(repo)
        if root is not repo:
            spec = f"+refs/heads/*:refs/network/{repo.id}/*"
            await self.git.fetch(root.path, str(repo.path), spec)

    async def branches_moved(self, repo: Repository, before: dict[str, str], by: User) -> None:
        """After a push: pull requests follow their branches, and those who wait are told."""
        after = await self.git.branches(repo.path)
        changed = {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
        if not changed:
            return
        await self.share(repo)
        for name in sorted(changed):
            sha = after.get(name)
            if sha is not None:
                head = await self.head_commit(repo, sha)
                suite = payloads.check_suite(self.shapes, "requested", repo, head, by, name)
                self.emit("check_suite", repo, suite)
            for pull in self.state.pulls_from(repo, name):
                if sha is None:
                    await self.close(pull, by)
                else:
                    await self.move_head(pull, sha, by)

    async def move_head(self, pull: Pull, sha: str, by: User) -> None:
        repo = self.state.repositories[pull.repo_id]
        before = pull.head_sha
        await self.git.set_ref(repo.path, f"refs/pull/{pull.number}/head", sha)
        pull.head_sha, pull.updated_at = sha, self.now()
        pull.base_sha = await self.git.sha(repo.path, f"refs/heads/{pull.base_ref}") or (
            pull.base_sha
        )
        pull.heads.append(sha)
        await self.move_anchors(pull)
        await self.emit_pull("synchronize", pull, by, before=before, after=sha)

    async def move_anchors(self, pull: Pull) -> None:
        """Comments follow their lines to the new head, or are outdated."""
        repo = self.state.repositories[pull.repo_id]
        files = {file.path: file for file in await self.files(pull)}
        for comment in self.state.review_comments_of(pull):
            if comment.subject_type == "file" and comment.path in files:
                comment.commit_id = pull.head_sha
            if comment.subject_type != "line" or comment.line is None:
                continue
            line = await self._line_now(repo, pull, comment)
            file = files.get(comment.path)
            hunk = find_hunk(file, comment.side, line) if file and line is not None else None
            if line is None or hunk is None:
                comment.line = comment.start_line = None
                continue
            if comment.start_line is not None:
                comment.start_line += line - comment.line
            comment.line, comment.commit_id = line, pull.head_sha

    async def _line_now(self, repo: Repository, pull: Pull, comment: ReviewComment) -> int | None:
        if comment.line is None or comment.side == "LEFT":
            return comment.line
        try:
            moved = await self.diff(repo, comment.commit_id, pull.head_sha)
        except GitRefused:
            return None
        file = next((file for file in moved if file.old_path == comment.path), None)
        return comment.line if file is None else moved_line(file.hunks, comment.line)

    async def close(self, pull: Pull, by: User, *, merged: str | None = None) -> None:
        pull.state, pull.closed_at = "closed", self.now()
        pull.updated_at = self.now()
        if merged is not None:
            pull.merged_at, pull.merge_sha = self.now(), merged
        await self.emit_pull("closed", pull, by)
