"""Sections of a prompt, and the text they become when they have to fit. Pure.

A section is our own words and, below them, units of one kind: in a fence if they are anybody
else's. What does not fit is named below the prompt's sections, never silently cut.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.context.budget import Allocation, Block, Dropped, Unit, allocate
from bot.context.fence import as_shown, fenced
from bot.context.tokens import Count, estimate
from bot.errors import BudgetTooSmall
from bot.models.text import visible

PROMPT_TOKENS = 100_000
"""Of one prompt; it leaves room for what an agent reads by itself."""
MAX_NAMES = 200
MAX_NAME = 200
LEAST_OF_NAMES = 24
"""Tokens for a list of what is missing; at most a tenth of the prompt where that is more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """``lead`` is ours. ``info`` is the fence's; None for units that are our own words, bare.

    ``missing``: our words above the names of units that do not fit; by default they are named
    together with those of other sections.
    """

    name: str
    units: tuple[Unit, ...] = ()
    lead: str = ""
    info: str | None = ""
    weight: int = 1
    required: bool = False
    joint: str = "\n"
    missing: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """A prompt of ``used`` tokens, at most ``limit``, and what is (and is not) in it."""

    text: str
    used: int
    limit: int
    allocation: Allocation

    def missing(self, name: str) -> tuple[str, ...]:
        """Names of a section's units that the prompt does not hold."""
        return tuple(item.unit for item in self.allocation.dropped if item.block == name)


def own(name: str, text: str) -> Section:
    """Words of ours or the operator's: whole, or nothing is asked at all."""
    units = (Unit(name=name, text=text),) if text.strip() else ()
    return Section(name=name, units=units, info=None, required=True)


def fit(
    sections: Sequence[Section], *, limit: int = PROMPT_TOKENS, count: Count = estimate
) -> Composed:
    """The prompt in at most ``limit`` tokens by ``count``; `BudgetTooSmall` if that cannot be."""
    sections = [_shown(section) for section in sections]
    blocks = [_block(section, count) for section in sections]
    names = _Names(max(LEAST_OF_NAMES, limit // 10), count)
    least = allocate([block for block in blocks if block.required], limit, count).used
    room = limit
    for number in itertools.count(1):
        allocation = allocate(blocks, room, count)
        text = _text(sections, allocation, names)
        used = count(text)
        if used <= limit:
            return Composed(text=text, used=used, limit=limit, allocation=allocation)
        if room == least:
            break
        # What joins the parts costs something too, and so do names of what was left out.
        room = max(least, room - (used - limit) - number * max(1, limit // 100))
    raise BudgetTooSmall(f"what a prompt must hold does not fit into {limit} tokens")


def _shown(section: Section) -> Section:
    """What is hostile grows when it is made visible: that is the text that has to fit."""
    if section.info is None:
        return section
    units = tuple(replace(unit, text=as_shown(unit.text)) for unit in section.units)
    return replace(section, units=units)


def _block(section: Section, count: Count) -> Block:
    overhead = count(section.lead) + (8 if section.info is not None else 1)
    return Block(
        name=section.name,
        units=section.units,
        weight=section.weight,
        required=section.required,
        overhead=overhead,
    )


def _text(sections: Sequence[Section], allocation: Allocation, names: _Names) -> str:
    parts: list[str] = []
    rest: list[Dropped] = []
    for section in sections:
        parts.append(_written(section, allocation.kept[section.name]))
        lost = [item for item in allocation.dropped if item.block == section.name]
        if section.missing and lost:
            parts.append(f"{section.missing}\n{fenced(names.of(item.unit for item in lost))}")
        else:
            rest += lost
    if rest:
        listed = names.of(f"{item.block}: {item.unit}" for item in rest)
        parts.append(f"There was no room here for:\n{fenced(listed)}")
    return "\n\n".join(part for part in map(str.rstrip, parts) if part) + "\n"


def _written(section: Section, units: Sequence[Unit]) -> str:
    text = section.joint.join(unit.text for unit in units)
    if not text.strip():
        return ""
    if section.info is None:
        return f"{section.lead}\n{text}" if section.lead else text
    return f"{section.lead}\n{fenced(text, section.info)}"


class _Names:
    """Lists what is missing, in no more than ``room`` tokens a list: it is not to push out more."""

    def __init__(self, room: int, count: Count) -> None:
        self._room = room
        self._count = count

    def of(self, names: Iterable[str]) -> str:
        every = [visible(name[:MAX_NAME]) for name in names]
        room, listed = self._room, 0
        for name in every[:MAX_NAMES]:
            room -= self._count(f"{name}\n")
            if room < 0:
                break
            listed += 1
        more = len(every) - listed
        rest = [f"and {more} more" if listed else f"{more} more"] if more else []
        return "\n".join([*every[:listed], *rest])
