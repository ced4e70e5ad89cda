"""What the service user cannot reach, and the private mounts that make exactly that reachable.

A checkout, a virtual environment or an interpreter often lies below a directory that only root may
enter (``/root``, a temporary directory). In a mount namespace of the child's own, such a directory
is covered with an empty one, in which only the needed paths are put back, at their own names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.identity import Identity, barrier

_STASHES = tuple(map(Path, ("/mnt", "/media", "/srv", "/opt", "/boot", "/home", "/run")))

SCRIPT = """\
PATH=/usr/sbin:/usr/bin:/sbin:/bin
set -eu
umask 022
cwd=$1
stash=$2
shift 2
mount -t tmpfs -o mode=0700,size=1m,nosuid,nodev tmpfs "$stash"
number=0
while [ "$1" != -- ]; do
  mkdir "$stash/$number"
  mount --rbind "$1" "$stash/$number"
  mount -t tmpfs -o mode=0755,size=1m,nosuid,nodev tmpfs "$1"
  number=$((number + 1))
  shift
done
shift
while [ "$1" != -- ]; do
  if [ -d "$3" ]; then
    mkdir -p "$4"
  else
    mkdir -p "${4%/*}"
    : > "$4"
  fi
  mount -o "$2" "$3" "$4"
  shift 4
done
shift
umount -l "$stash"
cd "$cwd"
exec env -u PWD -u OLDPWD -u SHLVL -u _ "$@"
"""
"""Constant; all that varies is in its arguments: directory to start in, stash, covers, ``--``, for
each needed path four words (mark, options, source in the stash, target), ``--``, what to become."""

LAUNCHER = (
    *("/usr/bin/unshare", "--mount", "--propagation", "private", "--"),
    *("/bin/sh", "-c", SCRIPT, "sh"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """A real path that must be reachable, and the name under which it is looked for."""

    source: Path
    target: Path
    writable: bool = False


def at_home(path: Path) -> Need:
    """Needed where it really lies."""
    real = path.resolve()
    return Need(source=real, target=real)


@dataclass(frozen=True, kw_only=True, slots=True)
class Staging:
    """What the script does: cover these directories, put back those paths."""

    stash: Path
    covers: tuple[Path, ...]
    needs: tuple[Need, ...]

    def prefix(self, cwd: Path) -> tuple[str, ...]:
        """The words before the command line that is to see all this, and starts in ``cwd``."""
        words = [str(cwd), str(self.stash), *map(str, self.covers), "--"]
        for need in self.needs:
            cover = next(c for c in self.covers if need.source.is_relative_to(c))
            place = self.stash / str(self.covers.index(cover)) / need.source.relative_to(cover)
            options = "bind,nosuid,nodev" if need.writable else "bind,ro,nosuid,nodev"
            words += ["+", options, str(place), str(need.target)]
        return (*LAUNCHER, *words, "--")


class Unreachable(Exception):
    """No staging can help; the message says why."""


def stage(needs: Sequence[Need], user: Identity) -> Staging | None:
    """The staging that ``user`` needs to reach all of it; None if it can already."""
    barriers = {barrier(need.source, user) for need in needs}
    covers = _topmost([found for found in barriers if found is not None])
    if not covers:
        return None
    hidden = [n for n in needs if _below(n.source, covers)]
    hidden = [n for n in hidden if _below(n.target, covers)]
    return Staging(stash=_stash(needs, covers), covers=covers, needs=_outermost(hidden))


def trial() -> tuple[str, ...]:
    """A staging of nothing, to see whether mounting is permitted here."""
    return (*LAUNCHER, "/", str(_stash((), ())), "--", "--", "/bin/true")


def _topmost(folders: Sequence[Path]) -> tuple[Path, ...]:
    if Path("/") in folders:
        raise Unreachable("the root directory itself is closed to it")
    return tuple(
        folder
        for folder in sorted(set(folders))
        if not any(folder != other and folder.is_relative_to(other) for other in folders)
    )


def _below(path: Path, covers: Sequence[Path]) -> bool:
    return any(path.is_relative_to(cover) for cover in covers)


def _outermost(needs: Sequence[Need]) -> tuple[Need, ...]:
    """Parents first, without what a parent that is put back brings along anyway."""
    kept: list[Need] = []
    for need in sorted(dict.fromkeys(needs), key=lambda item: len(item.target.parts)):
        if not any(_brings(other, need) for other in kept):
            kept.append(need)
    return tuple(kept)


def _brings(other: Need, need: Need) -> bool:
    return (
        other.writable == need.writable
        and need.target.is_relative_to(other.target)
        and other.source / need.target.relative_to(other.target) == need.source
    )


def _stash(needs: Sequence[Need], covers: Sequence[Path]) -> Path:
    """An existing directory that nothing needed here lies in: it is hidden for a moment."""
    taken = {path for need in needs for path in (need.source, need.target)} | set(covers)
    for stash in _STASHES:
        free = not any(p.is_relative_to(stash) or stash.is_relative_to(p) for p in taken)
        if free and stash.is_dir() and not stash.is_symlink():
            return stash
    raise Unreachable("there is no directory left over to work with")
