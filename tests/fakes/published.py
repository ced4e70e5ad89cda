"""A history whose reviews are saved in a real database and published by the real publishers."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from typing_extensions import override

from bot.findings.policy import decide
from bot.findings.states import OPEN
from bot.models import Act, IssueState, Repo, ReviewResult, RunRecord, RunState
from bot.publish import marker
from bot.publish.publisher import Publication, ordered, publishers
from bot.store import Store
from tests.fakes.histories import History, Mistake
from tests.fakes.nouns import plan, pull
from tests.fakes.repo_client import START, FakeRepoClient

REPO, NUMBER = Repo(owner="octo", name="demo"), 7
CLOSED = (IssueState.ADDRESSED, IssueState.STALE)


class PublishedHistory(History):
    """``store`` is what the database says; ``problems`` what people would complain about."""

    def __init__(self, seed: int, database: Store, runner: asyncio.Runner) -> None:
        super().__init__(seed)
        self.database = database
        self.run = runner.run
        self.client = FakeRepoClient()
        self.problems: Counter[str] = Counter()
        self.resolved = self.opened = 0

    @override
    def _set(self, mistake: Mistake, state: IssueState) -> None:
        """A person resolves the thread by hand, or opens it again; some write in it."""
        name = self.first[mistake]
        before = self.store[name].state
        if (state in OPEN) == (before in OPEN):
            return  # the machine's truth and ours differ here already; nobody acts on that
        act = Act.RESTORED if state in OPEN else Act.DISMISSED
        self.run(self.database.act_on_issue(REPO, NUMBER, name, act, by="@ada"))
        mistake.state = state
        self.store[name] = replace(self.store[name], state=state)
        for first in self._threads().get(name, []):
            (self.client.resolved.discard if state in OPEN else self.client.resolved.add)(first)
            if self.rnd.random() < 0.2:
                self.client.human(first, "I have looked at this")

    @override
    def _save(self, result: ReviewResult, head: str) -> None:
        self.client.diff = self.diff
        before = set(self.client.resolved)
        self.run(self._published(result, head))
        known = self.run(self.database.known_issues(REPO, NUMBER, list(IssueState)))
        self.store = {issue.id: issue for issue in known}
        self._look(result, before)

    async def _published(self, result: ReviewResult, head: str) -> None:
        made = plan(
            "claude", "codex", "gemini", run_id=f"r-{self.pushes}", pull=pull(head_sha=head)
        )
        await self.database.add_run(_record(made.run_id, head))
        await self._saved(made.run_id, head, result)
        publication = Publication(
            plan=made,
            result=result,
            decision=decide(
                result.reports, result.issues, result.carried, made.fail_on, head_sha=head
            ),
        )
        for publisher in ordered(publishers().values()):
            publication = publication.after(await publisher.publish(publication, self.client))
        told = {issue.id: publication.placement(issue) for issue in result.issues}
        posted = {**publication.placements, **told}
        await self.database.save_issues(made.run_id, REPO, NUMBER, head, (), posted)

    async def _saved(self, run_id: str, head: str, result: ReviewResult) -> None:
        await self.database.save_issues(
            run_id, REPO, NUMBER, head, result.issues, {}, result.closed
        )

    # ------------------------------------------------------------------------ what people see

    def _threads(self) -> dict[str, list[int]]:
        """Issue -> the first comments of threads about it."""
        found: dict[str, list[int]] = {}
        for mark, comment in marker.own(self.client.on_code, self.client.login):
            found.setdefault(mark.issue, []).append(comment.id)
        return found

    def _look(self, result: ReviewResult, before: set[int]) -> None:
        for name, firsts in self._threads().items():
            self.problems["an issue has two comments"] += len(firsts) > 1
            (first, *_rest) = firsts
            state = self.store[name].state
            human = any(c.author != self.client.login for c in self.client.answers.get(first, []))
            ended, mistake = first in self.client.resolved, self.ids[name]
            if first in self.client.resolved - before:
                self.resolved += 1
                self.problems["resolved while it is there"] += self._there(mistake)
                self.problems["resolved over somebody's words"] += human
            if first in before - self.client.resolved:
                self.opened += 1
                self.problems["opened while it is gone"] += not self._there(mistake)
            self.problems["open though it is closed"] += state in CLOSED and not ended and not human
            self.problems["resolved though it is open"] += state in OPEN and ended
        for said in self.client.answers.values():
            ours = [mark for mark, _ in marker.own(said, self.client.login)]
            self.problems["an answer was given twice"] += len(ours) - len(set(ours))
        self.problems["two summaries"] += len(self.client.conversation) > 1
        assert result.head_sha == f"{self.pushes:040x}"


def _record(run_id: str, head: str) -> RunRecord:
    return RunRecord(
        id=run_id, job_id=run_id, repo=REPO, number=NUMBER, head_sha=head, base_sha="b" * 40,
        trigger="push", state=RunState.RUNNING, started_at=START,
    )  # fmt: skip
