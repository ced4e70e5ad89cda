"""Which requests are calls of a model, and what in them is refused. Pure.

What a fenced process may ask a vendor for is answers, from the data that it sends. Tools that the
vendor itself would run, and addresses that the vendor itself would fetch, are ways out of the
fence: an injected agent could send anything anywhere with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bot.sandbox.uplink import Dialect

DEFAULT_OUTPUT = 32_000
"""Tokens that an answer may have when the request names no limit."""
MAX_OUTPUT = 10_000_000
MAX_MODEL = 200
MAX_NODES = 1_000_000
"""Values in one request."""

_ANTHROPIC = re.compile(r"/v1/messages(/count_tokens)?")
_OPENAI = re.compile(r"(?:/v1)?/(responses|chat/completions)")
_OPENAI_MODELS = re.compile(r"(?:/v1)?/models")
_GEMINI = re.compile(
    r"/(?:v1|v1beta)/models/([^/]+):(generateContent|streamGenerateContent|countTokens)"
)

_ANTHROPIC_TOOLS = re.compile(r"(?:custom|bash_\w+|text_editor_\w+|memory_\w+)?")
_OPENAI_TOOLS = frozenset(
    # The last one looks for tools among those of the request.
    {"function", "custom", "local_shell", "shell", "apply_patch", "tool_search"}
)
_GEMINI_TOOLS = frozenset({"functionDeclarations", "function_declarations"})
_FOREIGN = {
    Dialect.ANTHROPIC: ("mcp_servers", "container"),
    Dialect.OPENAI: ("background", "conversation"),
    Dialect.GEMINI: ("cachedContent", "cached_content"),
}
"""What leads to somebody else's servers, or to what other calls left at the vendor's."""
_FETCHED = frozenset({"url", "uri", "image_url", "file_url", "fileUri", "file_uri", "server_url"})
_BUNDLE = frozenset({"name", "description"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """``output_tokens``: the most there can be in its answer. Not ``paid``: none are written."""

    model: str
    output_tokens: int = 0
    paid: bool = True


class Refused(Exception):
    """The request is one that does not pass; the message says why."""


def read_call(dialect: Dialect, method: str, path: str, body: bytes) -> Call | None:
    """None for what is no call of this dialect at all; `Refused` for one that may not pass.

    ``path`` is without a query.
    """
    match dialect:
        case Dialect.ANTHROPIC:
            found = _ANTHROPIC.fullmatch(path) if method == "POST" else None
            return _anthropic(_object(body), paid=found[1] is None) if found else None
        case Dialect.OPENAI:
            if method == "GET" and _OPENAI_MODELS.fullmatch(path):
                return Call(model="", paid=False)
            found = _OPENAI.fullmatch(path) if method == "POST" else None
            return _openai(_object(body)) if found else None
        case Dialect.GEMINI:
            found = _GEMINI.fullmatch(path) if method == "POST" else None
            if found is None:
                return None
            return _gemini(_object(body), unquote(found[1]), paid=found[2] != "countTokens")


def refusal(dialect: Dialect, message: str, status: int = 400) -> dict[str, Any]:
    """An error as the vendor would write it, so that its program shows the message."""
    match dialect:
        case Dialect.ANTHROPIC:
            return {
                "type": "error",
                "error": {"type": "invalid_request_error", "message": message},
            }
        case Dialect.OPENAI:
            kind = "invalid_request_error"
            return {"error": {"message": message, "type": kind, "code": kind, "param": None}}
        case Dialect.GEMINI:
            name = "INVALID_ARGUMENT"
            return {"error": {"code": status, "message": message, "status": name}}


def _object(body: bytes) -> dict[str, Any]:
    try:
        # Bytes would be taken for UTF-16 where they look like it, and vendors may differ there.
        read = json.loads(body.decode("utf-8"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise Refused("the request is not JSON") from None
    if not isinstance(read, dict):
        raise Refused("the request is not a JSON object")
    return read


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name given twice we might check the one and the vendor obey the other."""
    read = dict(pairs)
    if len(read) != len(pairs):
        raise Refused("the request gives a name twice")
    return read


