"""OpenAI's chat completions, plain and streamed: what most local models speak."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.models.responses import failure
from tests.fakes.models.script import Asked, Text, Use
from tests.fakes.models.usage import Usage, usage

__all__ = ["asked", "failure", "plain", "stream", "words"]


def asked(body: dict[str, Any], size: int) -> Asked:
    tools = (tool.get("function", {}).get("name", "") for tool in body.get("tools", ()))
    return Asked(
        model=body.get("model", ""),
        tools=tuple(tools),
        results=sum(message.get("role") == "tool" for message in body.get("messages", ())),
        schema=(body.get("response_format") or {}).get("type") == "json_schema",
        stream=bool(body.get("stream")),
        size=size,
    )


def plain(given: Asked, reply: Text | Use, number: int) -> dict[str, Any]:
    return {
        **_head(given, number, "chat.completion"),
        "choices": [{"index": 0, "message": _spoken(reply, number), "finish_reason": _why(reply)}],
        "usage": _usage(usage(given, reply)),
    }


def stream(given: Asked, reply: Text | Use, number: int) -> Iterator[bytes]:
    spoken = _spoken(reply, number)
    for call, part in enumerate(spoken.get("tool_calls", ())):
        part["index"] = call
    yield _chunk(given, number, [{"index": 0, "delta": spoken, "finish_reason": None}])
    yield _chunk(given, number, [{"index": 0, "delta": {}, "finish_reason": _why(reply)}])
    yield _chunk(given, number, [], usage=_usage(usage(given, reply)))
    yield b"data: [DONE]\n\n"


def words(given: Asked, number: int) -> Iterator[bytes]:
    """One word after the other."""
    while True:
        delta = {"role": "assistant", "content": "word "}
        yield _chunk(given, number, [{"index": 0, "delta": delta, "finish_reason": None}])


def _head(given: Asked, number: int, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{number}",
        "object": kind,
        "created": 1_790_000_000,
        "model": given.model,
    }


def _spoken(reply: Text | Use, number: int) -> dict[str, Any]:
    if isinstance(reply, Text):
        return {"role": "assistant", "content": reply.text}
    call = {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": reply.name, "arguments": json.dumps(reply.arguments)},
    }
    return {"role": "assistant", "content": reply.words, "tool_calls": [call]}


def _why(reply: Text | Use) -> str:
    return "stop" if isinstance(reply, Text) else "tool_calls"


def _usage(used: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": used.input,
        "prompt_tokens_details": {"cached_tokens": used.cached},
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
    }


def _chunk(given: Asked, number: int, choices: list[dict[str, Any]], **rest: Any) -> bytes:
    body = {**_head(given, number, "chat.completion.chunk"), "choices": choices, **rest}
    return f"data: {json.dumps(body)}\n\n".encode()
