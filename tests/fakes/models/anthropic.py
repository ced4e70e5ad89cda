"""Anthropic's messages, plain and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.models.script import Asked, Fail, Text, Use
from tests.fakes.models.usage import Usage, usage

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    429: "rate_limit_error",
    500: "api_error",
}
_TEXTS = {
    400: "messages: at least one message is required",
    401: "invalid x-api-key",
    429: "This request would exceed your organization's rate limit",
    500: "Internal server error",
}


def asked(body: dict[str, Any], size: int) -> Asked:
    return Asked(
        model=body.get("model", ""),
        tools=tuple(tool.get("name", "") for tool in body.get("tools", ())),
        results=sum(_results(message) for message in body.get("messages", ())),
        stream=bool(body.get("stream")),
        size=size,
    )


def _results(message: dict[str, Any]) -> int:
    content = message.get("content")
    if not isinstance(content, list):
        return 0
    return sum(part.get("type") == "tool_result" for part in content)


def plain(given: Asked, reply: Text | Use, number: int) -> dict[str, Any]:
    return {
        **_message(given, number),
        "content": list(_blocks(reply, number)),
        "stop_reason": _reason(reply),
        "usage": _usage(usage(given, reply)),
    }


def stream(given: Asked, reply: Text | Use, number: int) -> Iterator[bytes]:
    used = usage(given, reply)
    start = {**_message(given, number), "usage": {**_usage(used), "output_tokens": 1}}
    yield _event("message_start", message=start)
    yield _event("ping")
    for index, block in enumerate(_blocks(reply, number)):
        yield from _block(index, block)
    delta = {"stop_reason": _reason(reply), "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage={"output_tokens": used.output})
    yield _event("message_stop")


def words(given: Asked, number: int) -> Iterator[bytes]:
    """The beginning of an answer, then one word after the other."""
    yield _event("message_start", message={**_message(given, number), "usage": _usage(_NONE)})
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    while True:
        yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": "word "})


def failure(fail: Fail) -> dict[str, Any]:
    kind, text = _TYPES[fail.status], _TEXTS[fail.status]
    if fail.reason == "quota":
        kind, text = "billing_error", "Your credit balance is too low to access the Anthropic API."
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_1"}


_NONE = Usage(input=1, cached=0, output=1)


def _message(given: Asked, number: int) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": given.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _blocks(reply: Text | Use, number: int) -> Iterator[dict[str, Any]]:
    match reply:
        case Text(text=text):
            yield {"type": "text", "text": text}
        case Use(name=name, arguments=arguments, words=said):
            if said:
                yield {"type": "text", "text": said.strip()}
            yield {
                "type": "tool_use",
                "id": f"toolu_{number}",
                "name": name,
                "input": dict(arguments),
            }


def _block(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    if block["type"] == "text":
        empty, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
    else:
        empty = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    yield _event("content_block_start", index=index, content_block=empty)
    yield _event("content_block_delta", index=index, delta=delta)
    yield _event("content_block_stop", index=index)


def _reason(reply: Text | Use) -> str:
    return "end_turn" if isinstance(reply, Text) else "tool_use"


def _usage(used: Usage) -> dict[str, Any]:
    return {
        "input_tokens": used.input - used.cached,
        "cache_read_input_tokens": used.cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": used.output,
    }


def _event(kind: str, **rest: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **rest})}\n\n".encode()
