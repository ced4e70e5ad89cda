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

DEFAULT_OUTPUT = 128_000
"""Tokens that an answer may have when the request names no limit: the longest writers' limit."""
MAX_ANSWERS = 8
"""Answers to one request."""
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
_GEMINI_CONFIGS = ("generationConfig", "generation_config")
_SEARCHING = re.compile(r"search|deep-research", re.IGNORECASE)
_FOREIGN = {
    Dialect.ANTHROPIC: ("mcp_servers", "container"),
    Dialect.OPENAI: (
        "background",
        "conversation",
        "previous_response_id",
        "prompt",
    ),
    Dialect.GEMINI: ("cachedContent", "cached_content"),
}
"""What leads to somebody else's servers, or to what other calls left at the vendor's."""
_STORED = frozenset({"file_id", "fileId", "item_reference"})
"""What other calls, or somebody else's, left at the vendor's."""
_DEAR = {"service_tier": {"priority"}, "speed": {"fast"}}
"""Asked for by name, these cost more than the price lists say."""
_FETCHED = frozenset({"url", "uri", "image_url", "file_url", "fileUri", "file_uri", "server_url"})
_CALLED = frozenset({"tool_use", "function_call", "custom_tool_call"})
_ARGUMENTS = frozenset({"arguments", "args"})
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
    if sum(body.count(sign) for sign in (b"{", b"[", b",")) > MAX_NODES:
        raise Refused("the request has too many parts")  # before they all become objects here
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
    model = _model(body)
    if _SEARCHING.search(model):
        raise Refused(f"the model {model[:60]!r} searches at the vendor's")
    return Call(model=model, output_tokens=limit * _answers(body, "n"))


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
    outer = {name: value for name, value in body.items() if name != "generateContentRequest"}
    for part in (outer, inner) if isinstance(inner, dict) else (outer,):
        _check(Dialect.GEMINI, part)
        for tool in _tools(part):
            foreign = sorted(set(tool) - _GEMINI_TOOLS)
            if foreign:
                raise Refused(f"the tool {foreign[0][:60]!r} would run at the vendor's")
    configs = [c for name in _GEMINI_CONFIGS if isinstance(c := body.get(name), dict)]
    names = ("maxOutputTokens", "max_output_tokens")
    limit = max((_limit(config, *names) for config in configs), default=DEFAULT_OUTPUT)
    counts = [_answers(config, "candidateCount", "candidate_count") for config in configs]
    return Call(model=_named(model), output_tokens=limit * max(counts, default=1), paid=paid)


def _check(dialect: Dialect, body: dict[str, Any]) -> None:
    _check_names(dialect, body)
    nested: list[Any] = []
    for name, value in _named_values({k: v for k, v in body.items() if k != "tools"}, nested):
        if name in _STORED or (name == "type" and value in _STORED):
            raise Refused(f"{name!r} names what is stored at the vendor's")
        if name in _FETCHED and re.match(r"\s*(?!data:)[a-z][a-z0-9+.-]*:", value, re.IGNORECASE):
            raise Refused(f"{name!r} would make the vendor fetch an address")
    for tools in nested:
        if dialect is not Dialect.OPENAI:
            raise Refused("tools stand where none are expected")
        for tool in _tools({"tools": tools}):
            _check_openai_tool(tool)  # what a search among the request's own tools found


def _check_names(dialect: Dialect, body: dict[str, Any]) -> None:
    for name in _FOREIGN[dialect]:
        if body.get(name):
            raise Refused(f"{name!r} is not passed on")
    if "web_search_options" in body:  # an empty one is an order too
        raise Refused("'web_search_options' is not passed on")
    for name, dear in _DEAR.items():
        if str(body.get(name)) in dear:
            raise Refused(f"{name!r} costs more than anybody here knows")


def _named_values(body: dict[str, Any], nested: list[Any]) -> Iterator[tuple[str, str]]:
    """Every (key, text) at any depth, without recursion; ``nested`` gets the lists of tools."""
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
            called = str(value.get("type")) in _CALLED
            for name, inner in value.items():
                # What a tool was called with is the agent's own data, not an instruction to fetch.
                if name in _ARGUMENTS or (called and name == "input"):
                    continue
                if name == "tools" and inner:
                    nested.append(inner)
                if isinstance(inner, str):
                    yield name, inner
                else:
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
    """The largest limit that is named: which of two counts is the vendor's to say."""
    named = [n for name in names if (n := _whole(body.get(name))) is not None]
    return max(named, default=DEFAULT_OUTPUT)


def _whole(value: object) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_OUTPUT
    return value if good and isinstance(value, int) else None


def _answers(body: dict[str, Any], *names: str) -> int:
    """How many answers are asked for, each of which is paid."""
    for name in names:
        count = body.get(name)
        if count is not None and not 1 <= (_whole(count) or 0) <= MAX_ANSWERS:
            raise Refused(f"{name!r} is more than {MAX_ANSWERS}, or no number")
    return max((_whole(body.get(name)) or 1 for name in names), default=1)
