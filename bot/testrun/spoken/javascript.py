"""What jest, vitest, mocha and node's own runner say at their end."""

from __future__ import annotations

import re

from bot.testrun.spoken.lines import Spoken, last, numbers
from bot.testrun.tally import Tally, names

_JEST = re.compile(
    r"Tests: +((?:\d{1,9} (?:failed|skipped|todo|passed|pending), )*)(\d{1,9}) total"
)
_JEST_SUITES = re.compile(r"Test Suites: +(.+), \d+ total|Test Suites: +()\d+ total")
_JEST_NONE = re.compile(r"No tests found, exiting with code [01]")
_JEST_BAD = re.compile(r" *● (\S.*)")
_JEST_OTHER = ("Console", "Test suite failed to run", "Cannot log after", "process.exit called")
_VITEST = re.compile(r" *Tests {2,}([^()]+?)(?: \((\d{1,9})\))?")
_VITEST_FILES = re.compile(r" *Test Files {2,}([^()]+?)(?: \((\d{1,9})\))?")
_VITEST_NONE = re.compile(r" *(?:No test files found, exiting with code [01]|Tests {2,}no tests)")
_VITEST_BAD = re.compile(r" *FAIL {1,2}(?:\|[^|]+\| )?(\S[^\[]*\S)(?: \[ .* \])?")
_PASSING = re.compile(r" {2,}(\d{1,9}) passing(?: \(\d+m?s\)| \(\d+m\)| \(\d+h\))?")
_AMOUNT = re.compile(r" {2,}(\d{1,9}) (failing|pending)")
_MOCHA_BAD = re.compile(r" {2,}\d{1,9}\) (\S.*)")
_NODE = re.compile(r"(?:#|ℹ) (tests|pass|fail|cancelled|skipped|todo) (\d{1,9})")
_NODE_BAD = re.compile(r"not ok \d+ (?:- )?(\S.*?)|✖ (\S.*?) \([\d.]+ms\)")


def jest(said: list[str]) -> Spoken | None:
    found = last(said, _JEST)
    if found is None:
        nothing = last(said, _JEST_NONE)
        return None if nothing is None else Spoken(line=nothing[0], tally=Tally())
    line, match = found
    counts = numbers(match[1])
    suites = last(said, _JEST_SUITES)
    broken = numbers(suites[1][1] or "").get("failed", 0) if suites is not None else 0
    failed = counts.get("failed", 0)
    failing = [bad[1] for text in said[:line] if (bad := _JEST_BAD.fullmatch(text))]
    return Spoken(
        line=line,
        tally=Tally(
            passed=counts.get("passed", 0),
            failed=failed,
            errors=broken if not failed else 0,
            skipped=counts.get("skipped", 0) + counts.get("pending", 0) + counts.get("todo", 0),
            names=names(name for name in failing if not name.startswith(_JEST_OTHER))
            if failed
            else (),
        ),
    )


def vitest(said: list[str]) -> Spoken | None:
    files = last(said, _VITEST_FILES)
    found = last(said, _VITEST)
    if files is None or found is None:
        nothing = last(said, _VITEST_NONE)
        return None if nothing is None else Spoken(line=nothing[0], tally=Tally())
    line, match = found
    counts = numbers(match[1])
    failed = counts.get("failed", 0)
    broken = numbers(files[1][1]).get("failed", 0)
    # They are written to the other stream, which may follow the summary.
    failing = [bad[1] for text in said if (bad := _VITEST_BAD.fullmatch(text))]
    return Spoken(
        line=line,
        tally=Tally(
            passed=counts.get("passed", 0),
            failed=failed,
            # A file with a test that failed is one of the failed files as well.
            errors=sum(" > " not in name for name in set(failing)) if failed else broken,
            skipped=counts.get("skipped", 0) + counts.get("todo", 0),
            names=names(failing) if failed or broken else (),
        ),
    )


def mocha(said: list[str]) -> Spoken | None:
    found = last(said, _PASSING)
    if found is None:
        return None
    line, match = found
    after = [m for text in said[line : line + 4] if (m := _AMOUNT.fullmatch(text))]
    counts = {m[2]: int(m[1]) for m in after}
    failed = counts.get("failing", 0)
    return Spoken(
        line=line,
        tally=Tally(
            passed=int(match[1]),
            failed=failed,
            skipped=counts.get("pending", 0),
            names=names(_titles(said[line:])) if failed else (),
        ),
    )


def node(said: list[str]) -> Spoken | None:
    counts: dict[str, int] = {}
    line = 0
    for number, text in enumerate(said):
        if match := _NODE.fullmatch(text):
            counts[match[1]] = int(match[2])
            line = number
    if not {"tests", "pass", "fail"} <= counts.keys():
        return None
    failing = [bad[1] or bad[2] for text in said if (bad := _NODE_BAD.fullmatch(text))]
    failed = counts["fail"] + counts.get("cancelled", 0)
    return Spoken(
        line=line,
        tally=Tally(
            passed=counts["pass"],
            failed=failed,
            skipped=counts.get("skipped", 0) + counts.get("todo", 0),
            names=names(name for name in failing if " # " not in name) if failed else (),
        ),
    )


def _titles(said: list[str]) -> list[str]:
    """A title goes on over several lines, up to its colon."""
    titles: list[str] = []
    for number, text in enumerate(said):
        if match := _MOCHA_BAD.fullmatch(text):
            parts = [match[1]]
            for more in said[number + 1 : number + 12]:
                if parts[-1].endswith(":") or not more.strip():
                    break
                parts.append(more.strip())
            titles.append(" ".join(parts).removesuffix(":"))
    return titles
