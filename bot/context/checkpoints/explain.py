"""Which session wrote a file or a line, and its words for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from bot.context.fence import clipped
from bot.models.checkpoints import Checkpoint, Origin, Recorded
from bot.models.context import CommitNote

MAX_WHY = 200
Blamed = Mapping[str, Sequence[tuple[int, str]]]
"""Path -> (line of the head, the commit of this change that wrote it), in order of lines."""


def origins(blamed: Blamed, checkpoints: Sequence[Checkpoint]) -> tuple[Origin, ...]:
    """Runs of lines with the checkpoint of the commit that wrote them."""
    by_commit = _by_commit(checkpoints)
    found: list[Origin] = []
    for path in sorted(blamed):
        lines = [(n, by_commit[sha].id) for n, sha in blamed[path] if sha in by_commit]
        # Neighbouring lines of one checkpoint: their number grows as their place does.
        pairs = enumerate(lines)
        for (_shift, name), run in groupby(pairs, lambda item: (item[1][0] - item[0], item[1][1])):
            numbers = [line for _place, (line, _name) in run]
            found.append(Origin(path=path, start=numbers[0], end=numbers[-1], checkpoint=name))
    return tuple(found)


def explains(
    recorded: Recorded, path: str, line: int | None, commits: Iterable[CommitNote] = ()
) -> Checkpoint | None:
    """The checkpoint of the line; of the file if no line is known, by the newest commit on it."""
    by_id = {checkpoint.id: checkpoint for checkpoint in recorded.checkpoints}
    for origin in recorded.origins:
        if origin.path == path and line is not None and origin.start <= line <= origin.end:
            return by_id.get(origin.checkpoint)
    if line is not None:
        return None
    by_commit = _by_commit(recorded.checkpoints)
    newest = [c for c in reversed(list(commits)) if path in c.files and c.sha in by_commit]
    return by_commit[newest[0].sha] if newest else None


def cited(checkpoint: Checkpoint) -> str:
    """One sentence for an issue; empty where the session says nothing of why."""
    why = checkpoint.intent or next(iter(checkpoint.prompts), "")
    if not why:
        return ""
    words = clipped(" ".join(why.split()), MAX_WHY)
    return f"written in session {checkpoint.id}, whose intent was: {words}"


def _by_commit(checkpoints: Sequence[Checkpoint]) -> dict[str, Checkpoint]:
    """A commit with several checkpoints: the last one that tells why, else the last."""
    found: dict[str, Checkpoint] = {}
    for checkpoint in sorted(checkpoints, key=lambda item: item.useful):
        for sha in checkpoint.commits:
            found[sha] = checkpoint
    return found
