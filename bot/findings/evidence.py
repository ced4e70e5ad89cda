"""When is an issue that nobody reports any more really gone? Never by silence alone.

The first row that holds decides; "unknown" leaves the issue open.

| what is known | verdict |
|---|---|
| its file is not a part of the pull request any more | stale |
| an agent that had found it did not finish, or none of them was asked | unknown |
| the head is the one on which it was found | unknown |
| its file was deleted, or its lines are gone | addressed |
| its lines were changed, or code was added or changed beside them | addressed |
| the definition of something that its lines call was changed | addressed |
| its earlier head is gone, and its lines stand nowhere any more | addressed |
| it is about comments or other words, and these were changed | addressed |
| otherwise (comments, white space, text added to a string, moved or other code) | unknown |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bot.findings.anchor import changed_file
from bot.findings.code import begins_definition, called, defines, same_code, tokens
from bot.findings.states import OPEN, after
from bot.findings.track import locate
from bot.models import (
    Act,
    AgentReport,
    Closing,
    Diff,
    FileDiff,
    FileStatus,
    Hunk,
    KnownIssue,
    ReportState,
    Side,
)

BESIDE = 5
"""Lines around an issue's own in which a guard, a lock or a handler would be put."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """Every open issue that was not reported again is in one of the two lists."""

    closed: tuple[Closing, ...] = ()
    carried: tuple[KnownIssue, ...] = ()
    """Still open; ``reason`` says why nothing is proved."""


def settle(
    missing: Sequence[KnownIssue],
    reports: Sequence[AgentReport],
    *,
    diff: Diff,
    since: Mapping[str, Diff],
    lines: Mapping[str, Sequence[str]],
    head_sha: str,
) -> Settled:
    """``diff`` is the pull request's, ``since`` those from earlier heads, ``lines`` the head's."""
    closed: list[Closing] = []
    carried: list[KnownIssue] = []
    for known in missing:
        if known.state not in OPEN:
            continue
        act, reason = _verdict(known, reports, diff, since, lines, head_sha)
        if act is None:
            carried.append(replace(known, reason=reason))
        else:
            state = after(known.state, act)
            closed.append(Closing(issue=known, state=state, reason=reason, commit=head_sha))
    return Settled(closed=tuple(closed), carried=tuple(carried))


def _verdict(
    known: KnownIssue,
    reports: Sequence[AgentReport],
    diff: Diff,
    since: Mapping[str, Diff],
    lines: Mapping[str, Sequence[str]],
    head_sha: str,
) -> tuple[Act | None, str]:
    step = since.get(known.head_sha)
    if _left(known, diff, step):
        return Act.LEFT, "its file is not part of the pull request any more"
    doubt = _not_looked(known, reports)
    if doubt:
        return None, doubt
    who = _listed(sorted(set(known.agents) & {report.agent for report in reports}))
    if known.head_sha == head_sha:
        return None, f"{who} did not report it again, on the same commit"
    change = _unmapped(known, lines) if step is None else _change(known, step)
    if change:
        return Act.FIXED, f"{change}, and {who} did not find it again"
    return None, f"{who} did not report it again, but nothing changed its code"


def _left(known: KnownIssue, diff: Diff, step: Diff | None) -> bool:
    if not known.in_diff:
        return False  # it never was about a file of the pull request
    now = locate(known, step, {}).file
    return changed_file(diff, now) is None and changed_file(diff, known.file) is None


def _not_looked(known: KnownIssue, reports: Sequence[AgentReport]) -> str:
    """Why silence means nothing; empty if everybody who could have seen it has looked."""
    asked = [report for report in reports if report.agent in known.agents]
    if not asked:
        return f"{_listed(known.agents)} found it and did not read this commit"
    missing = [r.agent for r in asked if r.state is not ReportState.FINISHED]
    return f"{_listed(missing)} found it and did not finish" if missing else ""


def _change(known: KnownIssue, step: Diff) -> str:
    """What of the change since it was seen concerns it; empty for nothing."""
    if known.side is Side.LEFT:
        return ""  # the base's lines do not change with the head
    own = next((f for f in step.files if f.old_path == known.file and _continues(f)), None)
    found = "" if own is None else _in_its_file(known, own)
    if found:
        return "" if _moved(known, step) else found
    for file in step.files:
        for name in sorted(called(known.code)):
            if file is not own and _redefines(file, name):
                return f"`{name}` was changed in {file.path}"
    return ""


