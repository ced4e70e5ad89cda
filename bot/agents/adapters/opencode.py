"""opencode, for any model behind an OpenAI-compatible address, also one of this machine's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from bot.agents.envelopes import Envelope, count, money, read_events, record, said, text, used
from bot.agents.failures import fatal
from bot.agents.reviewer import AgentKind
from bot.agents.template import Launch, templated
from bot.agents.vendor import (
    IDLE_TIMEOUT,
    MAX_TURNS,
    WRITERS,
    Vendor,
    launch,
    model_api,
    prepare,
    system_prompt,
)
from bot.errors import AgentMisconfigured
from bot.models import AgentSpec, Event, Finished, RunConfig, Tokens
from bot.sandbox.uplink import ADDRESS, Dialect

VENDOR = Vendor(kind="opencode", program="opencode", dialect=Dialect.OPENAI)
CONFIG_FILE = ".config/opencode/opencode.json"

# Without a title of ours it asks the model for one, which is a call that nobody reads.
_FLAGS = ("run", "--pure", "--format", "json", "--title", "harness", "--agent", "harness")
_ENVIRONMENT = {
    "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
    "OPENCODE_DISABLE_CLAUDE_CODE": "1",
    "OPENCODE_DISABLE_EXTERNAL_SKILLS": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
}
READ_TOOLS = ("read", "grep", "glob", "list")
WRITE_TOOLS = (*READ_TOOLS, "edit")


def build_command(spec: AgentSpec, config: RunConfig, *, fenced: bool) -> Launch:
    """One provider and one agent of our own; there is no model unless the operator names one."""
    del fenced  # the same command line either way
    ready = prepare(VENDOR, spec, config)
    if not spec.model:
        raise AgentMisconfigured(f"agent {spec.name!r}: set model, as its server calls it")
    tools = WRITE_TOOLS if ready.writes else READ_TOOLS
    settings = _settings(spec.model, ready.token, system_prompt(config), tools)
    return launch(
        ready,
        spec,
        config,
        words=(*_FLAGS, "-m", f"harness/{spec.model}"),
        env=_ENVIRONMENT,
        stdin=config.prompt,
        home_files={CONFIG_FILE: json.dumps(settings).encode()},
    )


def _settings(model: str, token: str, system: str, tools: tuple[str, ...]) -> dict[str, Any]:
    """Whatever is not allowed by name does not exist for the model."""
    name = f"harness/{model}"
    return {
        "provider": {
            "harness": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "harness",
                "options": {"baseURL": ADDRESS, "apiKey": token},
                "models": {model: {}},
            }
        },
        "enabled_providers": ["harness"],
        "model": name,
        "small_model": name,
        "default_agent": "harness",
        "agent": {"harness": {"mode": "primary", "prompt": system, "steps": MAX_TURNS}},
        "permission": {"*": "deny", **dict.fromkeys(tools, "allow")},
        "autoupdate": False,
        "share": "disabled",
        "snapshot": False,
        "lsp": False,
        "formatter": False,
    }


async def parse(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Of ``--format json``."""
    async for event in read_events(chunks, _Reader()):
        yield event


class _Reader:
    """Usage comes by the step, and no line ends the stream: a last step without a tool does."""

    def __init__(self) -> None:
        self._total = Tokens()
        self._complete = False
        self._failed = False

    def read(self, envelope: Envelope) -> Iterable[Event]:
        part = record(envelope.get("part"))
        match envelope.get("type"):
            case "step_start":
                self._complete = False
            case "text":
                yield from said(part.get("text"))
            case "tool_use":
                yield used(part.get("tool"), record(part.get("state")).get("input"))
            case "step_finish":
                self._complete = part.get("reason") not in (None, "tool-calls")
                yield from self._add(part)
            case "error":
                self._failed = True
                yield _error(record(envelope.get("error")))

    def end(self) -> Iterable[Event]:
        if self._complete or self._failed:
            yield Finished(success=not self._failed)

    def _add(self, part: Envelope) -> Iterable[Event]:
        tokens, cache = record(part.get("tokens")), record(record(part.get("tokens")).get("cache"))
        # It writes 0 for a model whose price it does not know.
        cost = money(part.get("cost")) or None
        known = self._total.cost_usd
        self._total = Tokens(
            input=self._total.input
            + count(tokens.get("input"))
            + count(cache.get("read"))
            + count(cache.get("write")),
            output=self._total.output
            + count(tokens.get("output"))
            + count(tokens.get("reasoning")),
            cost_usd=known if cost is None else (known or Decimal(0)) + cost,
        )
        if self._total.input or self._total.output:
            yield self._total


def _error(error: Envelope) -> Event:
    data = record(error.get("data"))
    body = text(data.get("responseBody")) or text(data.get("message"))
    status = count(data.get("statusCode")) or None
    return fatal(body, status=status, word=f"{text(error.get('name'))} {text(data.get('message'))}")


AGENT = AgentKind(
    name=VENDOR.kind,
    summary="opencode: any OpenAI-compatible address, local models too; no shell",
    analyzer=False,
    build=templated(build_command, parse),
    idle_timeout=IDLE_TIMEOUT,
    roles=WRITERS,
    program=VENDOR.program,
    pinned="1.18.33",
    api=partial(model_api, VENDOR),
    costs=True,
)
