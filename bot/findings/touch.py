"""Was the code that an issue is about changed? The rows of the table in `bot.findings.evidence`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.findings.block import around
from bot.findings.code import CONTROL, grown, names, renames, stripped, tokens
from bot.findings.edits import Edit, edits, holds, lost_comment, suppresses, telling
from bot.findings.symbols import about_comments, calls, defined, idle, named_in
from bot.findings.track import Spot, change_of, plain_path
from bot.models import Diff, FileDiff, FileStatus, KnownIssue, Side

WIDE = 8
"""A range of more lines is a place to look in, and a change somewhere in it says little."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """``what`` happened, as the beginning of a sentence; ``proof``: it can have fixed the issue."""

    what: str
    proof: bool = False


_Lines = Mapping[str, Sequence[str]]
_UNCHANGED = Touched(what="its code has not changed since")
_MOVED = Touched(what="its code stands elsewhere now")


def touch(
    issue: KnownIssue,
    spot: Spot,
    diff: Diff | None,
    lines: _Lines,
    *,
    deleted: bool,
    exact: bool,
    whole: bool = False,
) -> Touched:
    """``deleted``: the pull request deletes its file. ``exact``: only analyzers found it.

    ``whole``: ``lines`` has every file that the pull request changes, so that a file which is not
    there under its name can only be one of them.
    """
    path = plain_path(issue.file)
    if not path:
        return Touched(what="it is about no file, so no change can be told to concern it")
    if diff is None:
        return _by_text(issue, spot, lines, deleted=deleted, whole=whole)
    file = change_of(path, diff)
    if file is not None and file.status is FileStatus.DELETED:
        if spot.stands:
            return _MOVED
        return Touched(what="its file was deleted", proof=True)
    if exact and file is not None and (edits(file) or suppresses(file)):
        return Touched(what="its file was changed", proof=True)
    return _by_diff(issue, spot, file, lines, diff)


def rewritten(issue: KnownIssue, spot: Spot, diff: Diff | None, lines: _Lines, now: str) -> bool:
    """Whether its own lines read otherwise than when it was last seen; ``now``: what they read.

    Not asked of the code around: what a person dismissed comes back only if it was touched itself.
    """
    own = _own(issue)
    if not own or spot.stands or issue.side is Side.LEFT:
        return False
    if holds(stripped(now.split("\n"), spot.file), own):
        return False
    if diff is None:
        text = stripped(lines.get(spot.file, ()), spot.file)
        return bool(text) and not any(line in text for line in own)
    file = change_of(plain_path(issue.file), diff)
    return file is not None and bool(_changed_lines(issue, own, edits(file), diff))


def _own(issue: KnownIssue) -> list[str]:
    code = stripped(issue.code.split("\n"), issue.file)
    return [line for line in code if line]


def _by_diff(
    issue: KnownIssue, spot: Spot, file: FileDiff | None, lines: _Lines, diff: Diff
) -> Touched:
    made = edits(file) if file is not None else ()
    if issue.side is Side.LEFT:
        return _restored(issue, made)
    if issue.line is None:
        return _whole(issue, made)
    own = _own_lines(issue, made, diff)
    if own is not None:
        return own
    about = about_comments(_words(issue))
    if about and file is not None and lost_comment(file, issue.code):
        return Touched(what="its comment was changed", proof=True)
    block = around(lines.get(spot.file, ()), spot.line or issue.line, spot.end_line)
    near = _nearby(issue, block, made)
    if near is not None and near.proof:
        return near
    return _definition(issue, spot.file, block, diff) or near or _untouched(file)


def _untouched(file: FileDiff | None) -> Touched:
    if file is None or edits(file):
        return _UNCHANGED
    renamed = file.status is FileStatus.RENAMED
    return Touched(
        what="its file was only renamed" if renamed else "only spaces or comments changed"
    )


def _restored(issue: KnownIssue, made: Sequence[Edit]) -> Touched:
    own = _own(issue)
    back = any(holds(edit.new, own) for edit in made)
    words = "the removed lines are back" if back else "the removed lines are not back"
    return Touched(what=words, proof=back)


def _whole(issue: KnownIssue, made: Sequence[Edit]) -> Touched:
    wanted = named_in(_words(issue))
    for edit in made:
        shared = wanted & _changed_names(edit)
        if shared and _acts(edit, shared, made):
            return Touched(what=f"`{min(shared)}` was changed in its file", proof=True)
    return Touched(what="the changes of its file do not name what it is about")


def _own_lines(issue: KnownIssue, made: Sequence[Edit], diff: Diff) -> Touched | None:
    """None: they stand as they were."""
    if _height(issue) > WIDE:
        return None
    own = _own(issue)
    changed = _changed_lines(issue, own, made, diff)
    if not changed:
        return None
    new = [line for edit in _overlapping(issue, made) for line in edit.fresh]
    if _all_grown(changed, new):
        return Touched(what="its line only has more of what it had")
    if _all_renamed(changed, new, made):
        return Touched(what="only a name changed in its line")
    what = "its lines were changed" if new else "its lines were removed"
    return Touched(what=what, proof=True)


def _changed_lines(
    issue: KnownIssue, own: Sequence[str], made: Sequence[Edit], diff: Diff
) -> list[str]:
    """Its own lines that were taken away and stand nowhere among what was added."""
    lost = [line for edit in _overlapping(issue, made) for line in edit.lost]
    gone = [line for line in lost if line in own or not own]
    if not gone:
        return []
    added = {line for file in diff.files for edit in edits(file) for line in edit.new}
    return [line for line in gone if line not in added or not telling([line])]


def _overlapping(issue: KnownIssue, made: Iterable[Edit]) -> list[Edit]:
    first = issue.line or 1
    last = max(first, issue.end_line or first)
    return [edit for edit in made if edit.first <= last and edit.last >= first]


def _all_grown(changed: Sequence[str], new: Sequence[str]) -> bool:
    return all(any(grown([line], [other]) for other in new) for line in changed)


def _all_renamed(changed: Sequence[str], new: Sequence[str], made: Sequence[Edit]) -> bool:
    """Every difference is a name that was replaced on another line as well."""
    pairs = [
        (old, swapped)
        for edit in made
        for old, now in zip(edit.old, edit.new, strict=False)
        if (swapped := renames(old, now))
    ]
    for line in changed:
        swapped = next((s for other in new if (s := renames(line, other))), None)
        if swapped is None or not all(
            any(old != line and swap in other for old, other in pairs) for swap in swapped
        ):
            return False
    return True


def _nearby(issue: KnownIssue, block: tuple[int, int], made: Sequence[Edit]) -> Touched | None:
    """In the same function, on what its code or its words name; None if nothing changed there."""
    inside = [edit for edit in made if _inside(edit, block)]
    for edit in inside:
        shared = _named(issue) & _changed_names(edit)
        if shared and _acts(edit, shared, made):
            name = min(shared)
            return Touched(what=f"code around it that names `{name}` changed", proof=True)
    return Touched(what="the changes around it do not concern it") if inside else None


def _inside(edit: Edit, block: tuple[int, int]) -> bool:
    return edit.at <= block[1] and edit.until >= block[0]


def _named(issue: KnownIssue) -> frozenset[str]:
    return frozenset().union(*map(names, _own(issue))) | named_in(_words(issue))


def _words(issue: KnownIssue) -> str:
    return f"{issue.title}\n{issue.description}"


def _changed_names(edit: Edit) -> frozenset[str]:
    rest = [line for line in (*edit.fresh, *edit.lost) if not idle(line)]
    return frozenset().union(*map(names, rest))


def _acts(edit: Edit, shared: frozenset[str], made: Sequence[Edit]) -> bool:
    """Whether it changes what happens to these names: a condition, a call, another value."""
    fresh = [line for line in edit.fresh if not idle(line)]
    lost = [line for line in edit.lost if not idle(line) and names(line) & shared]
    if lost and not _all_grown(lost, fresh):
        return not _all_renamed(lost, fresh, made)
    kinds = {token.kind for line in fresh for token in tokens(line)}
    return bool(kinds & CONTROL) or any(calls(line) for line in fresh)


def _definition(issue: KnownIssue, path: str, block: tuple[int, int], diff: Diff) -> Touched | None:
    """What its code or its words name was changed where it is defined."""
    wanted = _named(issue)
    for file in diff.files:
        for edit in edits(file):
            here = file.path == path
            name = defined(edit)
            if name not in wanted or (here and _inside(edit, block)):
                continue
            if any(not idle(line) for line in (*edit.fresh, *edit.lost)):
                where = "its file" if here else file.path
                return Touched(what=f"`{name}` was changed in {where}", proof=True)
    return None


def _by_text(
    issue: KnownIssue, spot: Spot, lines: _Lines, *, deleted: bool, whole: bool
) -> Touched:
    """The earlier commit is gone: all there is to compare are its own lines."""
    own = _own(issue)
    if spot.stands:
        same = spot.file == plain_path(issue.file)
        return Touched(what="its code still stands there") if same else _MOVED
    if deleted:
        return Touched(what="its file was deleted", proof=True)
    text = stripped(lines.get(spot.file, ()), spot.file)
    if not text and whole:
        text = [line for path, found in lines.items() for line in stripped(found, path)]
    everywhere = {line for path, found in lines.items() for line in stripped(found, path)}
    if not text or not telling(own) or issue.side is Side.LEFT:
        return Touched(what="the commit it was seen on is gone, and its code cannot be compared")
    if any(line in everywhere for line in own if telling([line])):
        return Touched(what="some of its code still stands")
    if _all_grown(own, text):
        return Touched(what="its line only has more of what it had")
    return Touched(what="its lines stand nowhere any more", proof=True)


def _height(issue: KnownIssue) -> int:
    return max(0, (issue.end_line or 0) - (issue.line or 0)) + 1
