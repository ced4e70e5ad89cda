"""OpenAI's Codex (``codex exec``), whose one tool is a shell."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable
from functools import partial

from bot.agents.envelopes import Envelope, count, read_events, record, said, text, used
from bot.agents.failures import fatal, retry
from bot.agents.reviewer import AgentKind
from bot.agents.schema import answer_schema
from bot.agents.template import Launch, templated
from bot.agents.vendor import IDLE_TIMEOUT, WRITERS, Vendor, launch, model_api, prepare
from bot.errors import AgentFailed
from bot.models import AgentSpec, Event, FailureKind, Finished, RunConfig, Tokens
from bot.sandbox.fence import HOME
from bot.sandbox.uplink import ADDRESS, Dialect

VENDOR = Vendor(
    kind="codex",
    program="codex",
    dialect=Dialect.OPENAI,
    base_url="https://api.openai.com/v1",
    default_key_variable="OPENAI_API_KEY",
)
MAX_PROMPT = 1_048_576
"""Characters; it refuses more, on standard error alone."""
SCHEMA_FILE = "harness-answer.json"

_FLAGS = (
    "exec", "--json", "--ephemeral", "--ignore-user-config", "--ignore-rules",
    # The tree holds no .git.
    "--skip-git-repo-check",
    "-c", 'model_provider="harness"',
    "-c", f'model_providers.harness={{name="harness",base_url="{ADDRESS}",'
    'env_key="OPENAI_API_KEY",wire_api="responses",request_max_retries=1,stream_max_retries=1}',
    # Nothing that the tree says about how to work, and no call but the model's.
    "-c", "project_doc_max_bytes=0", "-c", "skills.include_instructions=false",
    # Else a word such as $skill-creator in a diff puts one of its own in.
    "-c", "skills.bundled.enabled=false",
    "-c", "analytics.enabled=false", "-c", "check_for_update_on_startup=false",
    "-c", 'web_search="disabled"',
    "--disable", "plugins", "--disable", "apps", "--disable", "hooks",
    "--disable", "shell_snapshot",
    # Its shell sees where things are, and not even the token.
    "-c", 'shell_environment_policy.inherit="all"',
    "-c", 'shell_environment_policy.include_only=["PATH","HOME","TMPDIR","LANG","LC_ALL",'
    '"GIT_DIR","HARNESS_BASE_SHA","HARNESS_HEAD_SHA","HARNESS_DIFF"]',
)  # fmt: skip

# Its own sandbox is bubblewrap again, which cannot be nested in ours as user namespaces are off in
# there; and it is not needed, as ours holds for the shell too: the tree is read-only, no file of
# this machine is there, and nothing but the model can be reached.
_FENCED = ("-s", "danger-full-access")
_READ = ("-s", "read-only")
_WRITE = (
    "-s", "workspace-write",
    # Without these two the machine's /tmp is writable as well.
    "-c", "sandbox_workspace_write.exclude_slash_tmp=true",
    "-c", "sandbox_workspace_write.exclude_tmpdir_env_var=true",
)  # fmt: skip


def build_command(spec: AgentSpec, config: RunConfig, *, fenced: bool) -> Launch:
    """Inside our fence its own would be one too many; outside it is the only one."""
    ready = prepare(VENDOR, spec, config)
    if len(config.prompt) > MAX_PROMPT:
        raise AgentFailed(
            f"the prompt has {len(config.prompt)} characters and codex takes {MAX_PROMPT}: shorten"
            " it, or leave it to harness, which names what does not fit",
            FailureKind.REFUSED,
        )
    words = [*_FLAGS, *(_FENCED if fenced else _WRITE if ready.writes else _READ)]
    files: dict[str, bytes] = {}
    if config.guard:
        words += ["-c", f"developer_instructions={toml_string(config.guard)}"]
    if ready.structured:
        files[SCHEMA_FILE] = answer_schema(strict=True).encode()
        words += ["--output-schema", str(HOME / SCHEMA_FILE)]
    if spec.model:
        words += ["-m", spec.model]
    return launch(
        ready,
        spec,
        config,
        words=(*words, "-"),
        env={"OPENAI_API_KEY": ready.token},
        stdin=config.prompt,
        home_files=files,
    )


def toml_string(value: str) -> str:
    """A basic string of TOML: JSON's, but for one character and without halves of characters."""
    whole = value.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")


def spell_skill(skill: str) -> str:
    """``/name`` is ``$name`` here; anything else is plain text."""
    named = re.match(r"/(?=[\w-]+(\s|$))", skill)
    return f"${skill[1:]}" if named else skill


async def parse(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Of ``--json``."""
    async for event in read_events(chunks, _Reader()):
        yield event


class _Reader:
    """A line of type "error" is a retry or a notice, also in good runs; the turn's end decides."""

    def read(self, envelope: Envelope) -> Iterable[Event]:
        match envelope.get("type"):
            case "item.started":
                yield from _started(record(envelope.get("item")))
            case "item.completed":
                yield from _completed(record(envelope.get("item")))
            case "error":
                yield retry(text(envelope.get("message")))
            case "turn.completed":
                yield from _tokens(record(envelope.get("usage")))
                yield Finished(success=True)
            case "turn.failed":
                yield fatal(text(record(envelope.get("error")).get("message")))
                yield Finished(success=False)

    def end(self) -> Iterable[Event]:
        return ()


def _started(item: Envelope) -> Iterable[Event]:
    if item.get("type") == "command_execution":
        yield used("exec", item.get("command"))
    elif item.get("type") == "mcp_tool_call":
        yield used(item.get("tool"), item.get("arguments"))


def _completed(item: Envelope) -> Iterable[Event]:
    match item.get("type"):
        case "agent_message":
            yield from said(item.get("text"))
        case "file_change":
            yield used("edit", item.get("changes"))
        case "error":
            yield retry(text(item.get("message")))


def _tokens(usage: Envelope) -> Iterable[Event]:
    """What came from a cache, and reasoning, are parts of the two numbers."""
    tokens = Tokens(
        input=count(usage.get("input_tokens")), output=count(usage.get("output_tokens"))
    )
    if tokens.input or tokens.output:
        yield tokens


AGENT = AgentKind(
    name=VENDOR.kind,
    summary="OpenAI's Codex: reads the tree with a shell, inside the fence",
    analyzer=False,
    build=templated(build_command, parse),
    idle_timeout=IDLE_TIMEOUT,
    roles=WRITERS,
    program=VENDOR.program,
    pinned="0.169.0",
    spell_skill=spell_skill,
    api=partial(model_api, VENDOR),
    costs=True,
)
