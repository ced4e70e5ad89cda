"""The check against GitHub's GraphQL schema refuses what it should."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.graphql import GraphQLMismatch, check_answer, check_document, run

DOCUMENT = """
query Q($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: 1) { by: author { __typename login } number }
  }
}
"""
WHERE = {"owner": "o", "name": "r"}


def _answer(**pull: Any) -> dict[str, Any]:
    return {"repository": {"pullRequest": pull}}


def test_good_answers() -> None:
    check_answer(DOCUMENT, WHERE, _answer(by={"__typename": "Bot", "login": "x"}, number=1))
    check_answer(DOCUMENT, WHERE, _answer(by=None, number=1))
    check_answer(DOCUMENT, WHERE, {"repository": None})


@pytest.mark.parametrize(
    ("variables", "answer"),
    [
        (WHERE, {}),
        (WHERE, _answer(number=1)),
        (WHERE, _answer(by=None, number=1, title="x")),
        (WHERE, _answer(by=None, number=None)),
        (WHERE, _answer(by=None, number="x")),
        (WHERE, _answer(by={"login": "x"}, number=1)),
        (WHERE, _answer(by={"__typename": "Repository", "login": "x"}, number=1)),
        (WHERE, _answer(by={"__typename": "Bot", "login": None}, number=1)),
        ({"owner": "o"}, {"repository": None}),
        ({**WHERE, "nmber": 1}, {"repository": None}),
    ],
)
def test_bad_answers(variables: dict[str, Any], answer: dict[str, Any]) -> None:
    with pytest.raises(GraphQLMismatch):
        check_answer(DOCUMENT, variables, answer)


@pytest.mark.parametrize("document", ["{", "{ nope }", "{ viewer { login(x: 1) } }", "{ viewer }"])
def test_bad_documents(document: str) -> None:
    with pytest.raises(GraphQLMismatch):
        check_document(document)


def test_a_root_may_answer_with_functions() -> None:
    def repository(_info: Any, owner: str, name: str, **_defaults: Any) -> dict[str, Any]:
        return {"pullRequest": {"number": len(owner + name), "by": None}}

    result = run(DOCUMENT, {"owner": "ab", "name": "cd"}, {"repository": repository})
    assert result.errors is None
    assert result.data == {"repository": {"pullRequest": {"by": None, "number": 4}}}
