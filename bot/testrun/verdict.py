"""Passed, failed or not run: the exit status is the first witness, the report the second.

They have to agree on a pass. What is silent did not pass, and neither did a suite of which no test
ran. What could not be run at all (a missing program, missing dependencies, a limit) is no failing
test.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.models import SuiteCounts, SuiteOutcome, SuiteState
from bot.testrun.frameworks import Framework
from bot.testrun.tally import Tally, names, total

Verdict = tuple[SuiteState, str]
"""The state, and its reason."""

_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
_KILLED = (-9, 128 + 9)
_NO_NETWORK = "what it depends on is not installed here, and there is no network"
_FETCHED = re.compile(
    r"dial tcp: lookup|Could not resolve host|Temporary failure in name resolution"
    r"|EAI_AGAIN|module lookup disabled by GOPROXY|you're using offline mode"
    r"|--offline was specified|in offline mode|for offline mode"
    r"|Could not find gem|in locally installed gems"
)
_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^\S*python[\d.]*: No module named (\w+)", re.M), "{0} is not installed here"),
    (re.compile(r"^(?:/bin/)?sh: (?:\d+: |line \d+: )?(\S+): (?:command )?not found", re.M),
     "{0} is not installed here"),
    (re.compile(r"^Error: Cannot find module '\S*node_modules/([^/']+)", re.M),
     "{0} is not installed here"),
    # Debian keeps Maven's configuration where an operator keeps passwords: it is not shown.
    (re.compile(r"NoSuchFileException: (\S*/m2\.conf)"), "Maven has no configuration here: no {0}"),
    (re.compile(r"^(bwrap: .+)", re.M), "the sandbox could not be made: {0}"),
    (_FETCHED, _NO_NETWORK),
)  # fmt: skip
_PYTEST = {
    3: "pytest had an error of its own",
    4: "pytest could not be used as configured",
    5: "no test ran: pytest found none",
}
_PYTEST_ERROR = re.compile(
    r"ERROR: (?!usage)|.*pytest: error: |E +\w+Error: |INTERNALERROR> \w+Error: "
)
_MISSING = re.compile(r"ModuleNotFoundError: No module named '(\w+)")


def judge(
    returncode: int,
    tally: Tally | None,
    text: str,
    *,
    framework: Framework | None = None,
    configured: bool = False,
    own: Collection[str] = (),
) -> Verdict:
    """``text`` is what was written; ``own`` are the modules that the tree itself has."""
    if tally is not None and tally.bad:
        missing = _missing(tally, text, own)
        if missing:
            return SuiteState.NOT_RUN, missing
        said = "it ended with 0 although tests failed" if returncode == 0 else ""
        return SuiteState.FAILED, said
    if returncode == 0:
        return _ended_well(tally, text, configured=configured)
    if returncode in _KILLED:
        return SuiteState.NOT_RUN, "it was killed, as happens at a limit of memory"
    if tally is not None and tally.ran:
        return SuiteState.FAILED, f"it ended with {returncode} although no test failed"
    unable = _unable(returncode, text, framework)
    if unable:
        return SuiteState.NOT_RUN, unable
    if tally is not None:
        return SuiteState.NOT_RUN, f"no test ran{_skipped(tally)}; it ended with {returncode}"
    return SuiteState.FAILED, f"it ended with {returncode} and did not say which tests failed"


def together(outcomes: Sequence[SuiteOutcome], tallies: Sequence[Tally]) -> SuiteOutcome:
    """Several suites as one: any failure fails, and only if all passed did they pass."""
    if len(outcomes) == 1:
        return outcomes[0]
    states = [outcome.state for outcome in outcomes]
    state = next((s for s in _WORST if s in states), SuiteState.NO_FRAMEWORK)
    whole = total(tallies)
    return SuiteOutcome(
        state=state,
        failed=names(name for o in outcomes for name in o.failed),
        counts=whole.counts() if tallies else SuiteCounts(),
        tail="\n".join(f"--- {o.command}\n{o.tail}" for o in outcomes if o.state is state),
        reason="; ".join(f"{o.command}: {o.reason}" for o in outcomes if o.reason),
        command="; ".join(o.command for o in outcomes),
        framework=", ".join(dict.fromkeys(o.framework for o in outcomes)),
        duration=sum(o.duration for o in outcomes),
    )


_WORST = (SuiteState.FAILED, SuiteState.NOT_RUN, SuiteState.PASSED)


def below(folder: str, found: Sequence[str]) -> tuple[str, ...]:
    """Names of a suite, told apart from those of other folders in every run alike."""
    if not folder:
        return tuple(found)
    return names(n if n.startswith(f"{folder}/") else f"{folder}: {n}" for n in found)


def with_left_out(outcome: SuiteOutcome, left_out: int) -> SuiteOutcome:
    """More suites concern the change than are run: that is not hidden."""
    if not left_out:
        return outcome
    said = f"not run: {left_out} more suite{'s' if left_out != 1 else ''} of this tree"
    return replace(outcome, reason="; ".join(filter(None, (outcome.reason, said))))


def _ended_well(tally: Tally | None, text: str, *, configured: bool) -> Verdict:
    if tally is not None:
        if tally.ran:
            return SuiteState.PASSED, ""
        return SuiteState.NOT_RUN, f"no test ran{_skipped(tally)}"
    if configured and text.strip():
        # The default branch says that this command is the test, and 0 is its word for a pass.
        return SuiteState.PASSED, "its exit status says so; how many tests ran is not known"
    return SuiteState.NOT_RUN, "it ended with 0 and told of no test"


def _skipped(tally: Tally) -> str:
    return f": {tally.skipped} skipped" if tally.skipped else ""


def _unable(returncode: int, text: str, framework: Framework | None) -> str:
    for pattern, reason in _SIGNS:
        if match := pattern.search(text):
            return reason.format(*match.groups())[:300]
    if returncode in (_NOT_EXECUTABLE, _NOT_FOUND):
        lines = text.strip().splitlines()
        return f"a program is missing or cannot be executed: {lines[-1] if lines else ''}"[:300]
    if framework is Framework.PYTEST and returncode in _PYTEST:
        errors = [line for line in text.splitlines() if _PYTEST_ERROR.match(line)]
        return ": ".join((_PYTEST[returncode], *errors[:1]))[:300]
    return ""


def _missing(tally: Tally, text: str, own: Collection[str]) -> str:
    """What is not there, if nothing but errors came of it."""
    if tally.passed or tally.failed or not tally.errors:
        return ""
    if _FETCHED.search(text):
        return _NO_NETWORK
    absent = [name for name in dict.fromkeys(_MISSING.findall(text)) if name not in own]
    return f"not installed here: {', '.join(absent)}"[:300] if absent else ""
