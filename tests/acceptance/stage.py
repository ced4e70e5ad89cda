"""Words for what people do and see, for the acceptance tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import yaml

from bot.app import Running, running
from bot.demo import EmbeddedGitHub
from bot.demo.state import CheckRun, Comment, Pull, Repository, Review, ReviewComment
from bot.models import Repo, RunRecord, RunState
from bot.publish.marker import read
from bot.settings import Settings
from tests.acceptance.attendance import Attendance

PATIENCE = 40.0
APP_YML = Path(__file__).parents[2] / "app.yml"
PERMISSIONS = yaml.safe_load(APP_YML.read_text())["default_permissions"]
BASE = {"app.py": "def one():\n    return 1\n", "README.md": "# App\n"}
ENDED = (RunState.FINISHED, RunState.CANCELLED, RunState.FAILED)


class Stage:
    """An embedded GitHub and a harness beside it. ``stop`` and ``start`` are a restart."""

    def __init__(self, github: EmbeddedGitHub, place: Path, settings: Mapping[str, Any]) -> None:
        self.github = github
        self.settings = Settings(
            _env_file=None,
            **{
                "app_id": str(github.app_id),
                "private_key": github.private_key,
                "webhook_secret": github.webhook_secret,
                "github_api_url": github.api_url,
                "github_url": github.url,
                "data_dir": place / "data",
                "port": 0,
                "public_url": "http://127.0.0.1:1",
                **settings,
            },
        )
        self._stack = AsyncExitStack()
        self._harness: Running | None = None

    @property
    def harness(self) -> Running:
        assert self._harness is not None
        return self._harness

    async def start(self) -> None:
        self._harness = await self._stack.enter_async_context(running(self.settings))
        self.github.webhook_url = f"{self.harness.url}/webhook"

    async def stop(self) -> None:
        self._harness = None
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    # ------------------------------------------------------------------- what people do

    async def repository(self, files: Mapping[str, str] | None = None, **more: Any) -> Repository:
        repo = await self.github.create_repo("octo", "shop", {**BASE, **(files or {})}, **more)
        if repo.installation_id is not None:
            # What `app.yml` asks for must be enough for everything that the bot does.
            self.github.state.installations[repo.installation_id].permissions = dict(PERMISSIONS)
        self.github.set_permission(repo, "ada", "write")
        self.github.set_permission(repo, "rita", "read")
        return repo

    async def pull(
        self, files: Mapping[str, str | None], *, repo: Repository | None = None, **more: Any
    ) -> Pull:
        """Somebody with write permission opens a pull request with these files changed."""
        repo = repo or await self.repository()
        await self.github.commit(repo, "change", files, author="ada")
        return await self.github.open_pull(repo, **{"head": "change", "author": "ada", **more})

    def repo(self, pull: Pull) -> Repository:
        return self.github.state.repositories[pull.repo_id]

    async def push(self, pull: Pull, files: Mapping[str, str | None], **more: Any) -> str:
        return await self.github.push(self.repo(pull), pull.head_ref, files, by="ada", **more)

    async def comment(self, pull: Pull, body: str, *, by: str) -> Comment:
        """GitHub counts in seconds: what was reviewed in this very second counts as not seen."""
        await asyncio.sleep(1.05)
        return await self.github.comment(pull, body, by=by)

    # -------------------------------------------------------------------- what they see

    async def runs(self, pull: Pull | None = None) -> list[RunRecord]:
        """Oldest first."""
        runs = await self.harness.store.runs(100)
        wanted = [r for r in runs if pull is None or r.number == pull.number]
        return wanted[::-1]

    async def reviewed(self, pull: Pull, *, times: int = 1) -> RunRecord:
        """The run that ended as the ``times``-th of the pull request."""
        ended: list[RunRecord] = []

        async def enough() -> bool:
            nonlocal ended
            ended = [run for run in await self.runs(pull) if run.state in ENDED]
            return len(ended) >= times

        await self.until(enough, f"run number {times} ended")
        await self.settled()
        return ended[times - 1]

    async def settled(self) -> None:
        """No delivery under way and no job waiting or running."""
        await self.github.settled()

        async def quiet() -> bool:
            if await self.harness.store.pending_deliveries(1):
                return False
            counts = await self.harness.engine.counts()
            return not counts["waiting"] and not counts["running"]

        await self.until(quiet, "everything is done")

    async def until(self, true: Any, what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not await true():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"not within {PATIENCE:.0f} s: {what}") from None

    async def check_says(self, pull: Pull, status: str) -> CheckRun:
        """Wait for the check of the pull request's head to have this status."""
        await self.until(lambda: self.says(pull, status), f"the check is {status}")
        return self.check(pull)

    async def says(self, pull: Pull, status: str) -> bool:
        check = self.github.check(pull)
        return check is not None and check.status == status

    async def begun(self, desk: Attendance, times: int = 1) -> None:
        """Wait until so many agents have begun."""

        async def there() -> bool:
            return len(desk.started) >= times

        await self.until(there, f"{times} agents have begun")

    def name(self, repo: Repository) -> Repo:
        return Repo.parse(repo.full_name)

    def check(self, pull: Pull) -> CheckRun:
        check = self.github.check(pull)
        assert check is not None, "there is no check"
        return check

    def checks(self, pull: Pull, sha: str) -> list[CheckRun]:
        return self.github.state.checks_of(self.repo(pull), sha)

    def reviews(self, pull: Pull) -> list[Review]:
        return self.github.state.reviews_of(pull)

    def inline(self, pull: Pull) -> list[ReviewComment]:
        return self.github.review_comments(pull)

    def conversation(self, pull: Pull) -> list[Comment]:
        return self.github.state.comments_of(pull)

    def posted_once(self, pull: Pull) -> None:
        """One review, one comment for each issue, one summary, one finished check of the head."""
        # A comment on a file makes a review of its own at GitHub, one without words.
        assert len([review for review in self.reviews(pull) if review.body]) == 1
        marks = [read(comment.body) for comment in self.inline(pull)]
        issues = [mark.issue for mark in marks if mark is not None]
        assert len(set(issues)) == len(issues) == len(marks)
        about = [read(comment.body) for comment in self.conversation(pull)]
        assert len([mark for mark in about if mark is not None and mark.kind == "summary"]) == 1
        (check,) = self.checks(pull, pull.head_sha)
        assert check.status == "completed"

    def summary(self, pull: Pull) -> str:
        summary = self.github.summary(pull)
        assert summary is not None, "there is no summary"
        return summary.body

    def answers(self, pull: Pull) -> list[str]:
        """What the bot said in the conversation, apart from its summary."""
        return [
            c.body
            for c in self.conversation(pull)
            if c.user is self.github.bot and c is not self.github.summary(pull)
        ]

    def reactions(self, comment: Comment) -> list[str]:
        return [reaction.content for reaction in comment.reactions]
