"""Reads a review that was written as prose: what it reports, never that there is nothing to report.

A review is cut into items: headings, list entries, table rows, and paragraphs that begin with a
severity. An item that says a severity, or stands under a heading that does, is a finding if it
names a file that exists. Whatever else the text says (approved, LGTM, "no issues") is no result: an
agent whose prose holds no finding has not answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.findings import fields
from bot.findings.locations import Place, places
from bot.models import Finding, Severity

MAX_TEXT = 200_000
"""Characters, from the end: agents speak while they work, and answer last."""
MAX_ITEMS = 500
TITLE, DESCRIPTION, SHOWN = 300, 8_000, 120

_SEVERITIES = (
    "critical", "blocker", "blocking", "major", "high", "important", "severe", "minor", "medium",
    "moderate", "low", "nit", "trivial",
)  # fmt: skip
_SEVERITY = "|".join(_SEVERITIES)
_WORDS = {"blocking": Severity.CRITICAL}
_BULLET = re.compile(r"[ \t]{0,8}(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+|(?=\*\*[^*\n]{1,200}\*\*:?[ \t]*$)")
_ROW = re.compile(r"[ \t]*\|")
_LEAD = re.compile(rf"[^\w\n]{{0,12}}({_SEVERITY})\b(?![\w-])", re.IGNORECASE)
_TAG = re.compile(
    rf"[\[(]\s?({_SEVERITY})\s?[\])]|\*\*({_SEVERITY})\*\*|`({_SEVERITY})`"
    rf"|\bseverity\W{{1,8}}({_SEVERITY})\b",
    re.IGNORECASE,
)
_GROUP = re.compile(
    rf"[^\w\n]{{0,12}}({_SEVERITY})\b[^\w\n]{{0,6}}(?:severity|priority)?[^\w\n]{{0,6}}"
    r"(?:issues?|findings?|problems?|bugs?|concerns?|items?)?[\W\d]{0,12}$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"[\W]{0,6}(?:files?|locations?|lines?|where|severity|problem|issue|description|details?|impact"
    r"|fix|suggestions?|suggested fix|recommendations?|category|confidence|why|evidence|risk|code"
    r"|reproduc\w*|expected|actual|title)\b[\W]{0,4}[:：]",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\W{0,12}(?:issues?|findings?|problems?|bugs?)?\W{0,8}(?:none|no|nothing|0|zero|n/a)\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r" {0,3}(```|~~~)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Prose:
    """What was found. ``lost``: items with a severity that name no file that there is."""

    findings: tuple[Finding, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        return bool(self.findings) and not self.lost


@dataclass(slots=True)
class _Item:
    severity: Severity | None
    lines: list[str] = field(default_factory=list)
    titled: bool = False
    """Begun by a heading of its own: list entries below belong to it."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


def read_prose(text: str, *, agent: str, sizes: Mapping[str, int]) -> Prose:
    """``sizes``: the number of lines of each file that there is."""
    findings: list[Finding] = []
    lost: list[str] = []
    for item in _items(text[-MAX_TEXT:]):
        if item.severity is None or len(findings) + len(lost) >= MAX_ITEMS:
            continue
        place = _place(item.text, sizes)
        if place is None:
            lost.append(_short(item.text))
        else:
            findings.append(_finding(agent, item.severity, item.text, place))
    return Prose(findings=tuple(findings), lost=tuple(lost))


def _items(text: str) -> Iterator[_Item]:
    group: Severity | None = None
    item = _Item(severity=None)
    code = ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if fence is not None:
            code = "" if code == fence[1] else code or fence[1]
        begun = None if code or fence is not None else _begun(line, group, item)
        if begun is None:
            item.lines.append(line)
            continue
        yield item
        group, item = begun
    yield item