def _continues(file: FileDiff) -> bool:
    return file.status not in (FileStatus.ADDED, FileStatus.COPIED)


def _in_its_file(known: KnownIssue, file: FileDiff) -> str:
    if file.status is FileStatus.DELETED:
        return f"{file.old_path} was deleted"
    # What is about words, not code, is mended in words.
    words = known.category == "docs" or not _tokenized(known.code.split("\n"), file.path)
    first = known.line
    last = known.end_line if known.end_line is not None else first
    for block in _blocks(file):
        if block.means_nothing(file.path) and not words:
            continue
        if first is None or last is None:
            return f"{file.path} was changed"
        if block.first <= last and block.last >= first:
            return "its lines were changed" if block.added else "its lines are gone"
        near = block.first <= last + BESIDE and block.last >= first - BESIDE
        if near and block.added and not block.is_new_definition:
            return "code beside its lines was changed"
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """Neighbouring changed lines. ``first`` to ``last`` in the old numbering; an insertion lies
    between ``last`` and ``first`` = ``last`` + 1."""

    first: int
    last: int
    removed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def is_new_definition(self) -> bool:
        """A function or a class put in beside: no part of the code that is concerned."""
        written = [line for line in self.added if line.strip()]
        return not self.removed and bool(written) and begins_definition(written[0])

    def means_nothing(self, path: str) -> bool:
        """Nothing but comments and white space was changed, or a string only got longer."""
        old, new = _tokenized(self.removed, path), _tokenized(self.added, path)
        if list(chain(*old)) == list(chain(*new)):
            return True
        return len(old) == len(new) and all(map(same_code, old, new))


def _blocks(file: FileDiff) -> Iterator[_Block]:
    for hunk in file.hunks:
        yield from _of_hunk(hunk)


def _of_hunk(hunk: Hunk) -> Iterator[_Block]:
    removed: list[str] = []
    added: list[str] = []
    # A hunk without old lines names the line before it.
    before = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
    for old, _new, line in (*hunk.numbered(), (None, None, " ")):
        text = line[1:].removesuffix("\r")
        if line.startswith("-"):
            removed.append(text)
        elif line.startswith("+"):
            added.append(text)
        elif line.startswith(" "):
            if removed or added:
                yield _Block(
                    first=before + 1,
                    last=before + len(removed),
                    removed=tuple(removed),
                    added=tuple(added),
                )
                before += len(removed)
                removed, added = [], []
            before = old if old is not None else before


def _moved(known: KnownIssue, step: Diff) -> bool:
    """Whether its lines were put in again somewhere, as they were."""
    code = _tokenized(known.code.split("\n"), known.file)
    return bool(code) and any(
        _holds(_tokenized(block.added, file.path), code)
        for file in step.files
        for block in _blocks(file)
    )


def _redefines(file: FileDiff, name: str) -> bool:
    """Whether the change lies in the definition of ``name``, as far as a diff shows it."""
    for hunk in file.hunks:
        if all(block.means_nothing(file.path) for block in _of_hunk(hunk)):
            continue
        if defines(hunk.heading, name) or any(defines(line[1:], name) for line in hunk.lines):
            return True
    return False


def _unmapped(known: KnownIssue, lines: Mapping[str, Sequence[str]]) -> str:
    """The earlier head is gone: the lines themselves are all there is to look for."""
    text = lines.get(known.file)
    code = _tokenized(known.code.split("\n"), known.file)
    if text is None or not code or known.side is Side.LEFT:
        return ""
    stands = _holds(_tokenized(text, known.file), code)
    return "" if stands else "its lines stand nowhere in the file any more"


def _tokenized(lines: Sequence[str], path: str) -> list[tuple[str, ...]]:
    return [found for line in lines if (found := tokens(line, path))]


def _holds(there: Sequence[tuple[str, ...]], code: Sequence[tuple[str, ...]]) -> bool:
    return any(there[n : n + len(code)] == code for n in range(len(there) - len(code) + 1))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
