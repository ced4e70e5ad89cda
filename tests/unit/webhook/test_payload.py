"""Both parsers give the same fields for whatever comes in."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.webhook import payload as payload_module
from bot.webhook.fields import FieldTree
from bot.webhook.payload import NotAPayload, Parse, msgspec_parser, parse_json, parser

FIELDS = FieldTree.of(
    ["action", "a", "b.c", "b.d.e", "l[].n", "l[].o.p", "s[]", "m.n[].o", "both", "both.x"]
)
PARSERS = {"json": parse_json, "msgspec": msgspec_parser(FIELDS)}

KEYS = st.sampled_from(
    ["action", "a", "b", "c", "d", "e", "l", "n", "o", "p", "s", "m", "both", "x"]
)
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=5)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**18, 10**25)
    | st.floats()
    | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | ANY_TEXT, inner, max_size=5),
    max_leaves=30,
)


def outcome(parse: Parse, text: str) -> Any:
    try:
        return FIELDS.extract(parse(text))
    except NotAPayload:
        return "refused"


@given(JSON, st.booleans())
def test_any_json(value: Any, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    assume(text.encode(errors="replace").decode() == text)  # what a body decodes to
    assert outcome(PARSERS["msgspec"], text) == outcome(PARSERS["json"], text)


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_any_object_is_read_by_both(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    read = outcome(PARSERS["json"], text)
    assert outcome(PARSERS["msgspec"], text) == read
    if "NaN" not in text and "Infinity" not in text:
        assert read == FIELDS.extract(value)


@given(st.text(st.sampled_from('{}[]",:\\u0019ateE.+-nrfls \x00\x1f\u00e9'), max_size=30))
@example('{"a":1,"a":2}')
@example('{"b":{"c":1},"b":{"d":{"e":2}}}')
@example('{"a":"\\ud83d"}')
@example('{"x":"\\ud83d"}')
@example('{"a":1e999,"b":{"c":1}}')
@example('{"x":1e999,"b":{"c":1}}')
@example('{"a":01}')
@example('{"x":01}')
@example('{"x":"\x01"}')
@example("{} {}")
@example("\ufeff{}")
def test_any_text(text: str) -> None:
    assert outcome(PARSERS["msgspec"], text) == outcome(PARSERS["json"], text)


@pytest.mark.parametrize("key", ["a", "x"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_of_too_many_digits_is_no_field(key: str, sign: str) -> None:
    text = f'{{"{key}":{sign}{"9" * (sys.get_int_max_str_digits() + 1)},"b":{{"c":1}}}}'
    for parse in PARSERS.values():
        assert outcome(parse, text) == {"b.c": 1}


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("payload=%7B%7D", "not JSON"),
        ('{"a":', "not JSON"),
        ("[]", "not an object"),
        ("null", "not an object"),
        ('"text"', "not an object"),
        ('{"a":NaN}', "NaN is not JSON"),
        ('{"x":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)
def test_what_is_no_object_is_refused_with_the_reason(parse: Parse, text: str, reason: str) -> None:
    with pytest.raises(NotAPayload, match=reason):
        parse(text)


def test_the_fast_parser_reads_declared_fields_only() -> None:
    text = '{"a":1,"undeclared":{"large":[1,2,3]}}'
    assert PARSERS["msgspec"](text) == {"a": 1}


def test_without_the_fast_extra_json_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parser(FIELDS) is not parse_json
    monkeypatch.setitem(sys.modules, "msgspec", None)
    assert payload_module.parser(FIELDS) is parse_json
