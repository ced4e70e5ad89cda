"""What model calls cost by the vendors' price lists, which travel with the `genai-prices` package.

Nothing here asks the network. A model, or a kind of token, that the lists do not know is None:
unknown, never 0.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, localcontext

from bot.models import ModelUsage

MAX_NAME = 200
"""Characters of a model's name; who sends more names no model."""
MAX_TOKENS = 10**12
"""More than any vendor's largest call by far: a number that is somebody's joke has no price."""
Counts = dict[str, int | Decimal]
"""Tokens by the names that the price lists use."""


def price(usage: ModelUsage, provider: str = "", *, at: datetime) -> Decimal | None:
    """The price of a call at that moment; the usage's own figure is not looked at."""
    return _listed(usage.model, provider, _counts(usage), at)


def price_of_many(usage: ModelUsage, provider: str = "", *, at: datetime) -> Decimal | None:
    """The price of calls of which only the sum is known.

    Unknown where a long prompt costs more per token than a short one: how long each was, the sum
    does not say.
    """
    counts = _counts(usage)
    whole = _listed(usage.model, provider, counts, at)
    parts: Counts = {name: count / Decimal(1000) for name, count in counts.items()}
    part = _listed(usage.model, provider, parts, at)
    return whole if whole is not None and part is not None and whole == part * 1000 else None


def bound(
    model: str, provider: str = "", *, input_tokens: int, output_tokens: int, at: datetime
) -> Decimal | None:
    """The most that a call with at most so many tokens costs."""
    counts: Counts = {"input_tokens": input_tokens, "output_tokens": output_tokens}
    # Writing a prompt into a cache costs more than sending it, and most where it is kept longest.
    written: Counts = {"cache_write_tokens": input_tokens}
    ways: tuple[Counts, ...] = (
        {},
        written,
        {**written, "cache_write_1h_tokens": input_tokens},
    )
    prices = [_listed(model, provider, {**counts, **way}, at) for way in ways]
    known = [amount for amount in prices if amount is not None]
    return max(known) if prices[0] is not None else None


def _counts(usage: ModelUsage) -> Counts:
    return {
        "input_tokens": usage.input,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "cache_write_1h_tokens": usage.cache_write_1h,
        "output_tokens": usage.output,
    }


def _listed(model: str, provider: str, counts: Counts, at: datetime) -> Decimal | None:
    if not 0 < len(model) <= MAX_NAME or not all(0 <= n <= MAX_TOKENS for n in counts.values()):
        return None
    for name, where in _spellings(model, provider):
        found = _calculated(name, where, counts, at)
        if found is not None:
            return found
    return None


def _spellings(model: str, provider: str) -> list[tuple[str, str]]:
    """(model, provider): as it is, and ``vendor/model`` as programs for every vendor write it."""
    vendor, slash, name = model.partition("/")
    return [(model, provider), *([(name, vendor)] if slash and vendor and name else [])]


def _calculated(model: str, provider: str, counts: Counts, at: datetime) -> Decimal | None:
    # Here, because it takes 0.1 s and an HTTP library: a server whose agents are all analyzers
    # never needs it.
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(
            Usage(**counts),
            model_ref=model,
            provider_id=provider or None,
            genai_request_timestamp=at,
        )
    except (LookupError, ValueError):
        return None
    if found.model_price.input_mtok is None or found.model_price.output_mtok is None:
        # Sold by the character or by the minute: tokens say nothing about what it costs.
        return None
    with localcontext(prec=60):
        return found.total_price.normalize()
