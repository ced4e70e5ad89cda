"""Values out of odd JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import GitHubError
from bot.github.payload import maybe_number, moment, number, said, sentence


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5, 5), ("3000000000", 3_000_000_000), (True, None), ("-5", None), ("٣", None), (1.5, None)],
)
def test_numbers_may_be_written_as_text(value: object, expected: int | None) -> None:
    assert maybe_number({"id": value}, "id") == expected
    if expected is None:
        with pytest.raises(GitHubError, match="no id"):
            number({"id": value}, "id")


def test_an_endless_number_is_none() -> None:
    assert maybe_number({"id": "9" * 5000}, "id") is None


@pytest.mark.parametrize(
    "value", ["2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05"]
)
def test_times_are_utc(value: str) -> None:
    assert moment({"at": value}, "at") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", "soon", None, 5, "0001-01-01T00:00:00+14:00"])
def test_no_time_is_an_error_of_github(value: object) -> None:
    with pytest.raises(GitHubError, match="at"):
        moment({"at": value}, "at")


def test_githubs_words_become_one_short_line() -> None:
    assert sentence(["a\n b", None, 3, "", "c"]) == "a b; c"
    assert len(sentence(["x" * 9000])) == 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "no", "errors": "why"}', "no; why"),
        (
            b'{"message": "no", "errors": [{"code": "gone"}, {"message": "m", "code": "c"}, 5]}',
            "no; gone; m",
        ),
        (b'{"message": 5}', ""),
        (b"[]", ""),
        (b"{", ""),
    ],
)
def test_githubs_words_about_an_error(body: bytes, words: str) -> None:
    assert said(body) == words
