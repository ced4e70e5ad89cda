"""Where the result of one run is told, and reading it from there: a report, else what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.checkout.files import read_file
from bot.testrun.go_events import GoEvents
from bot.testrun.junit import MAX_BYTES, read_junit
from bot.testrun.listing import report_files
from bot.testrun.output import read_output
from bot.testrun.plan import Form, Plan
from bot.testrun.reports import read_jest, read_rspec
from bot.testrun.tally import Tally, total

MAX_TOTAL = 4 * MAX_BYTES
"""Of all files of one run."""


class Results:
    """Made before the run: a report that lies in the tree already is nobody's result."""

    def __init__(self, tree: Path, plan: Plan, report: str) -> None:
        self._tree = tree
        self._plan = plan
        self._report = f"{plan.folder}/{report}" if plan.folder else report
        self.events = GoEvents() if plan.form is Form.EVENTS else None
        self._before = report_files(tree, plan.folder) if plan.form is Form.FOLDERS else {}

    def tally(self, text: str) -> Tally | None:
        """None: neither a report nor ``text`` says how the tests ended."""
        if self.events is not None and self.events.seen:
            return self.events.tally()
        try:
            tally = self._from_report()
        except ValueError:
            tally = None
        return tally if tally is not None else read_output(text, self._plan.framework)

    def _from_report(self) -> Tally | None:
        if self._plan.form is Form.FOLDERS:
            return self._from_folders()
        data = read_file(self._tree, self._report, MAX_BYTES)
        if data is None:
            return None
        if self._plan.form is Form.JEST:
            return read_jest(data)
        if self._plan.form is Form.RSPEC:
            return read_rspec(data)
        return read_junit(data, separator=self._plan.separator)

    def _from_folders(self) -> Tally | None:
        now = report_files(self._tree, self._plan.folder)
        fresh = [path for path, stamp in now.items() if self._before.get(path) != stamp]
        return total(self._each(fresh)) if fresh else None

    def _each(self, paths: list[str]) -> Iterator[Tally]:
        room = MAX_TOTAL
        for path in paths:
            data = read_file(self._tree, path, min(room, MAX_BYTES))
            if data is None:
                raise ValueError(f"{path} cannot be read, or is too large with those before it")
            room -= len(data)
            yield read_junit(data)
