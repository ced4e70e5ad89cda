"""OpenAI's responses, plain and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.models.script import Asked, Fail, Text, Use
from tests.fakes.models.usage import Usage, usage

_RESULTS = ("function_call_output", "custom_tool_call_output", "local_shell_call_output")


def asked(body: dict[str, Any], size: int) -> Asked:
    given = body.get("input")
    items = given if isinstance(given, list) else []
    tools = (tool.get("name") or tool.get("type", "") for tool in body.get("tools", ()))
    text = body.get("text") or {}
    return Asked(
        model=body.get("model", ""),
        tools=tuple(tools),
        results=sum(item.get("type") in _RESULTS for item in items),
        schema=(text.get("format") or {}).get("type") == "json_schema",
        stream=bool(body.get("stream")),
        size=size,
    )


def plain(given: Asked, reply: Text | Use, number: int) -> dict[str, Any]:
    return {
        **_response(given, number, "completed"),
        "output": list(_items(reply, number)),
        "usage": _usage(usage(given, reply)),
    }


def stream(given: Asked, reply: Text | Use, number: int) -> Iterator[bytes]:
    yield _event("response.created", response=_response(given, number, "in_progress"))
    for index, item in enumerate(_items(reply, number)):
        started = {**item, "status": "in_progress"}
        yield _event("response.output_item.added", output_index=index, item=started)
        if item["type"] == "message":
            yield _event(
                "response.output_text.delta",
                item_id=item["id"],
                output_index=index,
                content_index=0,
                delta=item["content"][0]["text"],
            )
        yield _event("response.output_item.done", output_index=index, item=item)
    yield _event("response.completed", response=plain(given, reply, number))


def words(given: Asked, number: int) -> Iterator[bytes]:
    """The beginning of an answer, then one word after the other."""
    yield _event("response.created", response=_response(given, number, "in_progress"))
    item = {**_spoken("", number), "status": "in_progress"}
    yield _event("response.output_item.added", output_index=0, item=item)
    while True:
        yield _event(
            "response.output_text.delta",
            item_id=item["id"],
            output_index=0,
            content_index=0,
            delta="word ",
        )


def failure(fail: Fail) -> dict[str, Any]:
    """Also that of chat completions."""
    kind, code, text = {
        400: ("invalid_request_error", "invalid_value", "Invalid value for 'input'."),
        401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
        429: ("tokens", "rate_limit_exceeded", "Rate limit reached. Please try again in 1s."),
        500: ("server_error", None, "The server had an error while processing your request."),
    }[fail.status]
    if fail.reason == "quota":
        kind = code = "insufficient_quota"
        text = "You exceeded your current quota, please check your plan and billing details."
    return {"error": {"message": text, "type": kind, "param": None, "code": code}}


def _response(given: Asked, number: int, status: str) -> dict[str, Any]:
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1_790_000_000,
        "status": status,
        "model": given.model,
        "output": [],
        "error": None,
        "incomplete_details": None,
    }


def _items(reply: Text | Use, number: int) -> Iterator[dict[str, Any]]:
    match reply:
        case Text(text=text):
            yield _spoken(text, number)
        case Use(name="apply_patch", arguments={"input": patch}):
            yield {
                "id": f"ctc_{number}",
                "type": "custom_tool_call",
                "call_id": f"call_{number}",
                "name": "apply_patch",
                "input": patch,
                "status": "completed",
            }
        case Use(name=name, arguments=arguments):
            yield {
                "id": f"fc_{number}",
                "type": "function_call",
                "call_id": f"call_{number}",
                "name": name,
                "arguments": json.dumps(arguments),
                "status": "completed",
            }


def _spoken(text: str, number: int) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }


def _usage(used: Usage) -> dict[str, Any]:
    return {
        "input_tokens": used.input,
        "input_tokens_details": {"cached_tokens": used.cached},
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": used.input + used.output,
    }


def _event(kind: str, **rest: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **rest})}\n\n".encode()
