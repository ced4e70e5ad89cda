"""What became of a known issue that nobody reported today: addressed, gone with its file, or open.

Silence alone is no proof, and neither is a change alone. An issue is addressed if every agent of
the panel that had found it (one at least) finished on this head, on a file that it was shown, and
the code concerned was changed since the issue was last seen:

| what happened since | proof |
|---|---|
| its own lines were changed or removed, and do not stand elsewhere now | yes |
| its file was deleted by the pull request | yes |
| around it, in the same function, something guards, calls or replaces what it names | yes |
| the definition of something that it names was changed, here or in another file | yes |
| its words are about a comment, and the comment in its lines was changed | yes |
| it is about removed lines, and they are back | yes |
| it is about a whole file, and lines there with names from its words were changed | yes |
| only analyzers had found it, and code or a suppression in its file was changed | yes |
| the earlier commit is gone, and its lines stand nowhere any more | yes |
| blank lines, spaces, comments, messages of a log, other line breaks, renamed variables | no |
| its line only has more of what it had | no |
| its lines were moved, or its file was renamed | no |
| anything else | no |

What a person opened again after it had been addressed stays open, whatever changes: until an agent
finds it again, or a person resolves its thread.

"No" means unknown: the issue stays open, and is listed with the reason. It is stale if its file was
a part of the pull request when it was found, and is not any more; no agent is needed to see that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.findings.anchor import changed_file
from bot.findings.states import OPEN
from bot.findings.touch import Touched, touch
from bot.findings.track import Spot, locate_all, plain_path
from bot.models import Closing, Diff, FileStatus, IssueState, KnownIssue

MAX_NAMES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What there is to judge by on this head."""

    head_sha: str
    diff: Diff
    """The pull request's."""
    since: Mapping[str, Diff]
    """Earlier head -> diff from it to this head."""
    lines: Mapping[str, Sequence[str]]
    """Text of the head: the files of the diff and of known issues."""
    panel: frozenset[str]
    finished: frozenset[str]
    analyzers: frozenset[str] = frozenset()
    unread: Mapping[str, str] = field(default_factory=dict)
    """Files whose findings are left out, and why: silence about them says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighed:
    """Every open issue is in one of them; ``carried`` ones have today's place and the reason."""

    closed: tuple[Closing, ...] = ()
    carried: tuple[KnownIssue, ...] = ()


def weigh(missing: Sequence[KnownIssue], seen: Seen) -> Weighed:
    """A verdict for each open issue of ``missing``; the others stay as they are."""
    closed: list[Closing] = []
    carried: list[KnownIssue] = []
    waiting = [issue for issue in missing if issue.state in OPEN]
    spots = locate_all(waiting, seen.since, seen.lines)
    for issue, spot in zip(waiting, spots, strict=True):
        verdict = _verdict(issue, spot, seen)
        if isinstance(verdict, Closing):
            closed.append(verdict)
        else:
            carried.append(
                replace(
                    issue, file=spot.file, line=spot.line, end_line=spot.end_line, reason=verdict
                )
            )
    return Weighed(closed=tuple(closed), carried=tuple(carried))


def _verdict(issue: KnownIssue, spot: Spot, seen: Seen) -> Closing | str:
    """The proof, or why there is none."""
    if _left(issue, spot, seen):
        reason = "its file is not a part of this pull request any more"
        return Closing(issue=issue, state=IssueState.STALE, reason=reason, commit=seen.head_sha)
    if issue.state is IssueState.REOPENED and issue.reason:
        return issue.reason  # a person's word against ours: only people or a new finding end that
    asked = seen.panel & set(issue.agents)
    if not asked:
        return f"{_listed(issue.agents)}, who found it, did not take part in this review"
    if not asked <= seen.finished:
        return f"{_listed(asked - seen.finished)} did not finish"
    if spot.file in seen.unread:
        return f"its file was not reviewed this time: {seen.unread[spot.file]}"
    touched = _touched(issue, spot, seen, exact=asked <= seen.analyzers)
    if not touched.proof:
        return f"not found again, not proved: {touched.what}"
    return Closing(
        issue=issue,
        state=IssueState.ADDRESSED,
        reason=f"{touched.what}, and {_listed(asked)} did not find it again",
        commit=seen.head_sha,
    )


def _left(issue: KnownIssue, spot: Spot, seen: Seen) -> bool:
    """Its file was in the diff when it was found, and neither it nor its code is now."""
    if not issue.in_diff or not plain_path(issue.file):
        return False
    if any(changed_file(seen.diff, path) for path in (spot.file, plain_path(issue.file))):
        return False
    # After a force-push that took the earlier commit, a file that is gone may have a new name.
    traced = issue.head_sha in seen.since or spot.file in seen.lines
    return traced or not any(file.status in _NAMED_ANEW for file in seen.diff.files)


_NAMED_ANEW = frozenset({FileStatus.ADDED, FileStatus.RENAMED, FileStatus.COPIED})


def _touched(issue: KnownIssue, spot: Spot, seen: Seen, *, exact: bool) -> Touched:
    if issue.head_sha == seen.head_sha:
        return Touched(what="nothing was pushed since it was last seen")
    changed = changed_file(seen.diff, plain_path(issue.file))
    deleted = changed is not None and changed.status is FileStatus.DELETED
    diff = seen.since.get(issue.head_sha)
    return touch(
        issue, spot, diff, seen.lines, deleted=deleted, exact=exact, whole=_read_whole(seen)
    )


def _read_whole(seen: Seen) -> bool:
    return all(
        file.path in seen.lines
        for file in seen.diff.files
        if file.status is not FileStatus.DELETED and not file.binary
    )


def _listed(names: Sequence[str] | frozenset[str]) -> str:
    some = sorted(names)
    if len(some) > MAX_NAMES:
        return f"{', '.join(some[:MAX_NAMES])} and {len(some) - MAX_NAMES} more"
    return " and ".join(filter(None, [", ".join(some[:-1]), *some[-1:]]))
