"""Declared fields are found, everything else is left where it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.webhook.fields import FieldTree


def extract(payload: dict[str, Any], *paths: str) -> dict[str, Any]:
    return dict(FieldTree.of(paths).extract(payload))


@pytest.mark.parametrize("value", ["text", "", 7, 0, -(10**30), True, False, None])
def test_plain_values_are_kept_as_they_are(value: object) -> None:
    found = extract({"a": {"b": value, "x": 1}}, "a.b")
    assert found == {"a.b": value}
    assert type(found["a.b"]) is type(value)


@pytest.mark.parametrize("value", [1.5, {}, {"c": 1}, [], [1]])
def test_a_value_of_the_wrong_type_is_absent(value: object) -> None:
    assert extract({"a": {"b": value}}, "a.b") == {}


@pytest.mark.parametrize("parent", [None, "text", 3, 1.5, [], [{"b": 1}], {}, {"x": 1}])
def test_a_parent_that_is_no_object_makes_the_field_absent(parent: object) -> None:
    assert extract({"a": parent}, "a.b") == {}
    assert extract({}, "a.b") == {}


def test_a_path_through_a_list_holds_a_list() -> None:
    payload = {"labels": [{"name": "one"}, {"name": "two", "id": 2}]}
    assert extract(payload, "labels[].name", "labels[].id") == {
        "labels[].name": ["one", "two"],
        "labels[].id": [2],
    }


def test_a_list_of_plain_values() -> None:
    assert extract({"a": ["x", 1, None, True, 1.5, {}, []]}, "a[]") == {"a[]": ["x", 1]}


def test_elements_of_the_wrong_type_are_left_out() -> None:
    labels = [{"name": 1.5}, {"name": None}, {"name": ["x"]}, {"name": {}}, "x", 4, None, {}]
    assert extract({"labels": [*labels, {"name": "good"}]}, "labels[].name") == {
        "labels[].name": ["good"]
    }


def test_an_empty_list_is_there_and_an_absent_one_is_not() -> None:
    assert extract({"labels": []}, "labels[].name") == {"labels[].name": []}
    assert extract({}, "labels[].name") == {}
    assert extract({"labels": None}, "labels[].name") == {}
    assert extract({"labels": {"name": "x"}}, "labels[].name") == {}


def test_lists_in_lists_and_objects_in_lists() -> None:
    payload = {
        "a": [{"b": [{"c": 1}, {"c": 2}]}, {"b": [{"c": 3}]}, {"d": {"e": "x"}}, {"b": "no"}]
    }
    assert extract(payload, "a[].b[].c", "a[].d.e") == {
        "a[].b[].c": [1, 2, 3],
        "a[].d.e": ["x"],
    }


def test_a_list_where_an_object_in_a_list_was_declared() -> None:
    assert extract({"a": [{"d": [{"e": 1}]}]}, "a[].d.e") == {"a[].d.e": []}


def test_a_field_may_be_declared_as_several_types() -> None:
    paths = ("a", "a.b", "a[].b")
    assert extract({"a": 1}, *paths) == {"a": 1}
    assert extract({"a": {"b": 2}}, *paths) == {"a.b": 2}
    assert extract({"a": [{"b": 3}]}, *paths) == {"a[].b": [3]}


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "[]", "a[].", "a[0]", "a[][]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a field path"):
        FieldTree.of([path])


KEYS = st.sampled_from(["a", "b", "c"])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=15,
)
PATHS = st.lists(
    st.lists(st.tuples(KEYS, st.sampled_from(["", "[]"])).map("".join), min_size=1, max_size=3).map(
        ".".join
    ),
    max_size=6,
)


def by_hand(value: Any, parts: list[str]) -> list[Any]:
    """The values at a path, said another way."""
    if not parts:
        return [value]
    key, rest = parts[0].removesuffix("[]"), parts[1:]
    if not isinstance(value, dict) or key not in value:
        return []
    inner = value[key]
    if not parts[0].endswith("[]"):
        return by_hand(inner, rest)
    items = inner if isinstance(inner, list) else []
    return [found for item in items for found in by_hand(item, rest)]


@given(st.dictionaries(KEYS, JSON, max_size=3), PATHS)
def test_any_payload_and_any_paths(payload: dict[str, Any], paths: list[str]) -> None:
    found = extract(payload, *paths)
    assert set(found) <= set(paths)
    for path in paths:
        values = by_hand(payload, path.split("."))
        kept: list[Any]
        if "[]" in path:
            kept = [v for v in values if isinstance(v, (str, int)) and not isinstance(v, bool)]
            assert list(found.get(path, [])) == kept
        else:
            kept = [v for v in values if v is None or isinstance(v, (str, int))]
            assert ([found[path]] if path in found else []) == kept
