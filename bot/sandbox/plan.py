"""Decides how one process is started: what it needs, and whether its user can have that."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from bot.errors import AgentFailed
from bot.models import FailureKind
from bot.process import Command
from bot.sandbox import reach
from bot.sandbox.fence import Access, Fence
from bot.sandbox.identity import WRITE, Identity, barrier, unreadable
from bot.sandbox.programs import DEFAULT_PATH, NoProgram, Program, resolve


def usable(command: Command, fence: Fence, user: Identity | None) -> Program:
    """The program; `AgentFailed` if anything is missing, or closed to ``user`` by its own mode."""
    name = command.argv[0]
    try:
        program = resolve(name, command.env.get("PATH", DEFAULT_PATH))
        for file in program.files:
            _check(file, user, executed=True)
    except (NoProgram, OSError) as error:
        raise AgentFailed(f"{name} cannot be used: {error}", FailureKind.NOT_FOUND) from error
    try:
        for path in (*_given(fence), *(mount.source for mount in program.mounts)):
            _check(path, user)
        if fence.access is Access.WRITE:
            _check_writable(fence.tree, user)
    except (NoProgram, OSError) as error:
        raise AgentFailed(f"{name} cannot be started: {error}", FailureKind.SANDBOX) from error
    return program


def inside_tree(program: Program, tree: Path) -> bool:
    """Whether a part of the program would come out of what is reviewed."""
    place = tree.resolve()
    return any(file.is_relative_to(place) for file in program.files)


def staging(
    needs: Iterable[reach.Need], user: Identity | None, refusal: str
) -> reach.Staging | None:
    """The private mounts that ``user`` needs; ``refusal`` says why there cannot be any."""
    if user is None:
        return None
    wanted = tuple(needs)
    try:
        staged = reach.stage(wanted, user)
    except reach.Unreachable as error:
        raise AgentFailed(f"user {user.name}: {error}", FailureKind.SANDBOX) from error
    if staged is not None and refusal:
        blocked = next(n.source for n in wanted if barrier(n.source, user) is not None)
        raise AgentFailed(
            f"user {user.name} cannot reach {blocked}, because {barrier(blocked, user)} is closed"
            f" to it, and mounting is not permitted here ({refusal}): install below a directory"
            " that every user may enter",
            FailureKind.SANDBOX,
        )
    return staged


def needed_by_bwrap(program: Program, fence: Fence) -> list[reach.Need]:
    """Bubblewrap itself makes the other names: it has to reach the real files only."""
    needs = [_tree(fence)]
    needs += [reach.at_home(path) for path in _given(fence)[1:]]
    needs += [reach.at_home(mount.source) for mount in program.mounts]
    return needs


def needed_outside(program: Program, fence: Fence, scratch: Path) -> list[reach.Need]:
    """Without a sandbox every name must be there."""
    needs = [
        *needed_by_bwrap(program, fence),
        reach.Need(source=scratch, target=scratch, writable=True),
    ]
    needs += [reach.Need(source=m.source, target=m.target) for m in program.mounts]
    for path in _given(fence):
        writable = path == fence.tree and fence.access is Access.WRITE
        needs.append(reach.Need(source=path.resolve(), target=path.absolute(), writable=writable))
    # A link that stands alone becomes the file it leads to.
    needs += [reach.Need(source=place.resolve(), target=place) for _, place in program.links]
    return needs


def _tree(fence: Fence) -> reach.Need:
    real = fence.tree.resolve()
    return reach.Need(source=real, target=real, writable=fence.access is Access.WRITE)


def _given(fence: Fence) -> list[Path]:
    git_dir = [] if fence.git_dir is None else [fence.git_dir]
    return [fence.tree, *git_dir, *fence.extra_ro]


def _check(path: Path, user: Identity | None, *, executed: bool = False) -> None:
    if user is not None:
        problem = unreadable(path, user, executed=executed)
        if problem:
            raise NoProgram(problem)
        return
    status = path.stat()  # says that it does not exist, if so
    del status
    if not os.access(path, os.R_OK | (os.X_OK if executed else 0)):
        raise NoProgram(f"{path} cannot be read")


def _check_writable(tree: Path, user: Identity | None) -> None:
    may = os.access(tree, os.W_OK) if user is None else user.may(tree.stat(), WRITE)
    if not may:
        raise NoProgram(f"{tree} cannot be written by {user.name if user else 'us'}")
