"""Which paths a repair may change: those of the change, and what is allowed besides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pathspec

from bot.checkout.draft import workflows
from bot.models import Diff, FileStatus


def files_of(diff: Diff) -> frozenset[str]:
    return frozenset(file.path for file in diff.files if file.status is not FileStatus.DELETED)


def allowing(
    files: Collection[str], also: Sequence[str], *, may_change_workflows: bool
) -> Callable[[str], str]:
    spec = pathspec.GitIgnoreSpec.from_lines(also)

    def why_not(path: str) -> str:
        if not may_change_workflows and (reason := workflows(path)):
            return reason
        if path in files or spec.match_file(path):
            return ""
        return "it is no file of the pull request"

    return why_not
