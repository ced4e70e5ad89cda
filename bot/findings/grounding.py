"""A finding's place is believed only as far as it exists, and moved to the code that it quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.findings.anchor import changed_file
from bot.models import Diff, Finding, Side

REACH = 5
"""Lines around the named one in which quoted code is looked for."""
_SHORTEST = 6
_QUOTED = re.compile(r"`([^`\n]{6,200})`")


def ground(finding: Finding, lines: Mapping[str, Sequence[str]], diff: Diff) -> tuple[Finding, str]:
    """(the finding, what of its place was not believed). ``lines``: text of the head, by path.

    A file of the diff whose text is not known (deleted, binary, too large) is believed.
    """
    if finding.line is None or finding.side is Side.LEFT:
        return finding, ""
    text = lines.get(finding.file)
    if text is None:
        if changed_file(diff, finding.file) is not None:
            return finding, ""
        return _unlined(finding), f"{finding.file} is no file that can be read here"
    count = _length(text)
    if finding.line > count:
        problem = (
            f"{finding.file} has {count} lines, so line {finding.line} is not in it: the finding is"
            " about the whole file"
        )
        return _unlined(finding), problem
    if finding.end_line is not None and finding.end_line > count:
        finding = replace(finding, end_line=count if count > finding.line else None)
    return _shifted(finding, text), ""


def _length(text: Sequence[str]) -> int:
    """Lines as editors count them: what follows the last line end is none."""
    return len(text) - 1 if text and text[-1] == "" else len(text)


def _unlined(finding: Finding) -> Finding:
    return replace(finding, line=None, end_line=None, replacement=None)


def _shifted(finding: Finding, text: Sequence[str]) -> Finding:
    """On the one line nearby that holds the quoted code, if the named lines hold none of it."""
    line = finding.line
    if line is None or finding.replacement is not None:
        return finding  # a replacement is for exactly these lines
    last = finding.end_line if finding.end_line is not None else line
    quoted = _quoted(finding)
    if not quoted or any(_holds(text[n - 1], quoted) for n in range(line, last + 1)):
        return finding
    near = range(max(1, line - REACH), min(_length(text), last + REACH) + 1)
    there = [n for n in near if _holds(text[n - 1], quoted)]
    if len(there) != 1:
        return finding
    shift = there[0] - line
    end = None if finding.end_line is None else min(_length(text), finding.end_line + shift)
    return replace(finding, line=there[0], end_line=end)


def _quoted(finding: Finding) -> tuple[str, ...]:
    """Code in back quotes, long and odd enough to be told from a word."""
    said = f"{finding.title}\n{finding.description}"
    found = (_plain(code) for code in _QUOTED.findall(said))
    return tuple(code for code in found if len(code) >= _SHORTEST and not code.isidentifier())


def _holds(line: str, quoted: Sequence[str]) -> bool:
    plain = _plain(line)
    return any(code in plain for code in quoted)


def _plain(code: str) -> str:
    return " ".join(code.split())
