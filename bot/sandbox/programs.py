"""Which files of this machine a program consists of.

A program is followed through symbolic links, its ``#!`` line, and the ``home`` of its virtual
environment. What lies in the system's own directories is in every sandbox; of any other place only
what belongs to the program is shown: ``bin``, ``lib`` and their like of an installation, never a
home directory or the files beside a script.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SYSTEM = tuple(map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")))
STORES = (Path("/nix/store"), Path("/gnu/store"), Path("/snap"))
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
_PARTS = ("pyvenv.cfg", "bin", "lib", "lib64", "libexec", "share")
_MAX_STEPS = 16
# What pip writes when the interpreter's path is too long for a #! line or holds a space.
_PIP_LINE = re.compile(r"""^'''exec' (?:"([^"]+)"|(\S+)) """, re.MULTILINE)


class NoProgram(Exception):
    """The program cannot be found or followed; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A file or directory of this machine, and the path under which the program expects it."""

    source: Path
    target: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """``path`` is what to execute; the rest is what must be visible for it to work."""

    path: Path
    mounts: tuple[Mount, ...] = ()
    links: tuple[tuple[str, Path], ...] = ()
    """Symbolic links to make: (what they say, where)."""
    files: tuple[Path, ...] = ()
    """The real files that are executed: the program, its interpreter, its interpreter's."""


def resolve(name: str, search: str = DEFAULT_PATH) -> Program:
    """Follow ``name`` (a path, or looked up in ``search``) to everything it needs."""
    path = _find(name, search)
    follower = _Follower(search)
    follower.file(path)
    return Program(
        path=path,
        mounts=tidy(follower.mounts),
        links=tuple(dict.fromkeys(follower.links)),
        files=tuple(dict.fromkeys(follower.files)),
    )


def exact(path: Path) -> tuple[Mount, ...]:
    """One file or directory at its own path, and at its real one if they differ."""
    target = path.absolute()
    source = target.resolve()
    return tuple(Mount(source=source, target=place) for place in dict.fromkeys((source, target)))


def tidy(mounts: Iterable[Mount]) -> tuple[Mount, ...]:
    """Parents first, without what the system or another mount shows anyway."""
    kept: list[Mount] = []
    for mount in sorted(dict.fromkeys(mounts), key=lambda item: len(item.target.parts)):
        if in_system(mount.target) and in_system(mount.source):
            continue
        if not any(_shows(other, mount) for other in kept):
            kept.append(mount)
    return tuple(kept)


def in_system(path: Path) -> bool:
    """Whether every sandbox holds it."""
    return any(path.is_relative_to(folder) for folder in SYSTEM)


def _shows(other: Mount, mount: Mount) -> bool:
    return (
        mount.target.is_relative_to(other.target)
        and other.source / mount.target.relative_to(other.target) == mount.source
    )


def _find(name: str, search: str) -> Path:
    if "/" in name:
        if not name.startswith("/"):
            raise NoProgram(f"{name} is not an absolute path")
        candidates = [Path(name)]
    else:
        candidates = [Path(folder) / name for folder in search.split(":") if folder[:1] == "/"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise NoProgram(f"there is no program {name}")


class _Follower:
    """Collects, step by step, what a program needs."""

    def __init__(self, search: str) -> None:
        self.mounts: list[Mount] = []
        self.links: list[tuple[str, Path]] = []
        self.files: list[Path] = []
        self._search = search
        self._steps = 0

    def file(self, path: Path) -> None:
        """``path`` is executed, by the kernel or by an interpreter."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise NoProgram(f"{path}: too many links and interpreters")
        if path.is_symlink():
            self._link(path)
            return
        real = path.resolve()
        self._installation(path)
        if real not in self.files:
            self.files.append(real)
            self._interpreter(real)

    def _link(self, path: Path) -> None:
        said = str(path.readlink())
        folder = (path.parent.resolve() / said).parent.resolve()
        target = folder / Path(said).name
        if not self._installation(path):
            # From a directory that is a link itself, ".." would lead to what is not shown.
            known = path.parent == path.parent.resolve()
            self.links.append((said if known else str(target), path))
        self.file(target)

    def _interpreter(self, file: Path) -> None:
        line, rest = _head(file)
        if not line:
            return
        words = line.split(None, 1)
        names = [words[0]] if words else []
        if names and Path(names[0]).name == "env" and len(words) > 1:
            names += _env_program(words[1])
        names += [first or second for first, second in _PIP_LINE.findall(rest)]
        for name in names:
            try:
                self.file(_find(name, self._search))
            except NoProgram as error:
                raise NoProgram(f"{file} wants {name}: {error}") from error

    def _installation(self, path: Path) -> bool:
        """Show what belongs to the file or link at ``path``; False if it is a link on its own."""
        if in_system(path):
            return True
        prefix = path.parent.parent
        config = prefix / "pyvenv.cfg"
        if path.parent.name == "bin" and (config.is_file() or _is_installation(prefix)):
            self._show(*(prefix / part for part in _PARTS if (prefix / part).exists()))
            home = _home(config)
            if home is not None and home != path.parent:
                self._installation(home / "python3")
            return True
        whole = _whole(path)
        if whole is not None:
            self._show(whole)
            return True
        if path.is_symlink() or not path.exists():
            return False
        self._show(path)
        return True

    def _show(self, *paths: Path) -> None:
        for path in paths:
            self.mounts += exact(path)


def _is_installation(prefix: Path) -> bool:
    return not _is_broad(prefix) and (prefix / "lib").is_dir()


def _is_broad(folder: Path) -> bool:
    """Holds much that is no program: a home directory, ``~/.local``, a top-level directory."""
    homes = {Path(entry.pw_dir) for entry in pwd.getpwall()}
    return len(folder.parts) <= 2 or folder.name == ".local" or folder in homes


def _whole(path: Path) -> Path | None:
    """The directory that is one program as a whole, by the conventions of those who install."""
    for store in STORES:
        if path.is_relative_to(store):
            return store
    if path.is_relative_to("/opt") and len(path.parts) > 3:
        return Path(*path.parts[:3])
    if "node_modules" in path.parent.parts:
        return Path(*path.parts[: path.parts.index("node_modules") + 1])
    return None


def _home(config: Path) -> Path | None:
    """The ``home`` of a virtual environment: where its interpreter was installed."""
    try:
        lines = config.read_text(errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition("=")
        if key.strip().lower() == "home" and value.strip().startswith("/"):
            return Path(value.strip())
    return None


def _head(file: Path) -> tuple[str, str]:
    """What stands after ``#!``, and the lines that follow; empty for anything but a script."""
    try:
        with file.open("rb") as script:
            text = os.fsdecode(script.read(4096))
    except OSError as error:
        raise NoProgram(f"{file} cannot be read: {error.strerror}") from error
    if not text.startswith("#!"):
        return "", ""
    line, _, rest = text[2:].partition("\n")
    return line.strip(), rest


def _env_program(arguments: str) -> list[str]:
    """The program that ``env`` is to start: behind its options and assignments."""
    for word in arguments.split():
        if not word.startswith("-") and "=" not in word:
            return [word]
    return []
