"""Bring your own reviewer: any program that reads a prompt and writes the contract's JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from bot.agents import environment
from bot.agents.lines import read_text
from bot.agents.programs import SYSTEM, find_program, search_path
from bot.agents.reviewer import AgentKind
from bot.agents.template import Launch, templated
from bot.agents.vendor import guarded
from bot.errors import AgentMisconfigured
from bot.models import AgentSpec, AssistantText, Event, Finished, Role, RunConfig, Started
from bot.process import Command
from bot.sandbox import profiles
from bot.sandbox.uplink import ADDRESS, AllowList

ROLES = frozenset({Role.REVIEWER, Role.PLANNER, Role.DEVELOPER})
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


def build_command(spec: AgentSpec, config: RunConfig, *, fenced: bool) -> Launch:
    """The operator's command line in the tree, the prompt on standard input."""
    del fenced  # the same command line either way
    if not spec.argv:
        raise AgentMisconfigured(f"agent {spec.name!r} is a command and has no argv")
    if config.workspace is None:
        raise AgentMisconfigured(f"agent {spec.name!r}: there is no tree to review")
    program = find_program(spec.argv[0], (*search_path(), *SYSTEM))
    if config.role not in ROLES:
        raise AgentMisconfigured(f"agent {spec.name!r}: a command cannot be a {config.role}")
    workspace = config.workspace
    uplink = _uplink(spec)
    return Launch(
        command=Command(
            argv=(str(program), *spec.argv[1:]),
            env={
                **environment.common(),
                **environment.review(spec.name, config),
                **environment.contract(config, workspace),
                **environment.key(spec),
                **(dict.fromkeys(_PROXY_VARIABLES, ADDRESS) if uplink else {}),
            },
            cwd=workspace.tree,
            stdin=guarded(config).encode("utf-8", "replace"),
        ),
        fence=profiles.agent(
            config.role,
            tree=workspace.tree,
            git_dir=workspace.git_dir,
            files=(workspace.diff_file, *_named_files(spec)),
            uplink=uplink,
        ),
    )


async def parse(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """All of standard output is narrative; whether it succeeded, its exit status decides."""
    yield Started()
    async for text in read_text(chunks):
        yield AssistantText(text=text)
    yield Finished(success=True)


def _uplink(spec: AgentSpec) -> AllowList | None:
    """It makes its own calls, with its own key, to the one host that the operator named."""
    if not spec.base_url:
        return None
    url = urlsplit(spec.base_url)
    try:
        port = url.port or (80 if url.scheme == "http" else 443)
    except ValueError as error:
        raise AgentMisconfigured(f"agent {spec.name!r}: base_url: {error}") from error
    if not url.hostname:
        raise AgentMisconfigured(f"agent {spec.name!r}: base_url names no host")
    return AllowList(hosts=frozenset({(url.hostname, port)}))


def _named_files(spec: AgentSpec) -> tuple[Path, ...]:
    """Files that the operator's command line names, such as a script after its interpreter."""
    paths = (Path(word) for word in spec.argv[1:] if word.startswith("/") and "\0" not in word)
    return tuple(path for path in paths if path.is_file())


AGENT = AgentKind(
    name="command",
    summary="Your own reviewer: any program that reads a prompt and ends with one JSON object",
    analyzer=False,
    build=templated(build_command, parse),
    roles=ROLES,
)
