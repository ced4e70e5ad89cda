"""Column types keep every text and moment, and write only what both databases take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from bot.store.types import SafeJson, SafeText, UtcDateTime, dump_json, escape, load_json, unescape

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=20,
)


@given(ANY_TEXT)
def test_every_text_comes_back(text: str) -> None:
    assert unescape(escape(text)) == text


@given(ANY_TEXT)
def test_an_escaped_text_is_one_that_databases_take(text: str) -> None:
    escaped = escape(text)
    escaped.encode("utf-8")
    assert "\x00" not in escaped


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


@pytest.mark.parametrize("text", ["", "src/app.py", "Grüße 🎉", "a\nb\tc", "\x1b[31m"])
def test_ordinary_texts_are_readable_in_the_database(text: str) -> None:
    assert escape(text) == text


def test_a_text_that_looks_escaped_is_not_taken_for_one() -> None:
    assert unescape(escape("\x1a0000")) == "\x1a0000"
    assert escape("\x1a0000") != escape("\x00")


@given(PLAIN)
def test_every_plain_value_comes_back_from_json(value: Any) -> None:
    written = dump_json(value)
    written.encode("utf-8")
    assert "\x00" not in written
    assert load_json(written) == value


def test_two_lone_surrogates_stay_two() -> None:
    assert load_json(dump_json("\ud83d" + "\ude00")) == "\ud83d" + "\ude00"


@pytest.mark.parametrize("kind", [SafeText(), SafeJson(), UtcDateTime()])
def test_null_stays_null(kind: SafeText | SafeJson | UtcDateTime) -> None:
    dialect = sqlite.dialect()
    assert kind.process_bind_param(None, dialect) is None
    assert kind.process_result_value(None, dialect) is None


def test_moments_come_back_in_utc() -> None:
    kind, dialect = UtcDateTime(), sqlite.dialect()
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 21, 12, 0, tzinfo=tokyo)
    bound = kind.process_bind_param(moment, dialect)
    assert bound == moment
    assert bound is not None
    assert bound.tzinfo is UTC
    read = kind.process_result_value(moment, dialect)
    assert read is not None
    assert (read, read.tzinfo) == (moment, UTC)
    naive = kind.process_result_value(datetime(2026, 11, 21, 3, 0), sqlite.dialect())  # noqa: DTZ001  # what SQLite returns
    assert naive == moment


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 11, 21), sqlite.dialect())  # noqa: DTZ001  # the point
