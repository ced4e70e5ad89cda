"""Starts git, the only place that does: a clean environment, limits, typed errors.

Nothing of the machine's or the user's configuration reaches git, and nothing of a repository can
make it run a program: the settings travel in the environment, which outranks every file. The token
travels in a file in memory that only the one call is given (`bot.checkout.remote`); no setting that
keeps git safe lives there, because git silently ignores a configuration that it cannot open.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from bot.checkout.remote import RETRY_SECONDS, Remote
from bot.errors import ConfigurationError, GitFailed, TryLater
from bot.process import Child, Command, Completed, Ledger, ProcessTimeout, run, start

LOCAL_SECONDS = 120.0
"""For calls that touch this machine only."""
REMOTE_SECONDS = 900.0
"""For a fetch or a push: the first fetch of a large repository is the longest."""
MAX_OUTPUT = 64 * 1024 * 1024

_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.symlinks": "true",
    "core.sparseCheckout": "false",
    "core.splitIndex": "false",
    # Larger blobs are streamed when they arrive instead of being held in memory.
    "core.bigFileThreshold": "32m",
    "protocol.allow": "never",
    "protocol.version": "2",
    "http.followRedirects": "false",
    # A server that sends nothing for a minute is given up long before the time limit.
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
    "credential.helper": "",
    "transfer.fsckObjects": "true",
    "fetch.fsckObjects": "true",
    # Blemishes of old commit headers that occur in honest histories and cannot hurt: nothing here
    # reads names or dates. Whatever concerns trees and submodules stays an error.
    "fetch.fsck.badTimezone": "warn",
    "fetch.fsck.missingSpaceBeforeDate": "warn",
    "fetch.fsck.missingSpaceBeforeEmail": "warn",
    "fetch.fsck.missingNameBeforeEmail": "warn",
    "fetch.fsck.missingEmail": "warn",
    "fetch.fsck.badEmail": "warn",
    "fetch.fsck.badDate": "warn",
    "fetch.fsck.badDateOverflow": "warn",
    "fetch.fsck.zeroPaddedDate": "warn",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "push.recurseSubmodules": "no",
    "push.followTags": "false",
    "push.gpgSign": "false",
    "diff.ignoreSubmodules": "all",
    "gc.auto": "0",
    "gc.autoDetach": "false",
    "maintenance.auto": "false",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a call works: a git directory, and a tree with its private index to write files."""

    git_dir: Path
    work_tree: Path | None = None
    index: Path | None = None


class Git:
    """Runs git; holds nothing but where git is and who keeps the list of running processes."""

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        program = shutil.which("git")
        if program is None:
            raise ConfigurationError("git is not installed, or not on the PATH")
        self._program = program
        self._ledger = ledger

    async def run(
        self,
        place: Place | None,
        *arguments: str,
        stdin: bytes = b"",
        settings: Mapping[str, str] | None = None,
        remote: Remote | None = None,
        cwd: Path | None = None,
        max_output: int = MAX_OUTPUT,
    ) -> Completed:
        """The outcome as it is; the caller looks at the exit status."""
        seconds = LOCAL_SECONDS if remote is None else REMOTE_SECONDS
        with nullcontext() if remote is None else remote.credentials() as credentials:
            command = self._command(
                place,
                arguments,
                _environment(place, settings or {}, remote, credentials),
                stdin=stdin,
                cwd=cwd,
                credentials=credentials,
            )
            try:
                done = await run(
                    command, timeout=seconds, max_output=max_output, ledger=self._ledger
                )
            except ProcessTimeout:
                message = f"git {arguments[0]} took longer than {seconds:g} seconds"
                if remote is not None:
                    raise TryLater(message, RETRY_SECONDS) from None
                raise GitFailed(message) from None
        return done if remote is None else replace(done, stderr=remote.hide(done.stderr))

    async def output(
        self,
        place: Place | None,
        *arguments: str,
        stdin: bytes = b"",
        settings: Mapping[str, str] | None = None,
        max_output: int = MAX_OUTPUT,
    ) -> bytes:
        """What git printed; any exit status but 0 is an error."""
        done = await self.run(
            place, *arguments, stdin=stdin, settings=settings, max_output=max_output
        )
        if done.returncode != 0:
            raise failure(arguments[0], done, place)
        return done.stdout

    async def start(self, place: Place, *arguments: str) -> Child:
        """For output that is read while it comes."""
        command = self._command(place, arguments, _environment(place, {}, None, None))
        return await start(command, ledger=self._ledger)

    def _command(
        self,
        place: Place | None,
        arguments: Sequence[str],
        env: Mapping[str, str],
        *,
        stdin: bytes = b"",
        cwd: Path | None = None,
        credentials: int | None = None,
    ) -> Command:
        where: list[str] = []
        if place is not None:
            where.append(f"--git-dir={place.git_dir}")
            if place.work_tree is not None:
                where.append(f"--work-tree={place.work_tree}")
        return Command(
            argv=(self._program, *where, "--no-pager", *arguments),
            env=env,
            cwd=cwd or Path("/"),
            stdin=stdin,
            pass_fds=() if credentials is None else (credentials,),
        )


def failure(name: str, done: Completed, place: Place | None) -> GitFailed:
    """Names the command and quotes the last lines, without this machine's paths."""
    said = done.stderr
    for path in (place.work_tree, place.index, place.git_dir) if place else ():
        if path is not None:
            said = said.replace(str(path), path.name)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    tail = " / ".join(lines[-3:])[:500] or f"exit status {done.returncode}"
    return GitFailed(f"git {name} failed: {tail}")


def _environment(
    place: Place | None,
    settings: Mapping[str, str],
    remote: Remote | None,
    credentials: int | None,
) -> dict[str, str]:
    """Complete: nothing of harness's own environment is passed on."""
    scheme = remote.scheme if remote is not None else "none"
    every = {
        **_SETTINGS,
        # Without a place git looks for the user's repository, and is asked for its paths only.
        "safe.directory": str(place.git_dir) if place is not None else "*",
        "safe.bareRepository": "explicit" if place is not None else "all",
        f"protocol.{scheme}.allow": "always" if remote is not None else "never",
        **settings,
    }
    env = {
        "PATH": os.defpath,
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null" if credentials is None else f"/proc/self/fd/{credentials}",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ALLOW_PROTOCOL": scheme,
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_CONFIG_COUNT": str(len(every)),
    }
    for number, (key, value) in enumerate(every.items()):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    if place is not None and place.index is not None:
        env["GIT_INDEX_FILE"] = str(place.index)
    return env
