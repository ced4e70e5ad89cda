"""What fits: a deterministic allocation of a budget of tokens over blocks of text. Pure.

A block is a list of whole units, the most important first, and has a weight. Required blocks are
kept whole, or it is an error that says so. The rest of the budget is poured over the other blocks
like water: each rises by its weight until it holds all it needs, and what it does not need flows to
the others. A unit is kept whole or dropped and named; nothing is ever cut inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.context.tokens import Count
from bot.errors import BudgetTooSmall

MOST_LETTERS = 30
"""Of a token, on the average of a whole unit; a longer text is taken for more than a prompt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A piece of text that is kept or dropped, and the name by which it is missed."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Units of one kind. ``overhead``: tokens that its first unit costs besides itself."""

    name: str
    units: tuple[Unit, ...] = ()
    weight: int = 1
    required: bool = False
    overhead: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped:
    """What did not fit, by name."""

    block: str
    unit: str
    tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Allocation:
    """What is kept, in the order in which it was given. ``used`` never exceeds ``limit``."""

    kept: Mapping[str, tuple[Unit, ...]]
    dropped: tuple[Dropped, ...]
    tokens: Mapping[str, int] = field(default_factory=dict)
    """By block."""
    limit: int = 0

    @property
    def used(self) -> int:
        return sum(self.tokens.values())


def allocate(blocks: Sequence[Block], limit: int, count: Count) -> Allocation:
    """Keep what fits into ``limit`` tokens; `BudgetTooSmall` if what is required does not.

    Names of blocks are their own; the order of ``blocks`` decides where weights are equal.
    """
    costs = {
        block.name: [
            count(unit.text) if block.required else _price(unit, limit, count)
            for unit in block.units
        ]
        for block in blocks
    }
    taken: dict[str, set[int]] = {block.name: set() for block in blocks}
    left = limit
    for block in blocks:
        if block.required and block.units:
            left -= block.overhead + sum(costs[block.name])
            taken[block.name] = set(range(len(block.units)))
    if left < 0:
        raise BudgetTooSmall(
            f"what a prompt must hold needs {limit - left} tokens, and there is room for {limit}"
        )
    optional = [block for block in blocks if not block.required and block.units]
    shares = _poured(optional, costs, left)
    for block in optional:
        left -= _fill(block, costs[block.name], taken[block.name], shares[block.name])
    # What whole units left over is enough for others; the weightiest block chooses first.
    for block in sorted(optional, key=lambda block: -block.weight):
        left -= _fill(block, costs[block.name], taken[block.name], left)
    return _allocation(blocks, costs, taken, limit)


def _price(unit: Unit, limit: int, count: Count) -> int:
    """What is far too long is not counted: that would take longer than everything else."""
    return limit + 1 if len(unit.text) > limit * MOST_LETTERS else count(unit.text)


def _poured(
    blocks: Sequence[Block], costs: Mapping[str, Sequence[int]], water: int
) -> dict[str, int]:
    """How many tokens each block may hold."""
    needs = {block.name: block.overhead + sum(costs[block.name]) for block in blocks}
    shares: dict[str, int] = {}
    thirsty = list(blocks)
    while thirsty:
        weights = sum(block.weight for block in thirsty)
        full = [b for b in thirsty if needs[b.name] * weights <= water * b.weight]
        if not full:
            shares |= {block.name: water * block.weight // weights for block in thirsty}
            break
        for block in full:
            shares[block.name] = needs[block.name]
            water -= needs[block.name]
        thirsty = [block for block in thirsty if block not in full]
    return shares


def _fill(block: Block, costs: Sequence[int], taken: set[int], share: int) -> int:
    """Take units in their order while they fit into ``share``; returns the tokens taken."""
    spent = 0
    for index, cost in enumerate(costs):
        price = cost + (0 if taken else block.overhead)
        if index not in taken and spent + price <= share:
            taken.add(index)
            spent += price
    return spent


def _allocation(
    blocks: Sequence[Block],
    costs: Mapping[str, Sequence[int]],
    taken: Mapping[str, set[int]],
    limit: int,
) -> Allocation:
    dropped = [
        Dropped(block=block.name, unit=unit.name, tokens=cost)
        for block in blocks
        for index, (unit, cost) in enumerate(zip(block.units, costs[block.name], strict=True))
        if index not in taken[block.name]
    ]
    return Allocation(
        kept={
            block.name: tuple(u for i, u in enumerate(block.units) if i in taken[block.name])
            for block in blocks
        },
        dropped=tuple(dropped),
        tokens={
            block.name: sum(costs[block.name][i] for i in taken[block.name])
            + (block.overhead if taken[block.name] else 0)
            for block in blocks
        },
        limit=limit,
    )
