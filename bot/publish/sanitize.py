"""The one place where text of models and pull requests becomes Markdown that is safe to post.

What comes in may ping people, close issues, load images, fold our words away or forge our marker.
The text is taken apart line by line and written again: fenced code in fences of our own, code
spans with delimiters of our own, and everything else with every active character escaped. Nothing
depends on GitHub reading the text as we do: a span never leaves its line, and a line that could
start a table, a heading or a fence is shown as it was typed.

Mentions and references are set as code, because GitHub looks for them in the rendered text, where
an escape no longer helps; it never looks inside code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from bot.models.text import visible
from bot.publish.redact import redact

_RUN = re.compile(r"`+")
_FENCE = re.compile(
    r"(?P<prefix>(?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*)(?P<ticks>`{3,}|~{3,})(?P<info>[^`]*)"
)
_INFO = re.compile(r"[A-Za-z0-9_+#.-]{1,20}")
_ACTIVE_INFO = frozenset({"suggestion", "mermaid", "geojson", "topojson", "stl", "math"})
"""Fences that GitHub turns into something else than code."""

# Possessive: a link that is never closed is read once, not once for each of its characters.
_LINK = re.compile(r"!?\[([^\[\]]*+)\]\(\s*+<?([^()\s<>]*+)>?[^()]*+\)")
_LIVE = re.compile(
    r"""
      (?:https?|ftp)://[^\s`]+ | www\.[^\s`]+                  # GitHub links these by itself
    | (?:(?<![\w.+-])[\w.+-]*)?@\w[\w./@-]*                   # people, teams, e-mail, commits
    | (?:(?<![\w./-])[\w./-]*)?\#\d[\w-]*                    # issues, here and elsewhere
    | GH-\d+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_AFTER = ".,;:!?)'\""
_ESCAPES = {
    "&": "&amp;", "<": "&lt;", "\\": "\\\\", "`": "\\`", "[": "\\[", "]": "\\]", "|": "\\|",
    "~": "\\~", "$": "\\$", "_": "\\_", "#": "\\#",
}  # fmt: skip
_HEADING = re.compile(r"^(\s{0,3})#{1,6}\s+")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def clean(text: str, *, limit: int, secrets: Iterable[str] = ()) -> str:
    """Paragraphs, lists, emphasis and code survive; at most ``limit`` characters and a note."""
    return _limited(redact(_lines(text), secrets).strip("\n"), limit, _blocks)


def inline(text: str, *, limit: int, secrets: Iterable[str] = ()) -> str:
    """One line: for titles and list entries. Emphasis does not survive, code does."""
    return _limited(" ".join(redact(text, secrets).split()), limit, lambda t: _line(t, flat=True))


def cell(text: str, *, limit: int, secrets: Iterable[str] = ()) -> str:
    """One line inside a table, where a pipe ends a cell even in code."""
    return _piped(inline(_unpiped(text), limit=limit, secrets=secrets))


def plain(text: str, *, limit: int, secrets: Iterable[str] = ()) -> str:
    """For places that render no Markdown (annotations, titles of checks)."""
    return _limited(redact(_lines(text), secrets).strip(), limit, _seen)


def code(text: str, *, limit: int = 200, secrets: Iterable[str] = ()) -> str:
    """A code span on one line: paths, ids, names of agents."""
    return _limited(" ".join(redact(text, secrets).split()), limit, lambda t: span(_seen(t)))


def cell_code(text: str, *, limit: int = 200, secrets: Iterable[str] = ()) -> str:
    """The same inside a table."""
    return _piped(code(_unpiped(text), limit=limit, secrets=secrets))


def fence(text: str, info: str = "", *, secrets: Iterable[str] = (), own: bool = False) -> str:
    """Fenced code, with a fence longer than any run of backticks inside.

    ``own``: the info string is harness's own word, so it may be an active one (a suggestion).
    """
    return _fence(_seen(redact(_lines(text), secrets)), info, own=own)


def unchanged(text: str, secrets: Iterable[str] = ()) -> bool:
    """Whether the text can be shown exactly: a suggestion must be what will be committed."""
    return _seen(redact(text, secrets)) == text


def span(text: str) -> str:
    """A code span around text that is visible already."""
    text = text.strip()
    if not text:
        return ""
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def left_out(count: int) -> str:
    """The note of every cut."""
    return f"… ({count:,} characters left out)"


