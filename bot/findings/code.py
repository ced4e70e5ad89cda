"""What of a line of source is code: without comments, and with white space that means nothing.

Nothing here knows a language's grammar. A line is read by itself, because a diff shows no more; a
mistake makes a comment look like code, or a string like one, and both only make a proof weaker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

_HASH = frozenset(
    {"py", "pyi", "rb", "sh", "bash", "zsh", "yaml", "yml", "toml", "pl", "r", "tf", "mk", "cmake",
     "cfg", "ini", "conf", "ex", "exs", "nix", "dockerfile", "makefile", "gemfile", "rakefile"}
)  # fmt: skip
_DASHES = frozenset({"sql", "lua", "hs", "elm", "adb", "ads"})
_PROSE = frozenset({"md", "rst", "txt", "adoc", ""})
_QUOTES = "\"'`"
_WORD = re.compile(r"\w+|[^\w\s]")
_CALL = re.compile(r"([A-Za-z_]\w{2,})\s*[!?]?\(")
_DEFINITION = re.compile(
    r"\s*(?:@\w|#\[|(?:(?:pub(?:\(\w+\))?|export|default|async|static|private|public|protected|abstract"
    r"|final|override|virtual|inline)\s+)*(?:def|class|func|function|fn|interface|struct|impl|module"
    r"|enum|trait)\b)"
)
_KEYWORDS = frozenset(
    {"if", "for", "while", "switch", "return", "catch", "match", "with", "elif", "and", "not",
     "def", "func", "function", "fn", "class", "print", "len", "str", "int", "range", "super"}
)  # fmt: skip


def comment_marks(path: str) -> tuple[str, ...]:
    """What begins a comment that lasts to the end of its line, by the file's name."""
    name = PurePosixPath(path).name.lower()
    kind = name.rpartition(".")[2] if "." in name else name
    if kind in _HASH:
        return ("#",)
    if kind in _DASHES:
        return ("--",)
    if kind in _PROSE:
        return ()
    return ("//", "/*")


def tokens(line: str, path: str) -> tuple[str, ...]:
    """The line's words and signs, without a comment; a string is one token with its quotes."""
    return tuple(_tokens(line, comment_marks(path)))


def _tokens(line: str, marks: tuple[str, ...]) -> Iterator[str]:
    if marks == ("//", "/*") and line.lstrip().startswith(("*", "*/")):
        return  # inside a block comment, as those are written
    position = 0
    while position < len(line):
        if line.startswith(marks, position) if marks else False:
            return
        letter = line[position]
        if letter in _QUOTES:
            end = _end_of_string(line, position)
            yield line[position:end]
            position = end
            continue
        match = _WORD.match(line, position)
        if match is None:
            position += 1
            continue
        yield match[0]
        position = match.end()


def _end_of_string(line: str, start: int) -> int:
    quote, position = line[start], start + 1
    while position < len(line):
        if line[position] == "\\":
            position += 2
            continue
        if line[position] == quote:
            return position + 1
        position += 1
    return len(line)


def same_code(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether nothing was done but to write more into a string (one more interpolation, say)."""
    if len(old) != len(new):
        return False
    return all(a == b or _only_longer(a, b) for a, b in zip(old, new, strict=True))


def _only_longer(old: str, new: str) -> bool:
    if old[:1] not in _QUOTES or new[:1] != old[:1]:
        return False
    left = iter(_WORD.findall(new))
    return all(word in left for word in _WORD.findall(old)) and len(new) > len(old)


def called(code: str) -> frozenset[str]:
    """Names that the code calls, without those that are everywhere."""
    return frozenset(_CALL.findall(code)) - _KEYWORDS


def begins_definition(line: str) -> bool:
    """Whether the line begins a function, a class or its like, or what is written before one."""
    return _DEFINITION.match(line) is not None


def defines(line: str, name: str) -> bool:
    """Whether the line begins the definition of ``name``, in any of the usual ways."""
    word = rf"\b{re.escape(name)}\b"
    said = rf"\b(?:def|func|function|fn|class|sub|proc)\b[^=]*?{word}"
    bound = rf"{word}\s*(?:=|:)\s*(?:async\s*)?(?:function\b|\()"
    return re.search(f"{said}|{bound}", line[:500]) is not None
