"""Ids of issues from what they are about, so that equal findings have equal ids everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.findings.similarity import stem
from bot.ids import content_id
from bot.models import Issue

SHORTEST, LONGEST = 4, 40


def content(issue: Issue) -> str:
    """File, words of the title, text of the lines: what stays the same when lines shift."""
    words = "".join(c.lower() if c.isalnum() else " " for c in issue.title).split()
    code = "\n".join(" ".join(line.split()) for line in issue.code.split("\n"))
    return "\0".join((issue.file, " ".join(stem(word) for word in words), code))


def named(issues: Sequence[Issue], taken: Collection[str] = ()) -> tuple[Issue, ...]:
    """The same issues with ids, none of them in ``taken``.

    Equal contents (one mistake on two equal lines) are told apart by their order in the file.
    Unequal contents whose ids collide get longer ids, all of them, so that order does not matter.
    """
    contents = _numbered(issues)
    ids = {text: content_id("h", text, SHORTEST) for text in contents}
    for length in range(SHORTEST + 1, LONGEST):
        clashing = _clashing(ids, taken)
        if not clashing:
            break
        ids.update((text, content_id("h", text, length)) for text in clashing)
    return tuple(replace(i, id=ids[text]) for i, text in zip(issues, contents, strict=True))


def _numbered(issues: Sequence[Issue]) -> list[str]:
    same: dict[str, list[int]] = defaultdict(list)
    for index, issue in enumerate(issues):
        same[content(issue)].append(index)
    numbered = [""] * len(issues)
    for text, indexes in same.items():
        in_order = sorted(indexes, key=lambda n: (issues[n].line or 0, issues[n].end_line or 0, n))
        for count, index in enumerate(in_order):
            numbered[index] = text if count == 0 else f"{text}\0{count + 1}"
    return numbered


def _clashing(ids: dict[str, str], taken: Collection[str]) -> list[str]:
    holders: dict[str, list[str]] = defaultdict(list)
    for text, name in ids.items():
        holders[name].append(text)
    return [
        text for name, texts in holders.items() if len(texts) > 1 or name in taken for text in texts
    ]
