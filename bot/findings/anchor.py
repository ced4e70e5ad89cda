"""Where GitHub accepts a comment about some lines: in a hunk, on the file, or nowhere."""

from __future__ import annotations

from bot.models import Anchor, Diff, FileDiff, FileStatus, Hunk, Placement, Side


def anchor(file: str, line: int | None, end_line: int | None, side: Side, diff: Diff) -> Anchor:
    """Inline if the lines (or a part of them) are inside one hunk, else the file, else nothing."""
    changed = changed_file(diff, file)
    if changed is None:
        return Anchor(placement=Placement.SUMMARY, path=file, side=side)
    if changed.status is FileStatus.DELETED:
        side = Side.LEFT  # its lines exist on no other side
    if line is not None:
        place = _inside(changed, line, end_line if end_line is not None else line, side)
        if place is not None:
            first, last = place
            return Anchor(
                placement=Placement.INLINE,
                path=changed.path,
                side=side,
                line=last,
                start_line=first if first < last else None,
            )
    return Anchor(placement=Placement.FILE, path=changed.path, side=side)


def changed_file(diff: Diff, path: str) -> FileDiff | None:
    """The file of this name; a renamed one is found by its old name too."""
    found = diff.file(path)
    if found is not None:
        return found
    return next(
        (f for f in diff.files if f.old_path == path and f.status is FileStatus.RENAMED), None
    )


def covers(place: Anchor, line: int | None, end_line: int | None, side: Side) -> bool:
    """Whether the comment stands on exactly these lines of the head: a replacement may be shown."""
    if (
        place.placement is not Placement.INLINE
        or place.side is not Side.RIGHT
        or side != place.side
    ):
        return False
    first = place.start_line if place.start_line is not None else place.line
    return line == first and (end_line if end_line is not None else line) == place.line


def _inside(file: FileDiff, first: int, last: int, side: Side) -> tuple[int, int] | None:
    """The part of the lines that one hunk holds: of the first line's, else the first touched."""
    parts = [
        part for hunk in file.hunks if (part := _overlap(span(hunk, side), first, last)) is not None
    ]
    return min(parts, key=lambda part: part[0]) if parts else None


def span(hunk: Hunk, side: Side) -> tuple[int, int]:
    """(first, last) line of one side that the hunk shows; last < first if it shows none."""
    if side is Side.LEFT:
        return hunk.old_start, hunk.old_start + hunk.old_lines - 1
    return hunk.new_start, hunk.new_start + hunk.new_lines - 1


def _overlap(shown: tuple[int, int], first: int, last: int) -> tuple[int, int] | None:
    start, end = max(shown[0], first), min(shown[1], last)
    return (start, end) if start <= end else None
