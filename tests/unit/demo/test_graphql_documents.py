"""Reading GraphQL documents."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.graphql_documents import GraphQLSyntax, operation
from bot.github.documents import THREAD_COMMENTS, THREADS


def test_the_bots_documents_are_understood() -> None:
    kind, (repository,) = operation(THREADS, {"owner": "o", "name": "n", "number": 7})
    assert (kind, repository.name) == ("query", "repository")
    assert repository.arguments == {"owner": "o", "name": "n"}
    (pull,) = repository.selections
    assert pull.arguments == {"number": 7}
    assert pull.selections[0].arguments == {"first": 50, "after": None}
    _, (node,) = operation(THREAD_COMMENTS, {"thread": "T"})
    assert [(field.name, field.on) for field in node.selections] == [
        ("__typename", ""), ("comments", "PullRequestReviewThread"),
    ]  # fmt: skip


def test_aliases_values_and_defaults() -> None:
    document = """
      mutation M($a: [ID!]! = ["x"], $b: Int = 3) { # a comment
        made: do(input: {ids: $a, n: $b, deep: {yes: true, no: null}, word: RED,
          text: "a\\"b"}) { id }
      }
    """
    kind, (field,) = operation(document, {"b": 4})
    assert (kind, field.key, field.name) == ("mutation", "made", "do")
    assert field.arguments["input"] == {
        "ids": ["x"], "n": 4, "deep": {"yes": True, "no": None}, "word": "RED", "text": 'a"b',
    }  # fmt: skip
    assert operation("{ a }", {})[0] == "query"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "ends too early"),
        ("{ a", "ends too early"),
        ("subscription { a }", "unexpected 'subscription'"),
        ("query Q($a: Int!) { a }", "$a was provided invalid value"),
        ("{ a(x: $b) }", "$b is used and not declared"),
        ("{ a } { b }", "one operation only"),
        ("{ a ; }", "unexpected character"),
        ("{ ...F }", "expected 'on'"),
        ("{a" * 60, "nested too deeply"),
    ],
)
def test_what_cannot_be_read(document: str, words: str) -> None:
    with pytest.raises(GraphQLSyntax) as refused:
        operation(document, {})
    assert words in str(refused.value)


@given(st.text(alphabet='{}()[]$:!=@|. \n"abc123-\\#,', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        kind, fields = operation(text, dict[str, Any]())
    except GraphQLSyntax:
        return
    assert kind in ("query", "mutation")
    assert isinstance(fields, tuple)
