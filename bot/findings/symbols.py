"""Definitions, calls and names that lines of many languages, and words about them, speak of."""

from __future__ import annotations

import re

from bot.findings.code import CONTROL, names, only_says
from bot.findings.edits import Edit

MAX_WORDS = 4_000
MAX_HEADER = 300
"""Characters of the beginning of a definition."""


def calls(line: str) -> bool:
    return _CALL.search(line) is not None


def idle(line: str) -> bool:
    """Whether it changes nothing of what happens: it logs, prints or imports."""
    return only_says(line) or _IMPORT.match(line) is not None


def named_in(words: str) -> frozenset[str]:
    """Names that a text for people spells as code."""
    text = words[:MAX_WORDS]
    quoted = " ".join(_QUOTED.findall(text))
    spelled = " ".join(word for word in _WORD.findall(text) if _AS_CODE.search(word))
    return names(f"{quoted} {spelled}")


def about_comments(words: str) -> bool:
    """Whether it is a comment that is wrong, and not the code."""
    return _COMMENTS.search(words[:MAX_WORDS]) is not None


def defined(edit: Edit) -> str:
    """The name of the definition that the edit is inside of, or changes; empty for none."""
    for whole in (*edit.lost, *reversed(edit.lead)):
        line = whole[:MAX_HEADER]
        found = _DEFINES.match(line) or _METHOD.match(line) or _CONSTANT.match(line)
        name = found[found.lastindex or 0] if found else ""
        if name and name.lower() not in CONTROL:
            return name
    return ""


_COMMENTS = re.compile(r"\b(?:comments?|docstrings?|typos?|misspell\w*|todos?)\b", re.IGNORECASE)
_CALL = re.compile(r"\w\s*\(")
_IMPORT = re.compile(r"(?:import|from|#include|use|using|require|package)\b")
_QUOTED = re.compile(r"`([^`\n]{1,200})`")
_WORD = re.compile(r"[A-Za-z_][\w.]{0,200}(?:\(\))?")
_AS_CODE = re.compile(r"\w_\w|\w\.\w|\(\)$|[a-z0-9][A-Z]")
_DEFINES = re.compile(
    r"(?:[\w@]+\s+){0,4}?(?:def|function|func|fn|class|struct|interface|sub|fun|trait|module)"
    r"\s+(?:\([^)]*\)\s*)?([^\W\d]\w*)"
    r"|(?:export\s+)?(?:const|let|var|val)\s+([^\W\d]\w*)\s*=\s*(?:async\b|function\b|\()"
)
_METHOD = re.compile(r"(?:[\w<>\[\],*&]+\s+){0,5}?([^\W\d]\w*)\s*\([^;=]*\)[\w\s<>.,:]*(?:\{|=>)$")
_CONSTANT = re.compile(r"(?:\w+\s+){0,4}?([A-Z][A-Z\d_]{2,})\s*(?::[^=]*)?=(?!=)")
