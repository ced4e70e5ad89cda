"""The schema describes what the reader of answers takes."""

import json
from typing import Any

import jsonschema
import pytest

from bot.agents.schema import answer_schema
from bot.findings.parse import parse_answer

BARE = {"severity": "major", "file": "a.py", "description": "It fails on an empty list."}
EMPTY = dict.fromkeys(
    ("line", "end_line", "title", "suggestion", "replacement", "category", "confidence")
)


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, schema["properties"]["issues"]["items"]]


@pytest.mark.parametrize("strict", [False, True])
def test_it_is_a_schema_on_one_line(strict: bool) -> None:
    text = answer_schema(strict=strict)

    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    assert "\n" not in text
    assert len(text) < 4000


def test_in_the_strict_form_everything_is_required_and_nothing_else_allowed() -> None:
    for schema in objects(json.loads(answer_schema(strict=True))):
        assert schema["required"] == list(schema["properties"])
        assert schema["additionalProperties"] is False


def test_nulls_of_the_strict_form_are_read_as_absent() -> None:
    strict = {"summary": "s", "issues": [{**BARE, **EMPTY}], "praise": None, "guidance": None}
    plain = {"summary": "s", "issues": [BARE]}
    jsonschema.validate(strict, json.loads(answer_schema(strict=True)))
    jsonschema.validate(plain, json.loads(answer_schema()))

    read = parse_answer(json.dumps(strict), agent="a")

    assert read == parse_answer(json.dumps(plain), agent="a")
    assert read.problems == ()
    assert [finding.line for finding in read.findings] == [None]


def test_a_word_of_another_tool_is_no_severity_of_the_answer() -> None:
    wrong = {"summary": "s", "issues": [{**BARE, "severity": "high"}]}

    with pytest.raises(jsonschema.ValidationError, match="'high' is not one of"):
        jsonschema.validate(wrong, json.loads(answer_schema()))
