"""The vendors' words for what went wrong, as the words that people act on."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents.failures import MAX_MESSAGE, fatal, kind_of, plain, retry
from bot.models import FailureKind, RunError


@pytest.mark.parametrize(
    ("kind", "message", "status"),
    [
        (FailureKind.LOGIN, "whatever it says", 401),
        (FailureKind.LOGIN, "whatever it says", 403),
        (FailureKind.LOGIN, "unexpected status 401 Unauthorized: no", None),
        (FailureKind.LOGIN, "API key not valid. Please pass a valid API key.", 400),
        (FailureKind.LOGIN, "invalid x-api-key", None),
        (FailureKind.LOGIN, "Invalid API key", None),
        (FailureKind.QUOTA, "insufficient_quota: check your plan", 429),
        (FailureKind.QUOTA, "Your credit balance is too low", 400),
        (FailureKind.QUOTA, "You exceeded your current quota", 429),
        (FailureKind.QUOTA, "whatever it says", 402),
        (FailureKind.RATE_LIMIT, "whatever it says", 429),
        (FailureKind.RATE_LIMIT, "exceeded retry limit, last status: 429 Too Many", None),
        (FailureKind.RATE_LIMIT, "RESOURCE_EXHAUSTED", None),
        (FailureKind.RATE_LIMIT, "Resource has been exhausted (e.g. check quota).", None),
        (FailureKind.QUOTA, "You have exhausted your daily quota on this model.", None),
        (FailureKind.BUDGET, "over budget: the run's 1.00 USD are spent", 400),
        (FailureKind.BUDGET, "over budget: the run's 1.00 USD are spent", 429),
        (FailureKind.BUDGET, "error_max_budget_usd", None),
        (FailureKind.NETWORK, "the model's address cannot be reached: refused", 502),
        (FailureKind.NETWORK, "connect ECONNREFUSED 127.0.0.1:1", None),
        (FailureKind.NETWORK, "Connection failed: error sending request", None),
        (FailureKind.NETWORK, "TypeError: fetch failed", None),
        (FailureKind.NETWORK, "stream disconnected before completion: reset", None),
        (FailureKind.TIMEOUT, "The operation timed out", None),
        (FailureKind.TIMEOUT, "whatever it says", 504),
        (FailureKind.REFUSED, "prompt is too long", 400),
        (FailureKind.REFUSED, "FatalTurnLimitedError Reached max session turns", None),
        (FailureKind.REFUSED, '{"type": "invalid_request_error"}', None),
        (FailureKind.CRASHED, "connection refused, says the upstream", 500),
        (FailureKind.CRASHED, "experiencing high demand", None),
        (FailureKind.CRASHED, "", None),
    ],
)
def test_what_a_message_is_about(kind: FailureKind, message: str, status: int | None) -> None:
    assert kind_of(message, status) is kind


def test_a_number_is_a_status_only_where_one_is_meant() -> None:
    assert kind_of("took 401 ms at 10.0.0.1:4290") is FailureKind.CRASHED


def test_the_sentence_is_taken_out_of_json_in_json() -> None:
    inner = json.dumps({"error": {"message": "no more credit", "code": 1}})
    outer = json.dumps({"error": {"message": f"[API Error: {inner}]"}})

    assert plain(f"it failed: {outer}") == "no more credit"
    assert plain('{"message": "flat"}') == "flat"
    assert plain('{"error": "short"}') == "short"


@pytest.mark.parametrize("message", ["{not json}", '{"a": 1}', "}{", '{"error": {"message": 7}}'])
def test_what_is_no_such_json_stays_as_it_is(message: str) -> None:
    assert plain(message) == message


def test_nothing_said_is_told_as_that() -> None:
    assert plain("  ") == "no reason given"


def test_the_vendors_own_name_for_it_counts_and_is_not_shown() -> None:
    assert fatal("enough", word="error_max_turns") == RunError(
        message="enough", kind=FailureKind.REFUSED
    )


def test_a_retry_is_a_warning() -> None:
    assert retry("again", status=429) == RunError(
        message="again", kind=FailureKind.RATE_LIMIT, warning=True
    )


@given(st.text(), st.none() | st.integers())
def test_any_text_has_a_kind_and_a_bounded_sentence(message: str, status: int | None) -> None:
    error = fatal(message, status=status)

    assert 0 < len(error.message) <= MAX_MESSAGE
