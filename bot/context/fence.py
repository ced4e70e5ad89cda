"""Text from outside as data: fences that nothing in it can close, and nothing invisible inside."""

from __future__ import annotations

import re

from bot.models import FileDiff, FileStatus
from bot.models.text import visible


def fenced(text: str, info: str = "") -> str:
    """A fence longer than any run of backticks inside, with hostile characters made visible."""
    shown = as_shown(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{info}\n{shown}\n{ticks}"


def as_shown(text: str) -> str:
    """With control and invisible characters made visible; line feeds and tabs stay."""
    return "\n".join(_shown(line) for line in text.split("\n"))


def clipped(text: str, limit: int) -> str:
    """Its first ``limit`` characters, and how many more there are."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n… ({len(text) - limit} characters left out)"


def render_file(file: FileDiff) -> str:
    """One file's part of the diff, with its paths made visible."""
    old = "/dev/null" if file.status is FileStatus.ADDED else f"a/{visible(file.old_path)}"
    new = "/dev/null" if file.status is FileStatus.DELETED else f"b/{visible(file.path)}"
    head = [f"--- {old}", f"+++ {new}"]
    if file.old_mode != file.new_mode and file.status is FileStatus.MODIFIED:
        head.append(f"mode {file.old_mode} -> {file.new_mode}")
    if file.binary:
        return "\n".join([*head, "(binary)"])
    body = [
        line
        for hunk in file.hunks
        for line in (
            f"@@ -{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines} @@"
            f" {hunk.heading}".rstrip(),
            *hunk.lines,
        )
    ]
    return "\n".join([*head, *body])


def _shown(line: str) -> str:
    """Tabs stay: they are indentation."""
    return "\t".join(visible(part) for part in line.split("\t"))
