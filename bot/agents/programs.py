"""Finds the programs of agents, never inside the tree that is reviewed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.errors import AgentFailed, AgentMisconfigured
from bot.models import FailureKind
from bot.settings import environment_value

SYSTEM = (Path("/usr/local/bin"), Path("/usr/bin"), Path("/bin"))


def beside_interpreter() -> Path:
    """Where the analyzers of this installation lie."""
    return Path(sys.executable).parent


def find_program(name: str, folders: Sequence[Path]) -> Path:
    """The program's absolute path: given as such, or a bare name in one of ``folders``."""
    if "\0" in name or not name:
        raise AgentMisconfigured("the program's name is empty or holds a NUL")
    if "/" in name and not name.startswith("/"):
        # It would be looked up in the working directory, which is somebody else's code.
        raise AgentMisconfigured(f"{name}: give an absolute path, or a bare name")
    candidates = [Path(name)] if name.startswith("/") else [folder / name for folder in folders]
    for candidate in candidates:
        if candidate.is_absolute() and candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    where = "" if name.startswith("/") else f" in {', '.join(str(folder) for folder in folders)}"
    raise AgentFailed(f"{name}: there is no such program{where}", FailureKind.NOT_FOUND)


def search_path() -> tuple[Path, ...]:
    """The operator's own ``PATH``, without relative folders."""
    folders = (Path(entry) for entry in environment_value("PATH").split(os.pathsep) if entry)
    return tuple(folder for folder in folders if folder.is_absolute())
