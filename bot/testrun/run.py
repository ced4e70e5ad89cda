"""Runs a project's own tests in a copy of its tree, behind the tester's fence.

No network, no key, an environment from a list, bounded output. Whatever keeps the tests from
running is an outcome of its own and never a failing test: a missing program, a refused sandbox, the
time limit. What the tests themselves claim is what they are believed: the code under test could
forge its report, which is why a pass is no more than one witness.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.clock import Clock
from bot.errors import AgentFailed
from bot.models import SuiteCounts, SuiteOutcome, SuiteState
from bot.process import Command
from bot.sandbox import profiles
from bot.sandbox.fence import HOME, TMP
from bot.sandbox.port import Child, Launcher
from bot.testrun import plan
from bot.testrun.detect import detect
from bot.testrun.listing import Listing, look
from bot.testrun.plan import BadCommand, Plan
from bot.testrun.results import Results
from bot.testrun.tally import Tally
from bot.testrun.transcript import Transcript
from bot.testrun.verdict import below, judge, together, with_left_out

SYSTEM = (Path("/usr/local/bin"), Path("/usr/bin"), Path("/bin"))
"""Where programs are looked for; never in the tree."""
GRACE = 0.5
"""Seconds between asking a run to end and ending it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """What all suites of one call have in common."""

    listing: Listing
    sandbox: Launcher
    clock: Clock
    deadline: float
    timeout: float
    search: tuple[Path, ...]
    report: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _End:
    """How one process ended; without a status, ``reason`` says why there is none."""

    returncode: int | None = None
    stderr: str = ""
    reason: str = ""


async def run_tests(
    tree: Path,
    *,
    sandbox: Launcher,
    clock: Clock,
    timeout: float,  # noqa: ASYNC109  # the group must be gone before the caller hears of it
    command: str = "",
    changed: Sequence[str] = (),
    search: Sequence[Path] = SYSTEM,
) -> SuiteOutcome:
    """Run ``command`` of the default branch's configuration, else what is found in ``tree``.

    ``tree`` is a copy for this run alone: the tests may write into it. ``changed`` paths choose
    among several suites.
    """
    listing = await asyncio.to_thread(look, tree)
    run = _Run(
        listing=listing,
        sandbox=sandbox,
        clock=clock,
        deadline=clock.monotonic() + timeout,
        timeout=timeout,
        search=tuple(search),
        report=f".harness-{secrets.token_hex(8)}",
    )
    if command.strip():
        try:
            chosen = plan.configured(command, tree, run.report)
        except BadCommand as error:
            return SuiteOutcome(state=SuiteState.NOT_RUN, reason=str(error), command=command)
        return (await _run(run, chosen))[0]
    found = await asyncio.to_thread(detect, listing.paths, listing.read, changed)
    if not found.suites:
        return SuiteOutcome(
            state=SuiteState.NO_FRAMEWORK, reason="no test framework was found in the tree"
        )
    plans = [
        plan.detected(s, tree, run.report, listing.paths, listing.exists) for s in found.suites
    ]
    ended = [await _run(run, chosen) for chosen in plans]
    outcome = together([outcome for outcome, _ in ended], [t for _, t in ended if t is not None])
    return with_left_out(outcome, found.left_out)


async def _run(run: _Run, chosen: Plan) -> tuple[SuiteOutcome, Tally | None]:
    began = run.clock.monotonic()
    results = await asyncio.to_thread(Results, run.listing.tree, chosen, run.report)
    transcript = Transcript(results.events)
    end = await _end(run, chosen, transcript)
    tally = None
    state, reason = SuiteState.NOT_RUN, end.reason
    if end.returncode is not None:
        text = transcript.text(end.stderr)
        tally = await asyncio.to_thread(results.tally, text)
        state, reason = judge(
            end.returncode,
            tally,
            text,
            framework=chosen.framework,
            configured=chosen.configured,
            own=run.listing.modules(chosen.folder),
        )
    return SuiteOutcome(
        state=state,
        failed=below(chosen.folder, tally.names) if tally and state is SuiteState.FAILED else (),
        counts=tally.counts() if tally is not None else SuiteCounts(),
        tail=_tail(transcript, end.stderr, tally),
        reason=reason,
        command=f"{chosen.shown} in {chosen.folder}" if chosen.folder else chosen.shown,
        framework=chosen.framework or "",
        duration=run.clock.monotonic() - began,
    ), tally


async def _end(run: _Run, chosen: Plan, transcript: Transcript) -> _End:
    """Start it and read it to its end, or to the end of its time."""
    seconds = run.deadline - run.clock.monotonic()
    too_long = f"the tests took more than {run.timeout:g} s"
    if seconds <= 0:
        return _End(reason=too_long)
    fence = profiles.tester(run.listing.tree)
    try:
        child = await run.sandbox.start(_command(run, chosen), fence, trusted=False)
        returncode = await _finish(child, transcript, seconds)
    except AgentFailed as error:
        return _End(reason=error.message)
    return _End(
        returncode=returncode, stderr=child.stderr, reason=too_long if returncode is None else ""
    )


def _tail(transcript: Transcript, stderr: str, tally: Tally | None) -> str:
    """Some reporters write to their file only: then what went wrong is taken from there."""
    shown = transcript.shown(stderr)
    if tally is None or not tally.details or any(name in shown for name in tally.names):
        return shown
    return transcript.shown(stderr, tally.details)


def _command(run: _Run, chosen: Plan) -> Command:
    return Command(
        argv=chosen.argv,
        env={
            **_COMMON,
            **chosen.env,
            "PATH": ":".join(map(str, run.search)),
            "HOME": str(HOME),
            "TMPDIR": str(TMP),
        },
        cwd=run.listing.tree / chosen.folder,
    )


_COMMON = {
    "CI": "true",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Nothing can be fetched: to say so at once is better than to try.
    "GOPROXY": "off",
    "GOTOOLCHAIN": "local",
    "CARGO_NET_OFFLINE": "true",
    "npm_config_offline": "true",
    "npm_config_update_notifier": "false",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
}


async def _finish(child: Child, transcript: Transcript, seconds: float) -> int | None:
    """Its exit status; None if it took too long. Nothing of its group is left."""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in child.chunks():
                transcript.add(chunk)
            return await child.wait()
    except TimeoutError:
        return None
    finally:
        await child.kill(GRACE)