def _limited(text: str, limit: int, write: Callable[[str], str]) -> str:
    """Escapes make text longer: what is taken shrinks until what is written fits."""
    take = min(limit, len(text))
    written = write(text[:take])
    while len(written) > limit and take > 1:
        take = max(1, min(take - 1, take * limit // len(written)))
        written = write(text[:take])
    if take < len(text):
        separator = "\n\n" if "\n" in written else " "
        return f"{written}{separator}{left_out(len(text) - take)}"
    return written


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _seen(text: str) -> str:
    """Hidden, bidirectional and control characters as escapes; line ends and tabs stay."""
    return "\n".join(
        "\t".join(visible(part) for part in line.split("\t")) for line in text.split("\n")
    )


def _blocks(text: str) -> str:
    parts = [
        _fence("\n".join(lines), info)
        if is_code
        else "\n".join(_line(line) for line in lines).strip("\n")
        for is_code, lines, info in _sections(_seen(text).split("\n"))
    ]
    return "\n\n".join(part for part in parts if part)


def _sections(lines: list[str]) -> Iterator[tuple[bool, list[str], str]]:
    """(is it code, lines, info string), in order; an open fence ends with the text."""
    text: list[str] = []
    index = 0
    while index < len(lines):
        opening = _FENCE.fullmatch(lines[index])
        if opening is None:
            text.append(lines[index])
            index += 1
            continue
        if text:
            yield False, text, ""
            text = []
        body, index = _until_closed(lines, index + 1, opening["ticks"], len(opening["prefix"]))
        yield True, body, opening["info"].strip()
    if text:
        yield False, text, ""


def _until_closed(lines: list[str], start: int, ticks: str, indent: int) -> tuple[list[str], int]:
    closing = re.compile(rf"[\s>]*{re.escape(ticks[0])}{{{len(ticks)},}}\s*")
    body: list[str] = []
    for index in range(start, len(lines)):
        if closing.fullmatch(lines[index]):
            return body, index + 1
        margin = lines[index][:indent]
        body.append(lines[index][indent:] if not margin.strip(" \t>") else lines[index])
    return body, len(lines)


def _fence(shown: str, info: str, *, own: bool = False) -> str:
    word = _INFO.match(info)
    name = word[0] if word else ""
    if name.lower() in _ACTIVE_INFO and not own:
        name = "text"
    ticks = "`" * max(3, _longest_run(shown) + 1)
    return f"{ticks}{name}\n{shown}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _unpiped(text: str) -> str:
    """A backslash before a pipe cannot be written in a table."""
    return text.replace("\\|", "\\¦")


def _piped(markdown: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", markdown)


def _line(line: str, *, flat: bool = False) -> str:
    """One line outside fences: code spans written anew, the rest escaped."""
    if flat:
        line = _seen(line)
    if not any(character.isalpha() for character in line):
        # Rules, rows of tables, empty items: as they were typed.
        return _text(line, lambda text: _PUNCTUATION.sub(r"\\\g<0>", text))
    line = _HEADING.sub(r"\1", line, count=1)
    escape = _flat if flat else _escaped
    parts: list[str] = []
    position = 0
    for start, end, ticks in _spans(line):
        parts += (_text(line[position:start], escape), span(line[start + ticks : end - ticks]))
        position = end
    parts.append(_text(line[position:], escape))
    return _joined(parts)


def _spans(line: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, length of the delimiter) of every code span that ends on its line."""
    runs = [(match.start(), len(match[0])) for match in _RUN.finditer(line)]
    later: dict[int, list[int]] = {}
    for start, ticks in reversed(runs):
        later.setdefault(ticks, []).append(start)
    done = 0
    for start, ticks in runs:
        closers = later[ticks]
        while closers and closers[-1] <= start:
            closers.pop()
        if start >= done and closers:
            done = closers[-1] + ticks
            yield start, done, ticks


def _text(text: str, escape: Callable[[str], str]) -> str:
    """Between code spans: links as words, live words as code, active characters escaped."""
    text = _LINK.sub(_link, text)
    parts: list[str] = []
    position = 0
    for match in _LIVE.finditer(text):
        word = match[0].rstrip(_AFTER)  # the sentence's own punctuation
        parts += (escape(text[position : match.start()]), span(word))
        position = match.start() + len(word)
    parts.append(escape(text[position:]))
    return _joined(parts)


def _joined(parts: Iterable[str]) -> str:
    """Two code spans side by side would become one: a space keeps them apart."""
    line = ""
    for part in parts:
        gap = " " if line.endswith("`") and part.startswith("`") else ""
        line += gap + part
    return line


def _link(match: re.Match[str]) -> str:
    words, target = match[1].strip(), match[2]
    return f"{words} ({target})" if words and words != target else target


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def _flat(text: str) -> str:
    return _escaped(text).replace("*", "\\*")
