"""Plan, execute, then test, review and refactor until it passes: the loop, over roles.

::

    plan (optional) -> execute -> [ test (optional) -> review -> passed? -> refactor ] x N

N reviews and at most N-1 refactors, so the last change is always tested and reviewed. Each part is
a step whose outcome is recorded, so after a crash the loop goes on behind the last one. What goes
wrong in a role is an outcome too; whatever it is, the last draft, the issues and the cost are kept.

| | exception, timeout, malformed | empty |
|---|---|---|
| plan | goes on without a plan | goes on without a plan |
| execute, refactor | error | failed: nothing was changed |
| test | not run, which is no pass | not run |
| review | error, after two more tries where the next may do better | error |

Over budget and cancelled are statuses of their own, wherever that happens.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bot.errors import TryLater
from bot.models import (
    FailureKind,
    LoopResult,
    LoopStatus,
    Plan,
    Played,
    Review,
    ReviewResult,
    StepRecord,
    SuiteOutcome,
    SuiteState,
    TroubleKind,
    Work,
)
from bot.runner.account import of_reports
from bot.runner.bench import Bench, worktree_bench
from bot.runner.config import Config, check
from bot.runner.guidance import broken, fit, guidance, passing, told
from bot.runner.hooks import (
    Drafted,
    IterationEnded,
    LoopEnded,
    LoopStarted,
    Planned,
    Reviewed,
    StepStarted,
    SuiteEnded,
)
from bot.runner.roles import (
    ComparingTester,
    Panel,
    Reviewer,
)
from bot.runner.sole import assessed
from bot.runner.stage import Prefixed, Stage
from bot.runner.tracker import Tracker

TRIES = 3
"""Of a review whose reviewer could not be reached."""


async def run(config: Config) -> LoopResult:
    """Run the loop to its end. Whatever a role does, there is a result with a status and a reason.

    `ConfigurationError` for what cannot be run at all. Cancelled from outside, the hooks get the
    result and the cancellation goes on.
    """
    check(config)
    async with _bench(config) as bench:
        return await _Loop(config, bench).run()


@asynccontextmanager
async def _bench(config: Config) -> AsyncIterator[Bench]:
    if config.bench is not None:
        yield config.bench
        return
    with tempfile.TemporaryDirectory(prefix="harness-loop-") as room:
        async with worktree_bench(config.worktree_path or Path(), Path(room)) as bench:
            yield bench


@dataclass(frozen=True, kw_only=True, slots=True)
class _End:
    status: LoopStatus
    reason: str


class _Loop:
    def __init__(self, config: Config, bench: Bench) -> None:
        self._config = config
        self._bench = bench
        self._tracker = Tracker(config.targets, config.known, bench.head_sha)
        self._stage = Stage(
            config.step, config.hooks, seconds=config.step_seconds, clock=config.clock
        )
        self._iterations = 0
        self._suite: SuiteOutcome | None = None
        self._before: SuiteOutcome | None = None
        self._advice = ""

    async def run(self) -> LoopResult:
        await self._stage.tell(LoopStarted(task_id=self._config.task_id))
        try:
            end = await self._go()
        except asyncio.CancelledError:
            # The hooks are told, but nobody is asked to play any more.
            await self._stage.tell(
                LoopEnded(result=self._result(_cancelled("the run was cancelled")))
            )
            raise
        result = self._result(end)
        await self._stage.tell(LoopEnded(result=result))
        return result

    # -------------------------------------------------------------------------------- the course

    async def _go(self) -> _End:
        plan, end = await self._plan()
        if end is not None:
            return end
        execute = partial(self._config.developer.execute, self._task(plan))
        end = await self._develop("execute", execute)
        for number in range(1, self._config.max_iterations + 1):
            if end is not None:
                return end
            end = await self._look(number)
            if end is not None:
                return end
            if number == self._config.max_iterations:
                break
            issues, advice = self._tracker.open, self._guidance()
            refactor = partial(self._config.developer.refactor, issues, advice)
            end = await self._develop(f"refactor {number}", refactor)
        return self._last_word()

    async def _look(self, number: int) -> _End | None:
        """Test and review what there is now; an end if it passed, or could not be looked at."""
        self._suite = None
        end = await self._test(number) or await self._review(number)
        if end is None:
            self._iterations = number
            await self._stage.tell(IterationEnded(iteration=number))
            if self._passed(all_targets=True):
                end = self._end_well()
        return end

    async def _plan(self) -> tuple[str, _End | None]:
        planner = self._config.planner
        if planner is None:
            return "", None
        work = partial(planner.plan, self._config.task or self._tasked())
        turn = await self._stage.play("plan", work, (Plan, str))
        end = _ended(turn)
        text = turn.said.text if isinstance(turn.said, Plan) else ""
        if text:
            await self._stage.tell(Planned(text=text))
        return text, end

    async def _develop(
        self, name: str, work: Callable[[], Awaitable[Work | str | None]]
    ) -> _End | None:
        turn = await self._stage.play(name, work, (Work, str, type(None)), bench=self._bench)
        if turn.trouble is not None:
            return _ended(turn) or _error(f"{name} did not work: {turn.trouble.reason}")
        if turn.draft is None:
            return _failed("the developer changed nothing")
        self._bench.draft = turn.draft
        await self._stage.tell(Drafted(draft=turn.draft))
        return None

    async def _test(self, number: int) -> _End | None:
        tester = self._config.tester
        if tester is None:
            return None
        turn = await self._stage.play(f"test {number}", tester.run_tests, (SuiteOutcome,))
        self._suite = _outcome(turn)
        await self._stage.tell(SuiteEnded(outcome=self._suite))
        end = _ended(turn)
        failed = self._suite.state is SuiteState.FAILED
        if end is None and failed and self._before is None and isinstance(tester, ComparingTester):
            before = await self._stage.play("test before", tester.run_tests_before, (SuiteOutcome,))
            self._before = _outcome(before)
            end = _ended(before)
        return end

    async def _review(self, number: int) -> _End | None:
        reviewer = self._config.reviewer
        if isinstance(reviewer, Panel):
            return await self._assess(reviewer, number)
        turn = await self._asked(reviewer, number)
        if turn.trouble is not None:
            return _ended(turn) or _error(f"the review did not work: {turn.trouble.reason}")
        source = partial(self._bench.change, self._tracker.known)
        settle = partial(assessed, turn.said, source, now=self._config.clock.now)
        result = await self._config.step(f"settle {number}", settle)
        self._advice = turn.said.guidance
        await self._settled(number, result)
        return None

    async def _asked(self, reviewer: Reviewer, number: int) -> Played:
        """More than once if it could not be reached."""
        name = f"review {number}"
        turn = await self._stage.play(name, partial(self._ask, reviewer), (Review,))
        for again in range(1, TRIES):
            if turn.trouble is None or not turn.trouble.passing:
                break
            work = partial(self._ask, reviewer)
            turn = await self._stage.play(f"{name} again {again}", work, (Review,))
        return turn

    async def _ask(self, reviewer: Reviewer) -> Review:
        draft = self._bench.draft
        diff = draft.patch.decode("utf-8", "replace") if draft is not None else ""
        return await reviewer.review(diff, self._config.context)

    async def _assess(self, panel: Panel, number: int) -> _End | None:
        """More than once if what kept somebody from finishing may be over the next time."""
        name = f"review {number}"
        result = await self._assessed(panel, name)
        for again in range(1, TRIES):
            if isinstance(result, _End) or not passing(result):
                break
            result = await self._assessed(panel, f"{name} again {again}")
        if isinstance(result, _End):
            return result
        await self._settled(number, result)
        missing = told(result)
        if missing:
            over = any(
                report.run.error is not None and report.run.error.kind is FailureKind.BUDGET
                for report in result.reports
            )
            status = LoopStatus.OVER_BUDGET if over else LoopStatus.ERROR
            return _End(status=status, reason=f"the review is not complete: {missing}")
        self._advice = "\n\n".join(filter(None, (report.guidance for report in result.reports)))
        return None

    async def _assessed(self, panel: Panel, name: str) -> ReviewResult | _End:
        """The parts of a panel are steps of their own; what they cost they tell themselves."""
        await self._stage.tell(StepStarted(name=name))
        try:
            result = await panel.assess(self._tracker.known, Prefixed(self._config.step, name))
        except TryLater as error:
            await self._stage.note(StepRecord(name=name, seconds=0.0, error=error.message))
            return _error(f"the review did not work: {error.message}")
        await self._stage.spend(of_reports((*result.reports, *result.later), name))
        seconds = max((r.run.duration for r in (*result.reports, *result.later)), default=0.0)
        await self._stage.note(StepRecord(name=name, seconds=seconds, error=told(result)))
        return result

    async def _settled(self, number: int, result: ReviewResult) -> None:
        self._tracker.settle(result)
        await self._stage.tell(Reviewed(iteration=number, open=self._tracker.listed()))

    # ------------------------------------------------------------------------------- the verdict

    def _passed(self, *, all_targets: bool) -> bool:
        if all_targets and self._tracker.targets_open():
            return False
        return not self._tracker.blocking(self._config.fail_on) and not broken(
            self._suite, self._before
        )

    def _end_well(self) -> _End:
        return _End(status=LoopStatus.SUCCESS, reason=self._summary())

    def _last_word(self) -> _End:
        """All rounds are over, and something is open still."""
        if self._passed(all_targets=False) and (
            self._tracker.addressed or not self._tracker.targets
        ):
            return self._end_well()
        reasons = [
            f"{len(blocking)} issue{'s are' if len(blocking) > 1 else ' is'} still open"
            if (blocking := self._tracker.blocking(self._config.fail_on))
            else "",
            broken(self._suite, self._before),
        ]
        why = " and ".join(filter(None, reasons)) or "no issue was repaired"
        rounds = self._config.max_iterations
        return _failed(f"after {rounds} round{'s' if rounds > 1 else ''} {why}")

    def _summary(self) -> str:
        stats = self._tracker.stats()
        left = stats.new + stats.persistent
        parts = []
        if self._tracker.targets:
            parts.append(f"{stats.addressed} of {len(self._tracker.targets)} issues repaired")
        parts.append(f"{left} open" if left else "nothing open")
        if self._suite is not None:
            parts.append(f"tests: {self._suite.state.value}")
        return ", ".join(parts)

    # ----------------------------------------------------------------------------------- helpers

    def _task(self, plan: str) -> str:
        parts = [self._config.task or self._tasked()]
        if plan:
            parts.append(f"The plan:\n\n{fit(plan)}")
        return "\n\n".join(parts)

    def _tasked(self) -> str:
        return guidance(self._tracker.open, unproved=(), suite=None, before=None, advice="")

    def _guidance(self) -> str:
        return guidance(
            (),
            unproved=self._tracker.unproved,
            suite=self._suite,
            before=self._before,
            advice=self._advice,
        )

    def _result(self, end: _End) -> LoopResult:
        return LoopResult(
            status=end.status,
            reason=end.reason,
            task_id=self._config.task_id,
            iterations=self._iterations,
            steps=tuple(self._stage.steps),
            cost=tuple(self._stage.cost),
            issues=self._tracker.stats(),
            open=self._tracker.listed(),
            addressed=tuple(self._tracker.addressed.values()),
            draft=self._bench.draft,
            suite=self._suite,
        )


def _ended(turn: Played) -> _End | None:
    """What ends the loop whoever's turn it was."""
    if turn.trouble is None:
        return None
    match turn.trouble.kind:
        case TroubleKind.OVER_BUDGET:
            return _End(status=LoopStatus.OVER_BUDGET, reason=turn.trouble.reason)
        case TroubleKind.CANCELLED:
            return _cancelled(turn.trouble.reason)
        case _:
            return None


def _cancelled(reason: str) -> _End:
    return _End(status=LoopStatus.CANCELLED, reason=reason)


def _error(reason: str) -> _End:
    return _End(status=LoopStatus.ERROR, reason=reason)


def _failed(reason: str) -> _End:
    return _End(status=LoopStatus.FAILED, reason=reason)


def _outcome(turn: Played) -> SuiteOutcome:
    """Trouble is no verdict on the tests."""
    if isinstance(turn.said, SuiteOutcome):
        return replace(turn.said, duration=turn.said.duration or turn.seconds)
    reason = turn.trouble.reason if turn.trouble is not None else "nobody said how they ended"
    return SuiteOutcome(state=SuiteState.NOT_RUN, reason=reason)
