"""What the vendors' command lines have in common before they start: program, key, way out, fence.

The real key never reaches the process. It is given a token of this start and told that our own
process is the vendor's address; the key is put in there (`bot.sandbox.uplink`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.agents import environment
from bot.agents.programs import SYSTEM, find_program, search_path
from bot.agents.template import Launch
from bot.errors import AgentMisconfigured
from bot.models import AgentSpec, Role, RunConfig, Workspace
from bot.process import Command
from bot.sandbox import profiles
from bot.sandbox.uplink import Dialect, ModelApi

MAX_TURNS = 100
"""Rounds of asking a model and using its tools; more is a model that goes in circles."""
IDLE_TIMEOUT = 300.0
"""Some of these programs wait for ever on a network that is gone."""
READERS = frozenset({Role.REVIEWER, Role.PLANNER})
WRITERS = READERS | {Role.DEVELOPER}
SYSTEM_PROMPT = """\
You are an experienced software engineer. You work on your own in the working directory, which holds
the files of a repository; there is nobody to ask. Look at the files you need with the tools you
have, and stop looking when you know enough. The first message says what to do: do exactly that, and
end with the answer in the form it asks for.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor:
    """One vendor, as far as it is not a matter of flags."""

    kind: str
    program: str
    dialect: Dialect
    base_url: str = ""
    """Where its API is; empty if the operator has to say it."""
    default_key_variable: str = ""
    """By convention the variable that holds a key for ``base_url``; of no use anywhere else."""
    roles: frozenset[Role] = WRITERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What an adapter builds its command line with."""

    program: Path
    uplink: ModelApi
    workspace: Workspace
    writes: bool
    structured: bool
    """The answer is to be the contract's object: a review whose prompt nobody replaced."""

    @property
    def token(self) -> str:
        return self.uplink.token


def prepare(vendor: Vendor, spec: AgentSpec, config: RunConfig) -> Prepared:
    """`AgentFailed` says what is missing."""
    if config.workspace is None:
        raise AgentMisconfigured(f"agent {spec.name!r}: there is no tree to review")
    if config.role not in vendor.roles:
        able = ", ".join(sorted(vendor.roles))
        raise AgentMisconfigured(
            f"agent {spec.name!r}: {vendor.kind} cannot be a {config.role} (it can be {able})"
        )
    return Prepared(
        program=_program(vendor, spec),
        uplink=replace(model_api(vendor, spec), purse=config.purse),
        workspace=config.workspace,
        writes=config.role is Role.DEVELOPER,
        structured=config.role is Role.REVIEWER
        and config.contract_answer
        and not config.prompt_override,
    )


def launch(
    prepared: Prepared,
    spec: AgentSpec,
    config: RunConfig,
    *,
    words: tuple[str, ...],
    env: Mapping[str, str],
    stdin: str,
    home_files: Mapping[str, bytes],
) -> Launch:
    """The program with ``words``, in the tree, with ``env`` and nothing else of this machine's."""
    workspace = prepared.workspace
    return Launch(
        command=Command(
            argv=(str(prepared.program), *words),
            env={
                **environment.common(),
                **environment.review(spec.name, config),
                **environment.contract(config, workspace),
                **env,
            },
            cwd=workspace.tree,
            stdin=stdin.encode("utf-8", "replace"),
        ),
        fence=profiles.agent(
            config.role,
            tree=workspace.tree,
            git_dir=workspace.git_dir,
            files=(workspace.diff_file,),
            uplink=prepared.uplink,
            home_files=home_files,
        ),
    )


def guarded(config: RunConfig) -> str:
    """The guard, then the prompt: for programs that take no system prompt of ours."""
    return f"{config.guard}\n\n{config.prompt}" if config.guard else config.prompt


def no_command(prompt: str) -> str:
    """For programs that take a text which begins with a slash for one of their commands."""
    return f"The task:\n\n{prompt}" if prompt.lstrip().startswith("/") else prompt


def system_prompt(config: RunConfig) -> str:
    """For programs whose own system prompt is replaced by ours."""
    return f"{SYSTEM_PROMPT}\n{config.guard}\n" if config.guard else SYSTEM_PROMPT


def _program(vendor: Vendor, spec: AgentSpec) -> Path:
    if len(spec.argv) > 1:
        raise AgentMisconfigured(
            f"agent {spec.name!r}: argv of {vendor.kind} is the program alone; its arguments are"
            " harness's own"
        )
    if spec.argv and not spec.argv[0].startswith("/"):
        raise AgentMisconfigured(
            f"agent {spec.name!r}: argv of {vendor.kind} is the absolute path of its program"
        )
    name = spec.argv[0] if spec.argv else vendor.program
    return find_program(name, (*search_path(), *SYSTEM))


def model_api(vendor: Vendor, spec: AgentSpec) -> ModelApi:
    """Where its calls go, with a token of their own; `AgentMisconfigured` says what is missing."""
    base_url = (spec.base_url or vendor.base_url).rstrip("/")
    if not base_url:
        raise AgentMisconfigured(
            f"agent {spec.name!r}: set base_url, the address of the model's API"
        )
    return ModelApi(
        dialect=vendor.dialect,
        base_url=base_url,
        token=secrets.token_urlsafe(32),
        key=_key(vendor, spec),
    )


def _key(vendor: Vendor, spec: AgentSpec) -> str:
    """A key that lies in the vendor's variable is for the vendor: no other address is sent it."""
    variable = "" if spec.base_url else vendor.default_key_variable
    key = environment.secret(spec, variable=variable)
    if not key and not spec.base_url:
        raise AgentMisconfigured(
            f"agent {spec.name!r}: there is no key: set {variable}, or name another variable in"
            " api_key_env, or a file in api_key_file"
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise AgentMisconfigured(
            f"agent {spec.name!r}: its key holds characters that no HTTP header can carry"
        )
    return key
