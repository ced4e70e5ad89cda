"""What fits is decided the same way every time: whole units, and never above the limit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.context.budget import Block, Unit, allocate
from bot.errors import BudgetTooSmall


def words(text):
    return len(text.split())


def block(name, sizes, **more):
    units = tuple(Unit(name=f"{name}{n}", text="w " * size) for n, size in enumerate(sizes))
    return Block(name=name, units=units, **more)


SIZES = st.lists(st.integers(0, 60), max_size=12)
BLOCKS = st.lists(st.tuples(SIZES, st.integers(1, 9), st.booleans(), st.integers(0, 5)), max_size=7)


def made(drawn):
    return [
        block(f"b{n}", sizes, weight=weight, required=required, overhead=overhead)
        for n, (sizes, weight, required, overhead) in enumerate(drawn)
    ]


@settings(max_examples=1000)
@given(BLOCKS, st.integers(0, 600))
def test_never_above_the_limit_and_required_blocks_whole_or_an_error(drawn, limit):
    blocks = made(drawn)
    needed = sum(
        b.overhead + sum(words(u.text) for u in b.units) for b in blocks if b.required and b.units
    )
    if needed > limit:
        with pytest.raises(BudgetTooSmall, match=str(needed)):
            allocate(blocks, limit, words)
        return
    got = allocate(blocks, limit, words)
    spent = sum(
        b.overhead + sum(words(u.text) for u in got.kept[b.name])
        for b in blocks
        if got.kept[b.name]
    )
    assert got.used == spent <= limit
    for b in blocks:
        kept = got.kept[b.name]
        lost = [d.unit for d in got.dropped if d.block == b.name]
        assert [u.name for u in b.units if u.name not in lost] == [u.name for u in kept]
        assert len(kept) + len(lost) == len(b.units)
        assert not (b.required and lost)
    assert allocate(made(drawn), limit, words) == got


@settings(max_examples=300)
@given(BLOCKS, st.integers(0, 600))
def test_nothing_that_would_still_fit_is_dropped(drawn, limit):
    """So with units that are small beside the limit, nearly all of it is used."""
    blocks = [b for b in made(drawn) if not b.required]
    got = allocate(blocks, limit, words)
    for dropped in got.dropped:
        (b,) = [b for b in blocks if b.name == dropped.block]
        price = dropped.tokens + (0 if got.kept[b.name] else b.overhead)
        assert price > limit - got.used


@given(st.lists(st.lists(st.integers(1, 10), min_size=50, max_size=60), min_size=2, max_size=5))
def test_ninety_percent_is_used_when_there_is_material(sizes):
    blocks = [block(f"b{n}", some, weight=n + 1) for n, some in enumerate(sizes)]
    assert allocate(blocks, 100, words).used >= 90


def test_what_one_does_not_need_flows_to_the_others_by_weight():
    small, big, bigger = (
        block("small", [1] * 10, weight=5),
        block("big", [1] * 200),
        block("bigger", [1] * 200, weight=2),
    )
    got = allocate([small, big, bigger], 100, words)
    assert {name: len(units) for name, units in got.kept.items()} == {
        "small": 10,
        "big": 30,
        "bigger": 60,
    }


def test_the_first_units_are_the_ones_that_stay():
    got = allocate([block("b", [5, 5, 5])], 11, words)
    assert [unit.name for unit in got.kept["b"]] == ["b0", "b1"]
    assert [(d.unit, d.tokens) for d in got.dropped] == [("b2", 5)]


def test_a_unit_that_is_far_too_long_is_not_even_counted():
    def counting(text):
        assert len(text) < 1_000
        return len(text)

    long = Block(name="b", units=(Unit(name="huge", text="x" * 100_000), Unit(name="ok", text="x")))
    assert [d.unit for d in allocate([long], 30, counting).dropped] == ["huge"]
