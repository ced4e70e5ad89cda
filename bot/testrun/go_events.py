"""The events of ``go test -json``, read line by line: only counts and names are kept."""

from __future__ import annotations

import json

from bot.testrun.tally import MAX_NAME, MAX_NAMES, Tally, leaves, names

MAX_LINE = 64 * 1024


class GoEvents:
    """What a stream of events says so far."""

    def __init__(self) -> None:
        self.seen = False
        """Whether there was any event at all."""
        self._counts = dict.fromkeys(("pass", "fail", "skip"), 0)
        self._failing: list[str] = []
        self._packages_with_failures: set[str] = set()
        self._broken: list[str] = []

    def line(self, line: str) -> str:
        """Take one line; what it says to people. A line that is no event is meant for them."""
        event = _event(line)
        if event is None:
            return line
        self.seen = True
        action, package, test = (_word(event, key) for key in ("Action", "Package", "Test"))
        if test:
            self._ended(action, package, test)
        elif action == "fail" and package not in self._packages_with_failures:
            self._add(self._broken, package)
        if action in ("output", "build-output"):
            return _word(event, "Output").removesuffix("\n")
        return ""

    def tally(self) -> Tally:
        named = leaves(self._failing)
        parents = len(self._failing) - len(named)
        return Tally(
            passed=self._counts["pass"],
            failed=self._counts["fail"] - parents,
            errors=len(self._broken),
            skipped=self._counts["skip"],
            names=names((*named, *self._broken)),
        )

    def _ended(self, action: str, package: str, test: str) -> None:
        if action not in self._counts:
            return
        self._counts[action] += 1
        if action == "fail":
            self._packages_with_failures.add(package)
            self._add(self._failing, f"{package} {test}")

    def _add(self, names: list[str], name: str) -> None:
        if len(names) < MAX_NAMES:
            names.append(name[:MAX_NAME])


def _event(line: str) -> dict[str, object] | None:
    if not line.startswith("{") or len(line) > MAX_LINE:
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and "Action" in event else None


def _word(event: dict[str, object], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else ""
