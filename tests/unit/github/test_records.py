"""Payloads as records: whatever arrives, it is a record or an error of GitHub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import GitHubError
from bot.github import records
from tests.fakes.payloads import payload, schema

KEYS = [
    "id", "number", "user", "login", "type", "base", "head", "repo", "ref", "sha", "state",
    "full_name", "default_branch", "created_at", "createdAt", "fullDatabaseId", "labels", "name",
    "head_sha", "status", "app", "permission", "nodes", "pageInfo", "hasNextPage", "endCursor",
]  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=25,
)
READERS: dict[str, Callable[[Any], object]] = {
    "pull": records.to_pull,
    "permission": records.to_permission,
    "check": records.to_check,
    "comment": records.to_comment,
    "review": records.to_review,
    "thread": lambda value: records.to_thread(value, [value], "harness[bot]"),
    "nodes": lambda value: records.nodes(value, "x"),
}


@pytest.mark.parametrize("reader", READERS)
@given(value=JSON)
def test_hostile_payloads_crash_nothing(reader: str, value: Any) -> None:
    told = "GitHub's answer"
    try:
        READERS[reader](value)
    except GitHubError as error:
        told = error.message
    assert told.startswith("GitHub's answer")


@given(value=JSON)
def test_everybody_has_a_name(value: Any) -> None:
    assert records.author(value)


@pytest.mark.parametrize(
    ("user", "login"),
    [
        ({"login": "ann", "type": "User"}, "ann"),
        ({"login": "app[bot]", "type": "Bot"}, "app[bot]"),
        ({"login": "app", "type": "Bot"}, "app[bot]"),
        ({"login": "app", "__typename": "Bot"}, "app[bot]"),
        ({"login": "app", "__typename": "User"}, "app"),
        ({"login": "old", "__typename": "Mannequin"}, "old"),
        ({"login": ""}, "ghost"),
        (None, "ghost"),
    ],
)
def test_a_bot_is_spelt_alike_in_rest_and_graphql(user: Any, login: str) -> None:
    assert records.author(user) == login


def test_a_merged_pull_request_is_known_in_full_and_in_a_list() -> None:
    base = {"ref": "m", "sha": "b", "repo": {"full_name": "o/r", "default_branch": "m"}}
    given_values = {"base": base, "head": {"ref": "h", "sha": "a", "repo": {"full_name": "o/r"}}}
    full = payload("GET", "/repos/o/r/pulls/1", 200, {**given_values, "merged": True})
    listed = schema("pull-request-simple", {**given_values, "merged_at": "2026-01-02T03:04:05Z"})
    still_open = schema("pull-request-simple", given_values)
    assert [records.to_pull(p).merged for p in (full, listed, still_open)] == [True, True, False]
    assert not records.to_pull(full).from_fork


@pytest.mark.parametrize(
    ("output", "count"),
    [({"annotations_count": 57}, 57), ({"annotations_count": None}, 0), ({}, 0), (None, 0)],
)
def test_a_check_says_how_many_annotations_it_has(output: Any, count: int) -> None:
    value = {"id": 9, "name": "harness", "head_sha": "a", "status": "completed", "output": output}
    assert records.to_check(value).annotations == count
