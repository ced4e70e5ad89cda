"""What a report, or a framework's own words, say about a suite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.models import SuiteCounts

MAX_NAMES = 500
MAX_NAME = 400
MAX_DETAILS = 4 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Counts (None is unknown), and names of failing tests."""

    passed: int | None = 0
    """None: some did, nobody says how many."""
    failed: int | None = 0
    errors: int | None = 0
    skipped: int | None = 0
    names: tuple[str, ...] = ()
    details: str = field(default="", compare=False)
    """What went wrong, for people, where it stands in the report only."""

    @property
    def bad(self) -> bool:
        """Whether it tells of a failure."""
        return self.failed != 0 or self.errors != 0 or bool(self.names)

    @property
    def ran(self) -> bool:
        """Whether any test ran."""
        return self.bad or self.passed != 0

    def counts(self) -> SuiteCounts:
        return SuiteCounts(
            passed=self.passed, failed=self.failed, errors=self.errors, skipped=self.skipped
        )


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them as one; what is unknown in one is unknown in all."""
    every = tuple(tallies)
    return Tally(
        passed=_sum(t.passed for t in every),
        failed=_sum(t.failed for t in every),
        errors=_sum(t.errors for t in every),
        skipped=_sum(t.skipped for t in every),
        names=names(name for t in every for name in t.names),
        details="\n\n".join(t.details for t in every if t.details)[:MAX_DETAILS],
    )


def leaves(tests: Sequence[str]) -> list[str]:
    """A test of go fails because one of its subtests did: the subtest is the one to name."""
    parents = {
        "/".join(parts[:length])
        for parts in (test.split("/") for test in tests)
        for length in range(1, len(parts))
    }
    return [test for test in tests if test not in parents]


def names(found: Iterable[str]) -> tuple[str, ...]:
    """Each once, as text of one line, bounded."""
    tidy = (text(_CONTROL.sub(" ", name).strip())[:MAX_NAME] for name in found)
    return tuple(dict.fromkeys(name for name in tidy if name))[:MAX_NAMES]


def text(value: str) -> str:
    """Without what no UTF-8 can hold."""
    return value.encode("utf-8", "replace").decode()


def _sum(values: Iterable[int | None]) -> int | None:
    amount = 0
    for value in values:
        if value is None:
            return None
        amount += value
    return amount
