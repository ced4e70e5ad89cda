"""What rspec, minitest and test-unit say at their end."""

from __future__ import annotations

import re

from bot.testrun.spoken.lines import Spoken, last
from bot.testrun.tally import Tally, names

_N = r"(\d{1,9})"
_RSPEC = re.compile(
    rf"{_N} examples?, {_N} failures?(?:, {_N} pending)?"
    rf"(?:, {_N} errors? occurred outside of examples)?"
)
_RSPEC_BAD = re.compile(r"rspec (?:\./)?(\S+?)(?::\d+|\[[\d:]+\]) # (.+)")
_MINITEST = re.compile(
    rf"{_N} (?:runs|tests), \d+ assertions, {_N} failures, {_N} errors, {_N} (?:skips|pendings)"
    rf"(?:, {_N} omissions)?(?:, \d+ notifications)?"
)
_HEAD = re.compile(r" *\d+\) (?:Failure|Error):")
_BAD = re.compile(r" *(\S+#.+?)(?: \[.*\])?:")
_UNIT = re.compile(r"(?:Failure|Error): (\S.*)\((\S+)\)(?::.*)?")


def rspec(said: list[str]) -> Spoken | None:
    found = last(said, _RSPEC)
    if found is None:
        return None
    line, match = found
    count, failed, pending, errors = (int(match[group] or 0) for group in range(1, 5))
    failing = [f"{bad[1]} {bad[2]}" for text in said if (bad := _RSPEC_BAD.fullmatch(text))]
    return Spoken(
        line=line,
        tally=Tally(
            passed=max(0, count - failed - pending),
            failed=failed,
            errors=errors,
            skipped=pending,
            names=names(failing) if failed else (),
        ),
    )


def minitest(said: list[str]) -> Spoken | None:
    found = last(said, _MINITEST)
    if found is None:
        return None
    line, match = found
    count, failed, errors, skips, omitted = (int(match[group] or 0) for group in range(1, 6))
    skipped = skips + omitted
    failing = [
        bad[1]
        for number, text in enumerate(said)
        if number and _HEAD.fullmatch(said[number - 1]) and (bad := _BAD.fullmatch(text))
    ]
    failing += [f"{bad[2]}#{bad[1]}" for text in said if (bad := _UNIT.fullmatch(text))]
    return Spoken(
        line=line,
        tally=Tally(
            passed=max(0, count - failed - errors - skipped),
            failed=failed,
            errors=errors,
            skipped=skipped,
            names=names(failing) if failed or errors else (),
        ),
    )
