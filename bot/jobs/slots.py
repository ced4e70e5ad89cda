"""Names this process for the engine: unique among live processes, the same after a restart.

A slot is a lock file in the data directory that the kernel frees when the process ends, however it
ends. The name is made of the directory's own id and the slot's number, so that a restarted process
finds the jobs of the one before it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.errors import ConfigurationError
from bot.ids import random_id

MAX_SLOTS = 64


@contextmanager
def slot(data_dir: Path, *, alone: bool) -> Iterator[str]:
    """The executor's name, as long as the slot is held. ``alone``: there is only one slot."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for number in range(1 if alone else MAX_SLOTS):
        held = _lock(data_dir / f"engine-{number}.lock")
        if held is not None:
            try:
                yield f"{_machine(data_dir / 'machine-id')}-{number}"
            finally:
                os.close(held)
            return
    raise ConfigurationError(
        f"another harness is running on {data_dir} already; the embedded database allows one"
        " process: stop it, choose another HARNESS_DATA_DIR, or set HARNESS_DATABASE_URL"
        if alone
        else f"{MAX_SLOTS} processes of harness are running on {data_dir} already"
    )


def _lock(path: Path) -> int | None:
    held = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


def _machine(path: Path) -> str:
    """Made once; written under another name first, so that nobody reads half of it."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        fresh.write_text(random_id("m"))
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text().strip()
