"""Values come back equal and of the same type; what is not kept is refused when written."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.models
from bot import errors
from bot.errors import AgentFailed, ConfigurationError, HarnessError, TryLater
from bot.jobs import NotReadable, NotRecordable, UnexpectedError, recordable
from bot.jobs.records import is_record
from bot.jobs.serializer import MAX_ERROR_TEXT, decode, encode, keepable, printable
from bot.models import FailureKind, Finding, RunConfig, Severity, Tokens
from bot.models.jobs import FieldMissing
from tests.fakes.jobs import same

texts = st.text(st.characters(codec=None, categories=None), max_size=20)
"""Any code points: lone surrogates, pairs of them, NUL, control characters."""
hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | texts
    | st.binary(max_size=10)
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=st.just(UTC) | st.none())
    | st.sampled_from([*Severity, *FailureKind])
    | texts.filter(lambda t: "\0" not in t).map(Path)
    | st.builds(Tokens, input=st.integers(), output=st.integers()),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
values = st.recursive(
    hashable | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(texts | st.integers(), inner, max_size=3)
        | st.dictionaries(texts, inner, max_size=3).map(MappingProxyType)
    ),
    max_leaves=8,
)


def alike(left: Any, right: Any) -> bool:
    if isinstance(left, MappingProxyType):
        return type(right) is MappingProxyType and same(dict(left), dict(right))
    return same(left, right)


@given(values)
@settings(max_examples=300, deadline=None)
def test_every_value_comes_back(value: Any) -> None:
    text = encode(value)
    assert text.isascii()
    assert "\0" not in text
    assert alike(decode(text), value)
    assert encode(decode(text)) == text


@given(
    st.builds(
        Finding,
        agent=texts,
        severity=st.sampled_from(Severity),
        file=texts,
        description=texts,
        line=st.none() | st.integers(),
        confidence=st.none() | st.floats(allow_nan=False),
    )
)
def test_every_finding_comes_back(finding: Finding) -> None:
    assert same(decode(encode(finding)), finding)


@given(texts, st.sampled_from([HarnessError, AgentFailed, ValueError, OSError, KeyError]))
def test_every_error_comes_back(text: str, kind: type[Exception]) -> None:
    error = kind(text)
    again = decode(encode(error))
    assert same(again, error)
    assert str(again) == str(error)


@given(texts)
def test_printable_names_are_ascii_and_different(text: str) -> None:
    assert printable(text).isascii()
    assert printable(text).isprintable()
    assert json.loads(f'"{printable(text)}"', strict=True).encode("utf-16", "surrogatepass") == (
        text.encode("utf-16", "surrogatepass")
    )


def test_ordinary_names_stay() -> None:
    assert printable("acme/app#12 agent ruff") == "acme/app#12 agent ruff"


def test_two_surrogates_side_by_side_stay_two() -> None:
    assert len(decode(encode("\ud83d\ude00"))) == 2
    assert len(decode(encode("\U0001f600"))) == 1


def test_odd_numbers() -> None:
    assert str(decode(encode(float("nan")))) == "nan"
    assert decode(encode(float("-inf"))) == float("-inf")
    assert str(decode(encode(-0.0))) == "-0.0"
    assert decode(encode(Decimal("sNaN"))).is_snan()
    assert decode(encode(10**400)) == 10**400
    assert [type(decode(encode(value))) for value in (True, 1, 1.0)] == [bool, int, float]


def test_times_with_any_offset() -> None:
    time = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    assert decode(encode(time)) == time
    assert decode(encode(PurePosixPath("a/b"))) == PurePosixPath("a/b")


def test_all_records_and_errors_of_the_house_are_kept() -> None:
    for name in bot.models.__all__:
        noun = getattr(bot.models, name)
        if isinstance(noun, type) and dataclasses.is_dataclass(noun):
            assert is_record(noun), name
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, HarnessError):
            error = kind("why", 3) if kind is TryLater else kind("why")
            assert same(decode(encode(error)), error), name
    assert same(decode(encode(FieldMissing("x"))), FieldMissing("x"))


class Plain:
    pass


class Colour(Enum):
    RED = 1


class Text(str):
    __slots__ = ()


class Pair(NamedTuple):
    left: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    value: int


@pytest.mark.parametrize(
    "value",
    [Plain(), Colour.RED, Text("x"), Pair(1), Unknown(value=1), {1, 2}, bytearray(b"x"), print,
     timedelta(1), 1j, Plain, RunConfig(enrich_summary=lambda summary: summary)],  # type: ignore[arg-type,return-value]
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_other_kinds_are_refused_with_their_place(value: object) -> None:
    with pytest.raises(NotRecordable, match=r"value\['deep'\]\[0\]\S* is a .*not recorded"):
        encode({"deep": [value]})


def test_an_unknown_class_in_a_key_is_refused() -> None:
    with pytest.raises(NotRecordable, match="value key"):
        encode({Plain(): 1})


# ------------------------------------------------------------------------------------- errors


class Awkward(HarnessError):
    """Not the same again from its arguments."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Awkward("a", "b"), "Awkward"),
        (ValueError(Plain()), "ValueError"),
        (json.JSONDecodeError("bad", "doc", 0), "JSONDecodeError"),
        (type("Local", (Exception,), {})("x"), "Local"),
    ],
    ids=["awkward", "argument", "library", "local"],
)
def test_an_error_that_cannot_be_kept_has_a_stand_in(error: Exception, kind: str) -> None:
    kept = keepable(error)
    assert isinstance(kept, UnexpectedError)
    assert kept.kind == kind
    assert str(kept) == f"{kind}: {error}"[:MAX_ERROR_TEXT]
    assert same(decode(encode(error)), kept), "also without asking first"


