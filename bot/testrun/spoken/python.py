"""What pytest and unittest say at their end."""

from __future__ import annotations

import re

from bot.testrun.spoken.lines import Spoken, last, numbers
from bot.testrun.tally import Tally, names

_WORDS = (
    "failed|passed|skipped|deselected|xfailed|xpassed|warnings?|errors?|rerun"
    "|subtests passed|subtests failed|subtests skipped"
)
_PYTEST = re.compile(
    rf"(?:=+ )?((?:\d{{1,9}} (?:{_WORDS})(?:, )?)+|no tests ran|no tests collected)"
    r" in [\d.]+(?:s| seconds)(?: \([\d:, days]+\))?(?: =+)?"
)
_SUMMARY = re.compile(r"=+ short test summary info =+")
_FAILING = re.compile(r"(?:FAILED|ERROR|SUBFAILED(?:\[[^\]]*\]|\([^)]*\))*) (\S.*)")
_RAN = re.compile(r"Ran (\d{1,9}) tests? in [\d.]+s")
_STATE = re.compile(r"(OK|FAILED|NO TESTS RAN)(?: \(([a-z0-9=, ]+)\))?")
_BAD = re.compile(r"(?:FAIL|ERROR): (\S+) \(([^()\s]+)\).*")
_RULE = "=" * 70
_LOADER = "unittest.loader._FailedTest."
_AMOUNT = re.compile(r"([a-z ]+)=(\d{1,9})")


def pytest(said: list[str]) -> Spoken | None:
    found = last(said, _PYTEST)
    if found is None:
        return None
    line, match = found
    counts = numbers(match[1])
    start = max((n for n in range(line) if _SUMMARY.fullmatch(said[n])), default=line)
    failing = [bad[1] for text in said[start:line] if (bad := _FAILING.fullmatch(text))]
    return Spoken(
        line=line,
        tally=Tally(
            passed=counts.get("passed", 0) + counts.get("xpassed", 0),
            failed=counts.get("failed", 0) + counts.get("subtests failed", 0),
            errors=counts.get("error", 0) + counts.get("errors", 0),
            skipped=counts.get("skipped", 0) + counts.get("xfailed", 0),
            names=names(_without_message(name) for name in failing),
        ),
    )


def unittest(said: list[str]) -> Spoken | None:
    found = last(said, _RAN)
    if found is None:
        return None
    line, match = found
    state = next((s for text in said[line + 1 : line + 4] if (s := _STATE.fullmatch(text))), None)
    if state is None:
        return None
    counts = {word.strip(): int(count) for word, count in _AMOUNT.findall(state[2] or "")}
    failed = counts.get("failures", 0) + counts.get("unexpected successes", 0)
    errors = counts.get("errors", 0)
    skipped = counts.get("skipped", 0) + counts.get("expected failures", 0)
    failing = [
        _dotted(bad)
        for number, text in enumerate(said[:line])
        if number and said[number - 1] == _RULE and (bad := _BAD.fullmatch(text))
    ]
    if state[1] == "FAILED" and not failed + errors:
        failed = 1
    passed = max(0, int(match[1]) - failed - errors - skipped)
    return Spoken(
        line=line,
        tally=Tally(
            passed=passed, failed=failed, errors=errors, skipped=skipped, names=names(failing)
        ),
    )


def _without_message(name: str) -> str:
    """A parameter may hold `` - `` as well: the message follows what closes the brackets."""
    head, dash, _rest = name.partition(" - ")
    if dash and "[" in head and not head.endswith("]") and "] - " in name:
        return name.partition("] - ")[0] + "]"
    if dash and "[" in head and not head.endswith("]") and name.endswith("]"):
        return name
    return head


def _dotted(bad: re.Match[str]) -> str:
    name, place = bad[1], bad[2]
    if place.startswith(_LOADER):
        return place.removeprefix(_LOADER)
    return place if place.endswith(f".{name}") else f"{place}.{name}"
