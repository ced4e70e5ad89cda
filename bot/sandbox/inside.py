"""Builds the command line that starts a program inside bubblewrap.

Bubblewrap's options hold the environment, so they are not arguments, which every user of the
machine can read: they are handed over in a nameless file. Bubblewrap itself starts with an empty
environment, because it stays as process 1 inside, where ``/proc/1/environ`` shows what it had.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import AgentFailed
from bot.models import FailureKind
from bot.process import Command
from bot.sandbox import bwrap, host, plan, reach
from bot.sandbox.cgroup import Group
from bot.sandbox.fence import HOME, TMP, UPLINK, Fence, View, view_inside
from bot.sandbox.identity import Identity
from bot.sandbox.launcher import dropping, limited, numbered
from bot.sandbox.probe import Probe
from bot.sandbox.programs import Mount, Program, resolve, tidy
from bot.sandbox.uplink import PORT

_ARGS = Path("args")
_BRIDGE, _SOCKET = UPLINK / "bridge.py", UPLINK / "socket"
_PROGRAM = Path(__file__).with_name("bridge.py")
_INTERPRETERS = ("/usr/bin/python3", "/usr/local/bin/python3")


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
    socket: Path | None = None,
    group: Group | None = None,
) -> Iterator[Command]:
    """The command line. Its descriptors are open until the block ends: start it inside.

    ``socket``: our side of the fence's way out, to which the process's side is bridged.
    """
    place = view(program, fence)
    needs = plan.needed_by_bwrap(program, fence)
    uid, gid = (user.uid, user.gid) if user is not None else (os.geteuid(), os.getegid())
    made = host.made(uid, gid)
    bridge = _NO_BRIDGE
    if socket is not None:
        bridge = _bridge(socket)
        made[_BRIDGE] = _PROGRAM.read_bytes()
        needs += [reach.at_home(mount.source) for mount in bridge.mounts]
    staged = plan.staging(needs, user, probe.no_staging)
    home = {HOME / name: content for name, content in fence.home_files.items()}
    with _memory_files(made) as files, _memory_files(home) as home_files:
        options = bwrap.options(
            _real(fence),
            place,
            host.system(),
            bwrap.Inside(
                mounts=tidy((*_extra(place), *program.mounts, *bridge.mounts)),
                links=tuple(dict.fromkeys((*program.links, *bridge.links))),
                files=files,
                home_files=home_files,
            ),
            env=_environment(command.env, place),
            cwd=bwrap.place_of_cwd(command.cwd, fence, place),
            disable_userns=probe.disable_userns,
        )
        with _memory_files({_ARGS: _joined(options)}) as arguments:
            number = arguments[_ARGS]
            yield Command(
                argv=(
                    *(group.joining() if group is not None else ()),
                    *(staged.prefix(Path("/")) if staged is not None else ()),
                    *dropping(user),
                    *limited(fence, grouped=group is not None),
                    *(probe.bwrap, "--args", str(number), "--"),
                    *numbered(fence),
                    *bridge.words,
                    *(str(program.path), *map(place.word, command.argv[1:])),
                ),
                cwd=Path("/"),
                stdin=command.stdin,
                pass_fds=(*command.pass_fds, *files.values(), *home_files.values(), number),
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bridge:
    """What comes before the program where there is a way out, and what that needs."""

    words: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    links: tuple[tuple[str, Path], ...] = ()


_NO_BRIDGE = _Bridge()


def _bridge(socket: Path) -> _Bridge:
    """The system's interpreter, which every sandbox shows, else the one that runs harness."""
    name = next((name for name in _INTERPRETERS if Path(name).is_file()), sys.executable)
    interpreter = resolve(name)
    return _Bridge(
        words=(str(interpreter.path), "-I", "-S", str(_BRIDGE), str(_SOCKET), str(PORT)),
        mounts=(Mount(source=socket.resolve(), target=_SOCKET), *interpreter.mounts),
        links=interpreter.links,
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
