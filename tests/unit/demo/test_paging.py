"""Pages and their links."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.paging import cursor_page, number, page

URL = "http://127.0.0.1/api/v3/things"


def links(headers: dict[str, str]) -> dict[str, str]:
    return {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', headers.get("Link", ""))}


def test_one_page_has_no_links() -> None:
    assert page([1, 2], {}, URL) == ([1, 2], {})


def test_the_middle_page_links_in_all_directions() -> None:
    shown, headers = page(list(range(10)), {"per_page": "3", "page": "2", "state": "all"}, URL)
    assert shown == [3, 4, 5]
    found = links(headers)
    assert set(found) == {"prev", "first", "next", "last"}
    assert found["next"] == f"{URL}?per_page=3&page=3&state=all"
    assert found["last"].endswith("page=4&state=all")


def test_beyond_the_end_is_empty() -> None:
    shown, headers = page([1, 2, 3], {"per_page": "1", "page": "9"}, URL)
    assert shown == []
    assert links(headers)["prev"].endswith("page=3")


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "1.5", "٣", "9" * 30])
def test_what_is_not_a_positive_number_is_the_default(text: str) -> None:
    assert number({"page": text}, "page", 7) == 7


@given(st.integers(0, 250), st.integers(1, 150))
def test_following_next_sees_everything_once(count: int, size: int) -> None:
    items, seen, query = list(range(count)), list[int](), {"per_page": str(size)}
    while True:
        shown, headers = page(items, query, URL)
        assert len(shown) <= 100
        seen += shown
        more = links(headers).get("next")
        if more is None:
            break
        query = dict(pair.split("=") for pair in more.partition("?")[2].split("&"))
    assert seen == items


@given(st.integers(0, 40), st.integers(1, 15))
def test_cursors_see_everything_once(count: int, size: int) -> None:
    items, seen, query = list(range(100, 100 + count)), list[int](), {"per_page": str(size)}
    while True:
        shown, headers = cursor_page(items, query, URL, items)
        seen += shown
        more = links(headers).get("next")
        if more is None:
            break
        query = dict(pair.split("=") for pair in more.partition("?")[2].split("&"))
    assert seen == items
