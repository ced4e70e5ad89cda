"""What go, cargo, Maven and Gradle say at their end."""

from __future__ import annotations

import re

from bot.testrun.spoken.lines import Spoken, last
from bot.testrun.tally import Tally, leaves, names, total

_N = r"(\d{1,9})"
_GO_TEST = re.compile(r" *--- (PASS|FAIL|SKIP): (\S+) \([\d.]+s\)")
_GO_PACKAGE = re.compile(r"(ok|FAIL|\?)? *\t(\S+)\s+(.*)")
_CARGO = re.compile(
    rf"test result: (?:ok|FAILED)\. {_N} passed; {_N} failed; {_N} ignored;.*"
)  # one line for each binary
_CARGO_BAD = re.compile(r"test (\S.*) \.\.\. FAILED")
_CARGO_BROKEN = re.compile(r"error: could not compile `.*")
_MAVEN = re.compile(
    rf"(?:\[[A-Z]+\] )?Tests run: {_N}, Failures: {_N}, Errors: {_N}, Skipped: {_N}"
)
_MAVEN_BAD = re.compile(
    r"(?:\[ERROR\] +)?(\S+) +(?:-- )?Time elapsed: .* <<< (?:FAILURE|ERROR)!(?: - in .*)?"
)
_OLD_NAME = re.compile(r"([^()]+)\(([^()]+)\)")
_GRADLE = re.compile(rf"{_N} tests? completed, {_N} failed(?:, {_N} skipped)?")
_GRADLE_BAD = re.compile(r"(\S+) > (\S.*) FAILED")


def go(said: list[str]) -> Spoken | None:
    counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    failing: list[str] = []
    broken: list[str] = []
    line, unnamed, since = -1, False, 0
    for number, text in enumerate(said):
        if test := _GO_TEST.fullmatch(text):
            counts[test[1]] += 1
            if test[1] == "FAIL":
                failing.append(test[2])
        elif package := _GO_PACKAGE.fullmatch(text):
            if package[1] is None and not package[3].startswith("coverage:"):
                continue
            line = number
            if package[1] == "FAIL" and since == len(failing):
                broken.append(package[2])
            unnamed |= package[1] == "ok" and "[no tests to run]" not in package[3]
            since = len(failing)
    if line < 0:
        return None
    named = leaves(failing)
    return Spoken(
        line=line,
        tally=Tally(
            # Without -v nobody says how many passed.
            passed=counts["PASS"] or (None if unnamed else 0),
            failed=len(named),
            errors=len(broken),
            skipped=counts["SKIP"],
            names=names((*named, *broken)),
        ),
    )


def cargo(said: list[str]) -> Spoken | None:
    results = [(n, m) for n, text in enumerate(said) if (m := _CARGO.fullmatch(text))]
    broken = last(said, _CARGO_BROKEN)
    if not results and broken is None:
        return None
    binaries = [Tally(passed=int(m[1]), failed=int(m[2]), skipped=int(m[3])) for _, m in results]
    failing = [bad[1] for text in said if (bad := _CARGO_BAD.fullmatch(text))]
    whole = total((*binaries, Tally(errors=int(broken is not None), names=names(failing))))
    line = max((*(number for number, _ in results), broken[0] if broken else 0))
    return Spoken(line=line, tally=whole if whole.failed else _nameless(whole))


def maven(said: list[str]) -> Spoken | None:
    modules = [(n, m) for n, text in enumerate(said) if (m := _MAVEN.fullmatch(text))]
    if not modules:
        return None
    failing = [_java(bad[1]) for text in said if (bad := _MAVEN_BAD.fullmatch(text))]
    tallies = []
    for _, match in modules:
        count, failed, errors, skipped = (int(match[group]) for group in range(1, 5))
        passed = max(0, count - failed - errors - skipped)
        tallies.append(Tally(passed=passed, failed=failed, errors=errors, skipped=skipped))
    whole = total((*tallies, Tally(names=names(failing))))
    named = whole.failed or whole.errors
    return Spoken(line=modules[-1][0], tally=whole if named else _nameless(whole))


def gradle(said: list[str]) -> Spoken | None:
    found = last(said, _GRADLE)
    if found is None:
        return None
    line, match = found
    count, failed, skipped = (int(match[group] or 0) for group in range(1, 4))
    failing = [f"{bad[1]}.{bad[2]}" for text in said if (bad := _GRADLE_BAD.fullmatch(text))]
    return Spoken(
        line=line,
        tally=Tally(
            passed=max(0, count - failed - skipped),
            failed=failed,
            skipped=skipped,
            names=names(failing) if failed else (),
        ),
    )


def _nameless(tally: Tally) -> Tally:
    """Nothing failed: what looked like a name was something else."""
    return Tally(
        passed=tally.passed, failed=tally.failed, errors=tally.errors, skipped=tally.skipped
    )


def _java(name: str) -> str:
    """``test(com.example.Case)``, as older versions write it."""
    match = _OLD_NAME.fullmatch(name)
    return name if match is None else f"{match[2]}.{match[1]}"
