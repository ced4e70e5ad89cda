"""Which permission opens which endpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.permissions import GRAPHQL_RULES, RULES, Rule, allowed, grants, narrower
from bot.demo.rest.api import ROUTES

OPENAPI = Path(__file__).parents[2] / "samples" / "github-openapi.json"
NAMES = st.sampled_from(["checks", "contents", "issues", "pull_requests"])
LEVELS = st.sampled_from(["read", "write"])
HELD = st.dictionaries(NAMES, LEVELS)


def test_every_route_has_its_rule_and_every_rule_its_route() -> None:
    assert {(method, path) for method, path, _ in ROUTES} == set(RULES)
    assert len(ROUTES) == len(RULES)


def test_every_route_is_one_of_githubs() -> None:
    paths = json.loads(OPENAPI.read_text())["paths"]
    for method, path, _ in ROUTES:
        assert method.lower() in paths[path], path


def test_what_changes_something_needs_write() -> None:
    for (method, path), rule in RULES.items():
        if method == "GET" or not rule.any_of:
            continue
        assert {level for _, level in rule.any_of} == {"write"}, path


@pytest.mark.parametrize(
    ("held", "need", "expected"),
    [
        ({}, ("metadata", "read"), True),
        ({}, ("metadata", "write"), False),
        ({}, ("checks", "read"), False),
        ({"checks": "read"}, ("checks", "read"), True),
        ({"checks": "read"}, ("checks", "write"), False),
        ({"checks": "write"}, ("checks", "read"), True),
        ({"issues": "write"}, ("checks", "read"), False),
    ],
)
def test_one_permission(held: dict[str, str], need: tuple[str, str], expected: bool) -> None:
    assert grants(held, need) is expected


def test_one_of_several_is_enough() -> None:
    rule = RULES["POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments"]
    assert allowed({"issues": "write"}, rule)
    assert allowed({"pull_requests": "write"}, rule)
    assert not allowed({"issues": "read", "pull_requests": "read", "checks": "write"}, rule)
    assert rule.header == "issues=write; pull_requests=write"


def test_resolving_a_thread_needs_contents_write() -> None:
    assert GRAPHQL_RULES["resolveReviewThread"] == ("contents", "write")


@given(HELD, HELD)
def test_a_narrower_token_opens_nothing_more(asked: dict[str, str], held: dict[str, str]) -> None:
    if narrower(asked, held):
        for name, level in asked.items():
            rule = Rule(any_of=((name, level),))
            assert allowed(asked, rule)
            assert allowed(held, rule)
    else:
        assert any(not grants(held, need) for need in asked.items())
