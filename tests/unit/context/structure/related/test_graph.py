"""Nearest first, never many, the same in whatever order it is told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context.structure.related import related
from bot.context.structure.related.graph import DEPTH, pinned
from bot.context.structure.related.tests_of import is_test, named_for
from bot.models.structure import MAX_PINS, Relation

NAMES = [f"m{n}.py" for n in range(12)] + ["tests/test_m1.py"]
EDGES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=40)


def test_importers_imported_and_tests_with_their_distance():
    edges = [
        ("app.py", "cart.py"), ("cart.py", "money.py"), ("money.py", "base.py"),
        ("main.py", "app.py"), ("tests/test_cart.py", "cart.py"), ("tests/flow.py", "app.py"),
    ]  # fmt: skip
    there = {path for edge in edges for path in edge}
    told = [(p.path, p.relation, p.distance, p.via) for p in pinned(edges, ["cart.py"], there)]
    assert told == [
        ("tests/test_cart.py", Relation.TESTS, 1, "cart.py"),
        ("app.py", Relation.IMPORTS, 1, "cart.py"),
        ("money.py", Relation.IMPORTED, 1, "cart.py"),
        ("tests/flow.py", Relation.TESTS, 2, "cart.py"),
        ("main.py", Relation.IMPORTS, 2, "cart.py"),
        ("base.py", Relation.IMPORTED, 2, "cart.py"),
    ]


def test_one_that_imports_a_hub_pins_no_hundreds():
    edges = [(f"m{n}.py", "hub.py") for n in range(300)] + [("changed.py", "hub.py")]
    pins = pinned(edges, ["changed.py"], {path for edge in edges for path in edge})
    assert [pin.path for pin in pins] == ["hub.py"]


@given(EDGES, st.sets(st.sampled_from(NAMES), min_size=1, max_size=3), st.randoms())
def test_order_says_nothing_and_the_nearest_come_first(edges, changed, rnd):
    pins = pinned(edges, sorted(changed), set(NAMES))
    shuffled = edges[:]
    rnd.shuffle(shuffled)
    assert pinned(shuffled, sorted(changed, reverse=True), set(NAMES)) == pins
    assert [pin.distance for pin in pins] == sorted(pin.distance for pin in pins)
    assert len(pins) <= MAX_PINS
    assert all(1 <= pin.distance <= DEPTH for pin in pins)
    assert not changed & {pin.path for pin in pins}
    assert len({pin.path for pin in pins}) == len(pins)
    assert all(pin.via in changed for pin in pins)


def test_no_more_than_twenty():
    edges = [(f"m{n:03}.py", "a.py") for n in range(60)]
    random.Random(1).shuffle(edges)  # noqa: S311
    pins = pinned(edges, ["a.py"], {path for edge in edges for path in edge})
    assert [pin.path for pin in pins] == [f"m{n:03}.py" for n in range(MAX_PINS)]


@pytest.mark.parametrize(
    ("test", "subject"),
    [
        ("tests/unit/test_cart.py", "src/cart.py"), ("cart_test.go", "cart.go"),
        ("src/cart.test.ts", "src/cart.ts"), ("web/__tests__/cart.spec.tsx", "web/cart.jsx"),
        ("spec/shop/cart_spec.rb", "lib/shop/cart.rb"), ("test/cart_test.rb", "app/cart.rb"),
        ("src/test/java/CartTest.java", "src/main/java/Cart.java"),
    ],
)  # fmt: skip
def test_tests_bear_the_name_of_what_they_test(test, subject):
    assert is_test(test)
    assert not is_test(subject)
    assert list(named_for([subject], {test, subject, "other.py"})) == [(test, subject)]


def test_the_nearest_of_two_of_one_name():
    there = {"api/tests/test_views.py", "web/tests/test_views.py"}
    assert sorted(named_for(["api/views.py", "web/views.py"], there)) == [
        ("api/tests/test_views.py", "api/views.py"),
        ("web/tests/test_views.py", "web/views.py"),
    ]


def test_a_tree_with_nothing_around_has_no_pins(tmp_path):
    (tmp_path / "a.py").write_text("import os\n")
    assert related(tmp_path, ["a.py", "gone.rb"]) == ()


def test_a_tree_is_read_only_in_the_languages_of_the_change(tmp_path):
    for name, text in (
        ("a.py", "import b\n"),
        ("b.py", ""),
        ("a.js", 'import "./b";'),
        ("b.js", ""),
    ):
        (tmp_path / name).write_text(text)
    assert [pin.path for pin in related(tmp_path, ["b.js"])] == ["a.js"]
    assert [pin.path for pin in related(tmp_path, ["b.py"])] == ["a.py"]