def test_the_text_of_a_stand_in_is_bounded() -> None:
    kept = keepable(type("Loud", (Exception,), {})("x" * 1_000_000))
    assert len(str(kept)) == MAX_ERROR_TEXT


def test_errors_that_are_kept_are_themselves() -> None:
    for error in (TryLater("x", 2), FileNotFoundError(2, "no"), TimeoutError(), KeyError("k")):
        assert keepable(error) is error


def test_an_error_class_defined_later_is_found() -> None:
    later = type("DefinedLater", (AgentFailed,), {})
    assert type(decode(encode(later("x")))) is later


# ---------------------------------------------------------------------------- records over time


def test_records_are_read_with_todays_fields() -> None:
    text = encode(Tokens(input=1, output=2))
    assert decode(text.replace('"output":2', '"gone":7')) == Tokens(input=1, output=0)


def test_a_record_without_a_field_that_must_be_there() -> None:
    with pytest.raises(NotReadable, match="Unknown2 does not fit"):
        decode('{"$r":"Unknown2","f":{}}')


def test_a_class_that_is_gone() -> None:
    for text in ('{"$r":"Gone","f":{}}', '{"$e":"Gone","v":1}', '{"$x":"Gone","a":[]}'):
        with pytest.raises(NotReadable, match="'Gone'"):
            decode(text)


@recordable
@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown2:
    value: int


@recordable
class Shape(StrEnum):
    ROUND = "round"


def test_recordable_adds_records_and_enums() -> None:
    assert same(decode(encode((Unknown2(value=1), Shape.ROUND))), (Unknown2(value=1), Shape.ROUND))


def test_only_frozen_records_and_distinct_names_are_taken() -> None:
    @dataclass
    class Loose:
        value: int

    with pytest.raises(ConfigurationError, match="frozen"):
        recordable(Loose)
    with pytest.raises(ConfigurationError, match="frozen"):
        recordable(Plain)
    twin: Any = dataclass(frozen=True)(type("Tokens", (), {}))
    with pytest.raises(ConfigurationError, match="two classes named 'Tokens'"):
        recordable(twin)
