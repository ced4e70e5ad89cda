"""Is the embedded database whole? A damaged one is copied and refused, never begun anew."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
from pathlib import Path

from bot.errors import ConfigurationError

_PIECE = 1024 * 1024


def refuse_damaged(path: Path) -> None:
    """`ConfigurationError` with where the copy lies; nothing for a file that is new or whole."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    damage = _damage(path)
    if damage:
        copy = _copied(path)
        raise ConfigurationError(
            f"the database {path} is damaged ({damage}). A copy of it as it is now: {copy}."
            " Put back a backup, or move the file away to begin anew"
        )


def _damage(path: Path) -> str:
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        return ""  # locked, or no right to it: opening it will tell
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if said == "ok" else str(said).splitlines()[-1][:200]


def _copied(path: Path) -> Path:
    """Named by its content, so that refusing again and again does not fill the disk."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    copy = path.with_name(f"{path.name}.damaged-{digest.hexdigest()[:12]}")
    if not copy.exists():
        shutil.copy2(path, copy)
        wal = path.with_name(f"{path.name}-wal")
        if wal.exists():
            shutil.copy2(wal, copy.with_name(f"{copy.name}-wal"))
    return copy
