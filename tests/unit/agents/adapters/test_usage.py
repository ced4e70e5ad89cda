"""What the vendors' numbers mean: what is a part of what, and what is unknown."""

import json
from decimal import Decimal
from typing import Any

from bot.agents.adapters import claude_code, codex, gemini, opencode
from bot.agents.template import Parse
from bot.models import ModelUsage, RunError, Tokens
from tests.fakes.recordings import events_of, outcome


async def tokens(parse: Parse, *lines: dict[str, Any]) -> Tokens:
    """As the record has them at the end."""
    data = "\n".join(json.dumps(line) for line in lines).encode()
    return outcome(await events_of(parse, [data]), 0).tokens


async def test_claudes_cache_is_input_and_its_money_is_to_the_last_digit() -> None:
    line = (
        b'{"type":"result","is_error":false,"total_cost_usd":0.10000000000000000001,'
        b'"usage":{"input_tokens":1,"cache_read_input_tokens":20,'
        b'"cache_creation_input_tokens":300,"output_tokens":4},'
        b'"modelUsage":{"m":{"inputTokens":1,"cacheReadInputTokens":20,'
        b'"cacheCreationInputTokens":300,"outputTokens":4,"costUSD":0.1}}}\n'
    )

    run = outcome(await events_of(claude_code.parse, [line]), 0)

    assert run.tokens == Tokens(
        input=321,
        output=4,
        cost_usd=Decimal("0.10000000000000000001"),
        by_model=(
            ModelUsage(
                model="m",
                input=321,
                cache_read=20,
                cache_write=300,
                output=4,
                cost_usd=Decimal("0.1"),
            ),
        ),
    )


async def test_codexs_cache_and_reasoning_are_counted_already() -> None:
    usage = {
        "input_tokens": 100,
        "cached_input_tokens": 60,
        "output_tokens": 30,
        "reasoning_output_tokens": 20,
    }

    assert await tokens(codex.parse, {"type": "turn.completed", "usage": usage}) == Tokens(
        input=100, output=30
    )


async def test_geminis_thoughts_are_in_its_total_alone() -> None:
    stats = {"total_tokens": 127, "input_tokens": 100, "output_tokens": 20, "cached": 30}
    line = {"type": "result", "status": "success", "stats": {**stats, "models": {"pro": stats}}}

    assert await tokens(gemini.parse, line) == Tokens(
        input=100,
        output=27,
        by_model=(ModelUsage(model="pro", input=100, cache_read=30, output=27),),
    )


def step(cost: float, reason: str) -> dict[str, Any]:
    used = {"input": 90, "output": 15, "reasoning": 5, "cache": {"read": 8, "write": 2}}
    return {"type": "step_finish", "part": {"reason": reason, "tokens": used, "cost": cost}}


async def test_opencodes_steps_and_their_money_are_added_up() -> None:
    assert await tokens(opencode.parse, step(0.1, "tool-calls"), step(0.2, "stop")) == Tokens(
        input=200, output=40, cost_usd=Decimal("0.3")
    )


async def test_a_cost_of_nothing_is_an_unknown_one() -> None:
    assert (await tokens(opencode.parse, step(0, "stop"))).cost_usd is None


async def test_opencode_that_stops_in_the_middle_of_its_tools_has_not_finished() -> None:
    data = json.dumps(step(0, "tool-calls")).encode()

    events = await events_of(opencode.parse, [data])

    assert isinstance(events[-2], RunError)
    assert "without a terminal line" in events[-2].message
