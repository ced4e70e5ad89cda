"""Why a change was written, as far as its authors' tools recorded it: Entire's checkpoints.

`named` says what the commits name, `found` looks for it in one store, `recorded` reads what was
found. What is missing is said of each checkpoint, and keeps no review from happening.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.checkout.records import Found, Reader
from bot.context.checkpoints import layout
from bot.context.checkpoints.explain import Blamed, origins
from bot.context.checkpoints.provenance import provenance
from bot.context.checkpoints.reading import read_checkpoint
from bot.context.checkpoints.trailers import trailers
from bot.models.checkpoints import Recorded
from bot.models.context import CommitNote

MAX_CHECKPOINTS = 30


def named(commits: Sequence[CommitNote]) -> dict[str, list[str]]:
    """Ids that the commits name, each with its commits; those named last are kept if too many."""
    found: dict[str, list[str]] = {}
    for commit in commits:
        for name in layout.checkpoint_ids(trailers(f"{commit.subject}\n\n{commit.body}")):
            found.setdefault(name, []).append(commit.sha)
    return dict(list(found.items())[-MAX_CHECKPOINTS:])


async def found(reader: Reader, names: Sequence[str]) -> Found:
    """What one store has of them. Raises what the reader raises.

    A reference of its own counts before the branch, as for Entire itself.
    """
    references = {layout.reference(name): name for name in names}
    there = await reader.available([*references, *layout.BRANCHES])
    wanted = {references[ref]: (ref, "") for ref in there if ref in references}
    for branch in (ref for ref in there if ref in layout.BRANCHES):
        wanted |= {n: (branch, layout.folder(n)) for n in names if n not in wanted}
    return await reader.read(wanted, layout.is_read)


def recorded(
    commits: Sequence[CommitNote], files: Mapping[str, Mapping[str, bytes]], blamed: Blamed
) -> Recorded:
    """``files`` of each checkpoint that was found, by paths below its folder."""
    checkpoints = tuple(
        read_checkpoint(name, files.get(name, {}), shas) for name, shas in named(commits).items()
    )
    return Recorded(
        checkpoints=checkpoints,
        provenance=provenance((c.sha, trailers(f"{c.subject}\n\n{c.body}")) for c in commits),
        origins=origins(blamed, checkpoints),
    )
