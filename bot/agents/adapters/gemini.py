"""Google's Gemini CLI (``gemini``), configured by a settings file of its scratch home."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Any

from bot.agents.envelopes import Envelope, count, read_events, record, text, used
from bot.agents.failures import fatal, retry
from bot.agents.reviewer import AgentKind
from bot.agents.template import Launch, templated
from bot.agents.vendor import (
    IDLE_TIMEOUT,
    MAX_TURNS,
    WRITERS,
    Vendor,
    launch,
    model_api,
    no_command,
    prepare,
    system_prompt,
)
from bot.models import AgentSpec, AssistantText, Event, Finished, ModelUsage, RunConfig, Tokens
from bot.sandbox.fence import HOME
from bot.sandbox.uplink import ADDRESS, Dialect

VENDOR = Vendor(
    kind="gemini",
    program="gemini",
    dialect=Dialect.GEMINI,
    base_url="https://generativelanguage.googleapis.com",
    default_key_variable="GEMINI_API_KEY",
)
SETTINGS_FILE = ".gemini/settings.json"
SYSTEM_FILE = ".gemini/system.md"
_MENTIONS = (
    "In the first message a backslash stands before every @ that begins a word. It is not part of"
    " the text: write @ without it."
)
READ_TOOLS = ("read_file", "list_directory", "grep_search", "glob")
WRITE_TOOLS = (*READ_TOOLS, "write_file", "replace")

# The address and the system prompt are always set: what is not set here, an env file of the tree
# could set, and with the address it would get the key.
_ENVIRONMENT = {
    "GOOGLE_GEMINI_BASE_URL": ADDRESS,
    "GEMINI_SYSTEM_MD": str(HOME / SYSTEM_FILE),
    "GEMINI_CLI_NO_RELAUNCH": "1",
    "NO_COLOR": "1",
    "TERM": "xterm-256color",
}


def build_command(spec: AgentSpec, config: RunConfig, *, fenced: bool) -> Launch:
    """Few flags: most of it can only be said in its settings."""
    del fenced  # the same command line either way
    ready = prepare(VENDOR, spec, config)
    # Without the first it refuses a folder that nobody declared trusted, and trusting it would
    # run what the tree configures.
    words = ["--skip-trust", "-o", "stream-json"]
    if ready.writes:
        words += ["--approval-mode", "auto_edit"]
    if spec.model:
        words += ["-m", spec.model]
    return launch(
        ready,
        spec,
        config,
        words=tuple(words),
        env={"GEMINI_API_KEY": ready.token, **_ENVIRONMENT},
        stdin=no_mention(no_command(config.prompt)),
        home_files={
            SETTINGS_FILE: _settings(WRITE_TOOLS if ready.writes else READ_TOOLS),
            SYSTEM_FILE: f"{system_prompt(config)}\n{_MENTIONS}\n".encode("utf-8", "replace"),
        },
    )


def no_mention(prompt: str) -> str:
    """It looks for ``@name`` in the whole text, and a diff is full of them.

    Of each it makes a file to be put in, found anywhere in the tree, or an agent that "the user has
    explicitly selected"; one that cannot be read ends it. A backslash is its own way to prevent
    that, and the system prompt tells the model about it.
    """
    return re.sub(r"@(?=\S)", r"\\@", prompt)


def _settings(tools: tuple[str, ...]) -> bytes:
    settings: dict[str, Any] = {
        "security": {
            # Left to itself it takes a base URL for a gateway with a login of its own.
            "auth": {"selectedType": "gemini-api-key"},
            "environmentVariableRedaction": {"enabled": True},
        },
        "tools": {"core": list(tools)},
        # The tree says nothing about what of it is read.
        "context": {"fileFiltering": {"respectGeminiIgnore": False, "respectGitIgnore": False}},
        "model": {"maxSessionTurns": MAX_TURNS},
        # With its default it repeats a refused call until somebody ends it.
        "general": {"maxAttempts": 2, "enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
        "hooksConfig": {"enabled": False},
        "admin": {
            "mcp": {"enabled": False},
            "extensions": {"enabled": False},
            "skills": {"enabled": False},
        },
    }
    return json.dumps(settings).encode()


async def parse(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Of ``-o stream-json``."""
    async for event in read_events(chunks, _Reader()):
        yield event


class _Reader:
    """Its text comes in pieces that belong together until a tool is used."""

    def __init__(self) -> None:
        self._open = False

    def read(self, envelope: Envelope) -> Iterable[Event]:
        match envelope.get("type"):
            case "message" if envelope.get("role") == "assistant":
                yield from self._said(text(envelope.get("content")))
            case "tool_use":
                yield from self._break()
                yield used(envelope.get("tool_name"), envelope.get("parameters"))
            case "error":
                yield retry(text(envelope.get("message")))
            case "result":
                yield from _result(envelope)

    def end(self) -> Iterable[Event]:
        return ()

    def _said(self, words: str) -> Iterable[Event]:
        if words:
            self._open = not words.endswith("\n")
            yield AssistantText(text=words)

    def _break(self) -> Iterable[Event]:
        if self._open:
            self._open = False
            yield AssistantText(text="\n")


def _result(envelope: Envelope) -> Iterable[Event]:
    yield from _tokens(record(envelope.get("stats")))
    good = envelope.get("status") == "success"
    if not good:
        error = record(envelope.get("error"))
        yield fatal(text(error.get("message")), word=text(error.get("type")))
    yield Finished(success=good)


def _tokens(stats: Envelope) -> Iterable[Event]:
    tokens = Tokens(
        input=count(stats.get("input_tokens")),
        # Thoughts are part of the total alone.
        output=_output(stats),
        by_model=tuple(
            ModelUsage(
                model=text(name),
                input=count(record(usage).get("input_tokens")),
                cache_read=count(record(usage).get("cached")),
                output=_output(record(usage)),
            )
            for name, usage in record(stats.get("models")).items()
        ),
    )
    if tokens.input or tokens.output:
        yield tokens


def _output(stats: Envelope) -> int:
    """What the model wrote, with what it thought: the total has it, the output has not."""
    return max(
        count(stats.get("output_tokens")),
        count(stats.get("total_tokens")) - count(stats.get("input_tokens")),
    )


AGENT = AgentKind(
    name=VENDOR.kind,
    summary="Google's Gemini CLI: reads the tree with its own tools, no shell",
    analyzer=False,
    build=templated(build_command, parse),
    idle_timeout=IDLE_TIMEOUT,
    roles=WRITERS,
    program=VENDOR.program,
    pinned="0.61.0",
    api=partial(model_api, VENDOR),
    costs=True,
)
