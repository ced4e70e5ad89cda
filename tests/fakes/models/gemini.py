"""Gemini's generateContent and streamGenerateContent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.models.script import Asked, Fail, Text, Use
from tests.fakes.models.usage import Usage, usage

_PIECES = 6
"""An answer comes in so many parts."""


def asked(body: dict[str, Any], size: int, *, model: str, stream: bool) -> Asked:
    tools = (
        function.get("name", "")
        for tool in body.get("tools", ())
        for function in tool.get("functionDeclarations", ())
    )
    parts = (part for content in body.get("contents", ()) for part in content.get("parts", ()))
    settings = body.get("generationConfig") or {}
    return Asked(
        model=model,
        tools=tuple(tools),
        results=sum("functionResponse" in part for part in parts),
        schema=settings.get("responseMimeType") == "application/json",
        stream=stream,
        size=size,
    )


def plain(given: Asked, reply: Text | Use, number: int) -> dict[str, Any]:
    return _body(given, number, _parts(reply), reason="STOP", used=usage(given, reply))


def stream(given: Asked, reply: Text | Use, number: int) -> Iterator[bytes]:
    parts = _parts(reply)
    for part in parts[:-1]:
        yield _event(_body(given, number, [part]))
    last = _body(given, number, parts[-1:], reason="STOP", used=usage(given, reply))
    yield _event(last)


def words(given: Asked, number: int) -> Iterator[bytes]:
    """One word after the other."""
    while True:
        yield _event(_body(given, number, [{"text": "word "}]))


def failure(fail: Fail) -> dict[str, Any]:
    status, text = {
        400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        401: ("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        429: ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        500: ("INTERNAL", "An internal error has occurred. Please retry."),
    }[fail.status]
    error: dict[str, Any] = {"code": code(fail), "message": text, "status": status}
    if fail.reason == "key":
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }
        ]
    if fail.reason == "quota":
        error["message"] = "You exceeded your current quota, please check your plan and billing."
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}],
            }
        ]
    return {"error": error}


def code(fail: Fail) -> int:
    """A wrong key is a bad request there."""
    return 400 if fail.reason == "key" else fail.status


def _parts(reply: Text | Use) -> list[dict[str, Any]]:
    if isinstance(reply, Text):
        size = max(1, len(reply.text) // _PIECES + 1)
        pieces = [reply.text[at : at + size] for at in range(0, len(reply.text), size)]
        return [{"text": piece} for piece in pieces or [""]]
    call = {"functionCall": {"name": reply.name, "args": dict(reply.arguments)}}
    return [{"text": reply.words}, call] if reply.words else [call]


def _body(
    given: Asked,
    number: int,
    parts: list[dict[str, Any]],
    *,
    reason: str = "",
    used: Usage | None = None,
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    body: dict[str, Any] = {
        "candidates": [candidate],
        "modelVersion": given.model,
        "responseId": f"r{number}",
    }
    if used is not None:
        body["usageMetadata"] = {
            "promptTokenCount": used.input,
            "cachedContentTokenCount": used.cached,
            "candidatesTokenCount": used.output,
            "totalTokenCount": used.input + used.output,
        }
    return body


def _event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body)}\r\n\r\n".encode()
