"""Builds the command line that starts a program inside bubblewrap.

Bubblewrap's options hold the environment, so they are not arguments, which every user of the
machine can read: they are handed over in a nameless file. Bubblewrap itself starts with an empty
environment, because it stays as process 1 inside, where ``/proc/1/environ`` shows what it had.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from bot.errors import AgentFailed
from bot.models import FailureKind
from bot.process import Command
from bot.sandbox import bwrap, host, plan
from bot.sandbox.fence import HOME, TMP, Fence, View, view_inside
from bot.sandbox.identity import Identity
from bot.sandbox.launcher import dropping, limited
from bot.sandbox.probe import Probe
from bot.sandbox.programs import Mount, Program

_ARGS = Path("args")


def view(program: Program, fence: Fence) -> View:
    """Where the program will find what the fence gives it."""
    return view_inside(fence, bwrap.place_of_tree(program.mounts))


@contextmanager
def wrapped(
    command: Command,
    fence: Fence,
    program: Program,
    *,
    user: Identity | None,
    probe: Probe,
) -> Iterator[Command]:
    """The command line. Its descriptors are open until the block ends: start it inside."""
    place = view(program, fence)
    staged = plan.staging(plan.needed_by_bwrap(program, fence), user, probe.no_staging)
    uid, gid = (user.uid, user.gid) if user is not None else (os.geteuid(), os.getegid())
    with _memory_files(host.made(uid, gid)) as files:
        options = bwrap.options(
            _real(fence),
            place,
            host.system(),
            bwrap.Inside(
                mounts=(*_extra(place), *program.mounts), links=program.links, files=files
            ),
            env=_environment(command.env, place),
            cwd=bwrap.place_of_cwd(command.cwd, fence, place),
            disable_userns=probe.disable_userns,
        )
        with _memory_files({_ARGS: _joined(options)}) as arguments:
            number = arguments[_ARGS]
            yield Command(
                argv=(
                    *(staged.prefix(Path("/")) if staged is not None else ()),
                    *dropping(user),
                    *limited(fence),
                    *(probe.bwrap, "--args", str(number), "--"),
                    *(str(program.path), *map(place.word, command.argv[1:])),
                ),
                cwd=Path("/"),
                stdin=command.stdin,
                pass_fds=(*command.pass_fds, *files.values(), number),
            )


def _environment(env: Mapping[str, str], place: View) -> dict[str, str]:
    values = {name: place.word(value) for name, value in env.items()}
    return {**values, "HOME": str(HOME), "TMPDIR": str(TMP)}


def _real(fence: Fence) -> Fence:
    return replace(
        fence,
        tree=fence.tree.resolve(),
        git_dir=fence.git_dir.resolve() if fence.git_dir is not None else None,
    )


def _extra(place: View) -> tuple[Mount, ...]:
    return tuple(Mount(source=p.resolve(), target=inside) for p, inside in place.extra.items())


def _joined(words: tuple[str, ...]) -> bytes:
    if any("\0" in word for word in words):
        raise AgentFailed("a path or a variable holds a NUL", FailureKind.MISCONFIGURED)
    return b"".join(os.fsencode(word) + b"\0" for word in words)


@contextmanager
def _memory_files(contents: Mapping[Path, bytes]) -> Iterator[dict[Path, int]]:
    """Files without a name: nothing is left on disk, and other users cannot open them."""
    numbers: dict[Path, int] = {}
    try:
        for place, content in contents.items():
            numbers[place] = os.memfd_create(place.name)
            with open(numbers[place], "wb", closefd=False) as file:
                file.write(content)
            os.lseek(numbers[place], 0, os.SEEK_SET)
        yield numbers
    finally:
        for number in numbers.values():
            with suppress(OSError):
                os.close(number)