def _anthropic(body: dict[str, Any], *, paid: bool) -> Call:
    _check(Dialect.ANTHROPIC, body)
    for tool in _tools(body):
        kind = tool.get("type", "")
        if not isinstance(kind, str) or not _ANTHROPIC_TOOLS.fullmatch(kind):
            raise Refused(f"a tool of type {str(kind)[:60]!r} would run at the vendor's")
    return Call(model=_model(body), output_tokens=_limit(body, "max_tokens"), paid=paid)


def _openai(body: dict[str, Any]) -> Call:
    _check(Dialect.OPENAI, body)
    for tool in _tools(body):
        _check_openai_tool(tool)
    limit = _limit(body, "max_output_tokens", "max_completion_tokens", "max_tokens")
    return Call(model=_model(body), output_tokens=limit)


def _check_openai_tool(tool: dict[str, Any]) -> None:
    """A namespace only bundles tools."""
    bundled = tool.get("tools") if tool.get("type") == "namespace" else None
    inner = bundled if isinstance(bundled, list) else [tool]
    for each in inner:
        kind = each.get("type") if isinstance(each, dict) else None
        if kind not in _OPENAI_TOOLS:
            raise Refused(f"a tool of type {str(kind)[:60]!r} would run at the vendor's")


def _gemini(body: dict[str, Any], model: str, *, paid: bool) -> Call:
    inner = body.get("generateContentRequest")
    for part in (body, inner) if isinstance(inner, dict) else (body,):
        _check(Dialect.GEMINI, part)
        for tool in _tools(part):
            foreign = sorted(set(tool) - _GEMINI_TOOLS)
            if foreign:
                raise Refused(f"the tool {foreign[0][:60]!r} would run at the vendor's")
    config = body.get("generationConfig")
    limit = _limit(config if isinstance(config, dict) else {}, "maxOutputTokens")
    return Call(model=_named(model), output_tokens=limit, paid=paid)


def _check(dialect: Dialect, body: dict[str, Any]) -> None:
    for name in _FOREIGN[dialect]:
        if body.get(name):
            raise Refused(f"{name!r} is not passed on")
    for name, value in _named_values({k: v for k, v in body.items() if k != "tools"}):
        if name in _FETCHED and re.match(r"\s*(?!data:)[a-z][a-z0-9+.-]*:", value, re.IGNORECASE):
            raise Refused(f"{name!r} would make the vendor fetch an address")


def _named_values(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (key, text) at any depth, without recursion. Arguments of tool calls are texts."""
    left: list[Any] = [body]
    seen = 0
    while left:
        seen += 1
        if seen > MAX_NODES:
            raise Refused("the request has too many parts")
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            # What a tool was called with is the agent's own data, not an instruction to fetch.
            if value.get("type") in ("tool_use", "function_call"):
                continue
            for name, inner in value.items():
                if isinstance(inner, str):
                    yield name, inner
                elif name not in ("functionCall", "functionResponse"):
                    left.append(inner)


def _tools(body: dict[str, Any]) -> list[dict[str, Any]]:
    tools = body.get("tools")
    if tools is None:
        return []
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise Refused("its tools are not a list of objects")
    return tools


def _model(body: dict[str, Any]) -> str:
    return _named(body.get("model"))


def _named(model: object) -> str:
    good = isinstance(model, str) and 0 < len(model) <= MAX_MODEL and model.isprintable()
    if not good or ".." in str(model) or str(model)[:1] == "/":
        raise Refused("it names no model")
    return str(model)


def _limit(body: dict[str, Any], *names: str) -> int:
    for name in names:
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_OUTPUT:
            return value
    return DEFAULT_OUTPUT
