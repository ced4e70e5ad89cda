"""Anthropic's Claude Code (``claude``), driven without a person and without a shell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import partial

from bot.agents.envelopes import (
    Envelope,
    compact,
    count,
    items,
    money,
    read_events,
    record,
    said,
    text,
    used,
)
from bot.agents.failures import fatal, retry
from bot.agents.reviewer import AgentKind
from bot.agents.schema import answer_schema
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
)
from bot.models import AgentSpec, AssistantText, Event, Finished, ModelUsage, RunConfig, Tokens
from bot.sandbox.fence import HOME
from bot.sandbox.uplink import ADDRESS, Dialect

VENDOR = Vendor(
    kind="claude-code",
    program="claude",
    dialect=Dialect.ANTHROPIC,
    base_url="https://api.anthropic.com",
    default_key_variable="ANTHROPIC_API_KEY",
)
GUARD_FILE = "harness-guard.md"

# Whatever the tree configures (hooks, servers, settings, instructions) is left unread, and nothing
# but the model is called: without the variables it speaks to its vendor in spite of a base URL.
_FLAGS = (
    "-p", "--output-format", "stream-json", "--verbose", "--restricted", "--setting-sources", "",
    "--strict-mcp-config", "--disable-slash-commands", "--no-session-persistence",
)  # fmt: skip
_ENVIRONMENT = {
    "ANTHROPIC_BASE_URL": ADDRESS,
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_MAX_RETRIES": "2",
    # Else each @name of the prompt, that is of the diff, puts in a file of that name, or tells the
    # model that the user wants an agent of that name.
    "CLAUDE_CODE_DISABLE_ATTACHMENTS": "1",
}
_READ = ("--permission-mode", "dontAsk", "--tools", "Read,Grep,Glob")
_WRITE = ("--permission-mode", "acceptEdits", "--tools", "Read,Grep,Glob,Edit,Write")


def build_command(spec: AgentSpec, config: RunConfig, *, fenced: bool) -> Launch:
    """Its file tools are confined to the working directory; the shell is no tool of its."""
    del fenced  # the same command line either way
    ready = prepare(VENDOR, spec, config)
    words = [*_FLAGS, *(_WRITE if ready.writes else _READ), "--max-turns", str(MAX_TURNS)]
    files: dict[str, bytes] = {}
    if config.guard:
        files[GUARD_FILE] = config.guard.encode("utf-8", "replace")
        words += ["--append-system-prompt-file", str(HOME / GUARD_FILE)]
    if ready.structured:
        words += ["--json-schema", answer_schema()]
    if spec.model:
        words += ["--model", spec.model]
    if spec.budget_usd:
        words += ["--max-budget-usd", f"{spec.budget_usd:f}"]
    return launch(
        ready,
        spec,
        config,
        words=tuple(words),
        env={"ANTHROPIC_API_KEY": ready.token, **_ENVIRONMENT},
        stdin=no_command(config.prompt),
        home_files=files,
    )


async def parse(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Of ``--output-format stream-json``."""
    async for event in read_events(chunks, _Reader()):
        yield event


class _Reader:
    """Only its last line tells the truth: usage in the lines before is a placeholder, and errors
    come as text of an assistant that does not exist and with the subtype "success"."""

    def read(self, envelope: Envelope) -> Iterable[Event]:
        match envelope.get("type"):
            case "assistant":
                yield from _assistant(envelope)
            case "system" if envelope.get("subtype") == "api_retry":
                yield _retry(envelope)
            case "result":
                yield from _result(envelope)

    def end(self) -> Iterable[Event]:
        return ()


def _assistant(envelope: Envelope) -> Iterable[Event]:
    message = record(envelope.get("message"))
    if message.get("model") == "<synthetic>":
        return
    for block in map(record, items(message.get("content"))):
        if block.get("type") == "text" and not envelope.get("parent_tool_use_id"):
            yield from said(block.get("text"))
        elif block.get("type") == "tool_use":
            yield used(block.get("name"), block.get("input"))


def _retry(envelope: Envelope) -> Event:
    status = count(envelope.get("error_status")) or None
    what = f"{status or ''} {text(envelope.get('error'))}".strip()
    return retry(f"attempt {count(envelope.get('attempt'))} failed: {what}", status=status)


def _result(envelope: Envelope) -> Iterable[Event]:
    answer = envelope.get("structured_output")
    if answer is not None:
        # The narrative before it need not hold the answer; as its last object it is the answer.
        yield AssistantText(text=compact(answer))
    tokens = _tokens(envelope)
    if tokens.input or tokens.output:
        yield tokens
    good = envelope.get("is_error") is False
    if not good:
        yield fatal(
            _reason(envelope),
            status=count(envelope.get("api_error_status")) or None,
            word=text(envelope.get("subtype")),
        )
    yield Finished(success=good)


def _reason(envelope: Envelope) -> str:
    errors = "; ".join(text(error) for error in items(envelope.get("errors")))
    return text(envelope.get("result")) or errors or text(envelope.get("subtype"))


def _tokens(envelope: Envelope) -> Tokens:
    usage = record(envelope.get("usage"))
    return Tokens(
        input=count(usage.get("input_tokens"))
        + count(usage.get("cache_read_input_tokens"))
        + count(usage.get("cache_creation_input_tokens")),
        output=count(usage.get("output_tokens")),
        cost_usd=money(envelope.get("total_cost_usd")),
        by_model=tuple(
            _model(text(name), record(used_by_it))
            for name, used_by_it in record(envelope.get("modelUsage")).items()
        ),
    )


def _model(name: str, usage: Envelope) -> ModelUsage:
    read, write = (
        count(usage.get("cacheReadInputTokens")),
        count(usage.get("cacheCreationInputTokens")),
    )
    return ModelUsage(
        model=name,
        input=count(usage.get("inputTokens")) + read + write,
        cache_read=read,
        cache_write=write,
        output=count(usage.get("outputTokens")),
        cost_usd=money(usage.get("costUSD")),
    )


AGENT = AgentKind(
    name=VENDOR.kind,
    summary="Anthropic's Claude Code: reads the tree with its own tools, no shell",
    analyzer=False,
    build=templated(build_command, parse),
    idle_timeout=IDLE_TIMEOUT,
    roles=WRITERS,
    program=VENDOR.program,
    pinned="2.1.329",
    api=partial(model_api, VENDOR),
    costs=True,
)
