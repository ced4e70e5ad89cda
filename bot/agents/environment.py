"""The environment of an agent's process: built from an allow-list, nothing is inherited."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from bot.errors import AgentMisconfigured
from bot.models import AgentSpec, RunConfig, Workspace
from bot.sandbox.fence import HOME, TMP
from bot.settings import environment_value

PATH = "/usr/local/bin:/usr/bin:/bin"
KEY_VARIABLE = "HARNESS_API_KEY"
"""Holds the key of an agent that has a key file and names no variable."""
MAX_VALUE = 100_000
"""The kernel refuses a single value of 128 KiB, and with it the whole process."""


def common() -> dict[str, str]:
    """What every program needs to run at all. Home and scratch space are the sandbox's."""
    return {
        "PATH": PATH,
        "HOME": str(HOME),
        "TMPDIR": str(TMP),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
    }


def review(agent: str, config: RunConfig) -> dict[str, str]:
    """The five variables by which Entire's hooks know a review session."""
    prompt = text(config.prompt)
    if len(prompt.encode()) > MAX_VALUE:
        digest = hashlib.sha256(prompt.encode()).hexdigest()
        prompt = f"sha256:{digest} ({len(prompt)} characters, on standard input)"
    return {
        "ENTIRE_REVIEW_SESSION": "1",
        "ENTIRE_REVIEW_AGENT": agent,
        "ENTIRE_REVIEW_SKILLS": json.dumps(list(config.skills)),
        "ENTIRE_REVIEW_PROMPT": prompt,
        "ENTIRE_REVIEW_STARTING_SHA": config.starting_sha,
    }


def contract(config: RunConfig, workspace: Workspace) -> dict[str, str]:
    """What the contract promises to an agent; the sandbox puts in its own paths."""
    return {
        "HARNESS_BASE_SHA": config.base_sha,
        "HARNESS_HEAD_SHA": config.starting_sha,
        "HARNESS_DIFF": str(workspace.diff_file),
        "GIT_DIR": str(workspace.git_dir),
    }


def key(spec: AgentSpec, *, variable: str = "") -> dict[str, str]:
    """The agent's own key under the name its program reads; empty when none is configured."""
    name = variable or spec.api_key_env or KEY_VARIABLE
    value = secret(spec)
    if not value:
        return {}
    if name in common() or name.startswith("ENTIRE_REVIEW_") or "=" in name:
        raise AgentMisconfigured(f"agent {spec.name!r}: a key cannot be called {name}")
    return {name: value}


def secret(spec: AgentSpec, *, variable: str = "") -> str:
    """The agent's key: from its file, from the variable it names, else from ``variable``.

    Empty when none is configured; a source that was named and holds none is a mistake.
    """
    if spec.api_key_file:
        value, source = _from_file(spec), spec.api_key_file
    elif spec.api_key_env:
        value, source = environment_value(spec.api_key_env), f"the variable {spec.api_key_env}"
    else:
        return environment_value(variable).strip() if variable else ""
    if not value or "\0" in value:
        raise AgentMisconfigured(f"agent {spec.name!r}: {source} holds no key")
    return value


def text(value: str) -> str:
    """Without what no environment can hold."""
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def _from_file(spec: AgentSpec) -> str:
    try:
        return Path(spec.api_key_file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AgentMisconfigured(
            f"agent {spec.name!r}: cannot read {spec.api_key_file}: {error}"
        ) from error
