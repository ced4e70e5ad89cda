"""Prices from the vendors' lists; what they do not say is unknown."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import ModelUsage
from bot.runner.prices import MAX_TOKENS, bound, price, price_of_many

AT = datetime(2026, 11, 21, tzinfo=UTC)
MODELS = ("gpt-5", "gpt-5-mini", "claude-sonnet-4-5", "claude-opus-4-5", "gemini-2.5-pro")


def cost(model="claude-sonnet-4-5", provider="", **counts):
    return price(ModelUsage(model=model, **counts), provider, at=AT)


def test_a_call_costs_what_the_list_says():
    assert cost(input=1000, output=100) == Decimal("0.0045")
    assert cost("gpt-5", "openai", input=1000, output=100) == Decimal("0.00225")


def test_tokens_from_a_cache_are_part_of_the_input_and_cost_less():
    assert cost(input=1000, cache_read=200, cache_write=100, output=100) == Decimal("0.004035")
    assert cost(input=1000, cache_read=1000) == Decimal("0.0003")


def test_what_is_kept_for_an_hour_costs_more():
    assert cost(input=1000, cache_write=1000) == Decimal("0.00375")
    assert cost(input=1000, cache_write=1000, cache_write_1h=400) == Decimal("0.00465")


def test_a_sum_of_calls_has_a_price_only_where_their_lengths_do_not_matter():
    short = ModelUsage(model="gemini-2.5-pro", input=150_000, cache_read=999, output=7)
    assert price_of_many(short, at=AT) == price(short, at=AT)
    assert price_of_many(ModelUsage(model="gemini-2.5-pro", input=300_000), at=AT) is None
    level = ModelUsage(model="gpt-5", input=3_000_001, cache_read=333, output=12_345)
    assert price_of_many(level, at=AT) == Decimal("3.873076625")
    assert price_of_many(ModelUsage(model="mine", input=1), at=AT) is None


def test_a_long_prompt_costs_what_long_prompts_cost():
    assert cost("gemini-2.5-pro", input=200_000) == Decimal("0.25")
    assert cost("gemini-2.5-pro", input=300_000) == Decimal("0.75")


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("", ""),
        ("qwen3-coder:30b", ""),
        ("nobody-s-model", "openai"),
        ("gpt-5", "nobody"),
        ("gpt-5" * 100, ""),
        ("/", ""),
        ("tts-1", "openai"),  # sold by the character
        ("\0\ud800", ""),
    ],
)
def test_a_model_that_no_list_prices_is_unknown_and_not_free(model, provider):
    assert cost(model, provider, input=1000, output=10) is None
    assert bound(model, provider, input_tokens=1000, output_tokens=10, at=AT) is None


@pytest.mark.parametrize(
    "counts",
    [
        {"input": -1},
        {"input": 10, "cache_read": 11},
        {"input": MAX_TOKENS + 1},
        {"input": 1, "output": 10**40},
    ],
)
def test_counts_that_cannot_be_are_unknown(counts):
    assert cost(**counts) is None


def test_a_vendor_in_front_of_the_name_is_understood():
    assert cost("anthropic/claude-sonnet-4-5", input=1000) == cost(input=1000)
    assert cost("local/claude-sonnet-4-5", input=1000) is None


def test_the_most_a_prompt_costs_is_to_be_written_into_the_longest_cache():
    assert bound("claude-sonnet-4-5", input_tokens=1000, output_tokens=0, at=AT) == Decimal("0.006")
    assert bound("gpt-5", input_tokens=1000, output_tokens=0, at=AT) == Decimal("0.00125")


def test_nothing_used_is_nothing_paid_and_known():
    assert cost() == 0


@given(
    st.sampled_from(MODELS),
    st.integers(0, 500_000),
    st.integers(0, 100_000),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_no_call_costs_more_than_its_bound(model, given_tokens, written, share, cached):
    read = int(given_tokens * share)
    usage = ModelUsage(
        model=model,
        input=given_tokens,
        cache_read=read,
        cache_write=int((given_tokens - read) * cached),
        output=written,
    )
    most = bound(model, input_tokens=given_tokens, output_tokens=written, at=AT)
    paid = price(usage, at=AT)
    assert paid is not None
    assert most is not None
    assert 0 <= paid <= most