def _begun(line: str, group: Severity | None, now: _Item) -> tuple[Severity | None, _Item] | None:
    """(the group from here on, the new item) if the line begins one."""
    heading = _HEADING.match(line)
    if heading is not None and not _LABEL.match(line):
        return _under_heading(line[heading.end() :])
    if _ROW.match(line):
        return group, _Item(severity=_in_row(line), lines=[line])
    bullet = _BULLET.match(line)
    rest = line[bullet.end() :] if bullet is not None else line
    if _LABEL.match(rest):
        if now.severity is None:
            now.severity = _own(rest)  # "Severity: high" under a heading of its own
        return None
    own = _own(rest)
    if bullet is None:
        return (group, _Item(severity=own, lines=[rest])) if own and _LEAD.match(rest) else None
    if own is None and (now.titled or line[:1] in (" ", "\t")):
        return None  # a part of what is said above
    nothing = own is None and _NOTHING.match(rest) is not None
    return group, _Item(severity=None if nothing else own or group, lines=[rest])


def _under_heading(title: str) -> tuple[Severity | None, _Item]:
    match = _GROUP.match(title)
    if match is not None:
        return _severity(match[1]), _Item(severity=None, lines=[])
    own = _own(title)
    return None, _Item(severity=own, lines=[title], titled=True)


def _own(text: str) -> Severity | None:
    """The severity that the text gives itself, at its beginning or as a tag near it."""
    lead = _LEAD.match(text)
    if lead is not None:
        return None if _NOTHING.match(text, lead.end()) else _severity(lead[1])
    tag = _TAG.search(text[:SHOWN])
    return _severity(next(filter(None, tag.groups()))) if tag is not None else None


def _in_row(line: str) -> Severity | None:
    for cell in line.split("|"):
        word = re.sub(r"[^\w]", "", cell).lower()
        if word in _SEVERITIES:
            return _severity(word)
    return None


def _severity(word: str) -> Severity | None:
    return _WORDS.get(word.lower()) or fields.severity(word)


def _place(text: str, sizes: Mapping[str, int]) -> Place | None:
    """The first with a line, else the first; a table may have the line in a cell of its own."""
    found = places(text, sizes)
    if not found:
        return None
    best = next((place for place in found if place.line is not None), found[0])
    if best.line is None and _ROW.match(text):
        best = _with_cell(best, text, sizes)
    elif best.line is None:
        best = _with_label(best, text, sizes)
    return best


_CELL = re.compile(r"\|\s{0,4}`?L?(\d{1,7})(?:\s?[-–]\s?(\d{1,7}))?`?\s{0,4}(?=\|)")
_LINE_LABEL = re.compile(
    r"\blines?\W{1,8}(\d{1,7})(?:\s?[-–]\s?(\d{1,7}))?(?![\d.])", re.IGNORECASE
)


def _with_cell(place: Place, text: str, sizes: Mapping[str, int]) -> Place:
    return _lined(place, _CELL.search(text, place.end), sizes)


def _with_label(place: Place, text: str, sizes: Mapping[str, int]) -> Place:
    return _lined(place, _LINE_LABEL.search(text), sizes)


def _lined(place: Place, match: re.Match[str] | None, sizes: Mapping[str, int]) -> Place:
    if match is None or not 1 <= int(match[1]) <= sizes[place.file]:
        return place
    first = int(match[1])
    last = int(match[2]) if match[2] and first < int(match[2]) <= sizes[place.file] else None
    return Place(file=place.file, line=first, end_line=last, start=place.start, end=place.end)


def _finding(agent: str, severity: Severity, text: str, place: Place) -> Finding:
    return Finding(
        agent=agent,
        severity=severity,
        file=place.file,
        description=fields.text(text, DESCRIPTION),
        title=_title(text, place),
        line=place.line,
        end_line=place.end_line,
    )


def _title(text: str, place: Place) -> str:
    """The first line without markup, severity and place."""
    line = text.split("\n", 1)[0]
    if place.end <= len(line):
        line = f"{line[: place.start]} {line[place.end :]}"
    line = re.sub(r"\[[^\]\n]{0,300}\]?\(?[^)\n]{0,10}\)?$|[*_`#|\[\]]+", " ", line)
    line = re.sub(rf"[\[(]?\b(?:{_SEVERITY})\b[\])]?", " ", line, count=1, flags=re.IGNORECASE)
    line = re.sub(r"\s+", " ", line).strip(" \t-–—:.,;()[]")
    return fields.clip(re.sub(r"^[^\w`'\"]+", "", line), TITLE)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 2 * SHOWN else f"{line[: 2 * SHOWN]}…"
