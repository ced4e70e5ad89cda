"""What in a line of a file is code: no space, no comment; and which names and kinds are in it.

Rough on purpose: it must be right about the common shapes of many languages, and where it is not
sure it says "code", so that nobody is told that nothing changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

MAX_LINE = 2_000
"""Characters of one line that are looked at: minified code is one line of a megabyte."""
MAX_LINES = 10
SAME, FEWEST = 0.7, 3
"""Of the words of two pieces of code: the part, and the number, that makes them alike."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HASH = _words(
    """py pyi rb sh bash zsh fish pl pm r yml yaml toml tf cfg conf mk cmake ex exs jl nim ps1
    dockerfile makefile gemfile rakefile graphql"""
)
_DASHES = _words("sql lua hs elm ada adb vhd vhdl")
_PROSE = _words("md markdown rst txt adoc")
_MARKUP = _words("html htm xml svg vue")

_STRING = r"\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|`(?:\\.|[^`\\])*`?"
_TOKEN = re.compile(rf"(?P<text>{_STRING})|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<sign>\S)")
_INSIDE = re.compile(r"\w+|\S")

CONTROL = _words(
    """assert async await break case catch continue defer elif else ensure except finally for guard
    if in is lock match not nil none null raise recover rescue return select switch synchronized
    throw throws try unless until using when while with yield"""
)
"""Words of languages that change what happens, and no names of things."""
_KEYWORDS = CONTROL | _words(
    """and or def function func fn class struct interface let const var val public private protected
    static final void int str bool string float double true false new self this import from export
    type enum impl pub mut package use end do then begin lambda f r b"""
)
_SAYS = re.compile(
    r"(?:\w+\.)*(?:log|logger|_log|logging|console|print|println|printf|puts|debug|trace|fmt\.Print"
    r"\w*|echo|eprintln!?|println!?|dbg!?|System\.out)\b[.!(\s]",
    re.IGNORECASE,
)
"""A line that only tells somebody something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """``kind``: what it is (`name`, `number`, `text`), or the sign or control word itself."""

    text: str
    kind: str


def tokens(line: str) -> tuple[Token, ...]:
    """Of one line without its comments; the words inside of a text are tokens of kind `text`."""
    found: list[Token] = []
    for match in _TOKEN.finditer(line[:MAX_LINE]):
        kind, word = match.lastgroup or "", match[0]
        if kind == "text":
            found += (Token(text=part, kind="text") for part in _INSIDE.findall(word))
        elif kind == "sign" or word.lower() in CONTROL:
            found.append(Token(text=word, kind=word.lower()))
        else:
            found.append(Token(text=word, kind=kind))
    return tuple(found)


def names(line: str) -> frozenset[str]:
    """Identifiers in a line of code, those inside of texts too: they may be interpolated."""
    words = re.findall(r"[^\W\d]\w*", line[:MAX_LINE])
    return frozenset(w for w in words if len(w) > 1 and w.lower() not in _KEYWORDS)


def vocabulary(code: str) -> Counter[str]:
    """Its words and numbers, without the signs that all code has; of few lines."""
    lines = code.split("\n")[:MAX_LINES]
    words = (token.text for line in lines for token in tokens(line))
    return Counter(word for word in words if word[0].isalnum() or word[0] == "_")


def alike(mine: Counter[str], yours: Counter[str]) -> bool:
    """Whether two pieces of code are one with small edits; too little code is like nothing."""
    whole = max(mine.total(), yours.total())
    return (mine & yours).total() >= max(FEWEST, SAME * whole)


def only_says(line: str) -> bool:
    """Whether it logs or prints, and does nothing else."""
    return _SAYS.match(line.strip()) is not None


def stripped(lines: Iterable[str], path: str) -> list[str]:
    """Each line as its code alone: one space between words, no comment; empty if it has none.

    A comment over several lines is known if its beginning is among the lines.
    """
    marks = _marks(path)
    closing = ""
    found: list[str] = []
    for line in lines:
        text, closing = _without(line[:MAX_LINE], marks, closing)
        text = "" if _is_border(text, marks) else text
        found.append(" ".join(text.split()))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Marks:
    line: tuple[str, ...]
    spans: tuple[tuple[str, str], ...]


_PYTHON = _Marks(line=("#",), spans=(('"""', '"""'), ("'''", "'''")))
_SLASHES = _Marks(line=("//",), spans=(("/*", "*/"),))


def _marks(path: str) -> _Marks:
    name = PurePosixPath(path.lower())
    kind = name.suffix[1:] or name.name
    if kind in ("py", "pyi"):
        return _PYTHON
    if kind in _HASH:
        return _Marks(line=("#",), spans=())
    if kind in _DASHES:
        return _Marks(line=("--",), spans=(("/*", "*/"), ("--[[", "]]")))
    if kind in _PROSE or kind in _MARKUP:
        return _Marks(line=(), spans=(("<!--", "-->"),))
    if kind == "php":
        return _Marks(line=("//", "#"), spans=(("/*", "*/"),))
    return _SLASHES


def _without(line: str, marks: _Marks, closing: str) -> tuple[str, str]:
    """(the line without comments, what ends the comment that is open after it)."""
    kept: list[str] = []
    position = 0
    if closing:
        end = line.find(closing)
        if end < 0:
            return "", closing
        position = end + len(closing)
    while position < len(line):
        span = next((s for s in marks.spans if line.startswith(s[0], position)), None)
        # Three quotes are a comment only where a statement begins; elsewhere they are a value.
        if span is not None and (span[0] not in _QUOTES or not "".join(kept).strip()):
            end = line.find(span[1], position + len(span[0]))
            if end < 0:
                return "".join(kept), span[1]
            position = end + len(span[1])
            continue
        if any(line.startswith(mark, position) for mark in marks.line):
            break
        quoted = _QUOTED.match(line, position)
        kept.append(quoted[0] if quoted else line[position])
        position = quoted.end() if quoted else position + 1
    return "".join(kept), ""


_QUOTES = frozenset(('"""', "'''"))
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`")


def _is_border(text: str, marks: _Marks) -> bool:
    """A line inside of a comment of C's kind whose beginning is not among the lines."""
    plain = text.strip()
    return marks.spans[:1] == (("/*", "*/"),) and (
        plain == "*" or plain.startswith(("* ", "*/", "@param", "@return"))
    )


def grown(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether ``new`` only has more of what ``old`` has: nothing is gone, nothing is of a new kind.

    One more interpolated value, one more argument: what was wrong with it still is.
    """
    before = [token for line in old for token in tokens(line)]
    after = [token for line in new for token in tokens(line)]
    rest = iter(after)
    kept = all(any(token == other for other in rest) for token in before)
    kinds = {token.kind for token in before}
    return bool(before) and kept and all(token.kind in kinds for token in after)


def renames(old: str, new: str) -> frozenset[tuple[str, str]] | None:
    """Names that were replaced if nothing else differs; None if something does."""
    before, after = tokens(old), tokens(new)
    if len(before) != len(after):
        return None
    swapped: set[tuple[str, str]] = set()
    for one, other in zip(before, after, strict=True):
        if one == other:
            continue
        if one.kind != other.kind or not (one.text.isidentifier() and other.text.isidentifier()):
            return None
        swapped.add((one.text, other.text))
    return frozenset(swapped) or None
