"""What this machine offers: git, the sandbox, the database, disk."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from bot.app import MIN_FREE_BYTES
from bot.checkout.git import Git
from bot.cli.doctor.line import Line, attention, broken, works
from bot.errors import HarnessError
from bot.sandbox.sandbox import Sandbox
from bot.settings import Settings
from bot.store import Store, sqlite_url

OLDEST_GIT = (2, 34)
"""Debian 11 and Ubuntu 22.04 have newer ones; nothing older was tried."""


async def git() -> Line:
    try:
        said = (await Git().run(None, "version")).stdout.decode("utf-8", "replace").strip()
    except HarnessError as error:
        return broken("git", error.message)
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
        wanted = ".".join(map(str, OLDEST_GIT))
        return attention("git", f"{said}: older than {wanted}, which is the oldest that was tried")
    return works("git", said)


async def sandbox(fences: Sandbox) -> Line:
    """A real sandbox is started."""
    probe = await fences.probe()
    who = f"as user {fences.user.name}" if fences.user is not None else "as this user"
    if probe.works:
        memory = "of each process" if probe.groups is None else "of all its processes together"
        return works("sandbox", f"a process was fenced in, {who}; memory is limited {memory}")
    if fences.mode == "off":
        return attention(
            "sandbox",
            "HARNESS_SANDBOX=off: agents run on this machine unfenced, which you vouch for",
        )
    text = f"{probe.reason}; every agent but the built-in analyzers is refused"
    return (broken if fences.mode == "require" else attention)("sandbox", text)


async def database(settings: Settings) -> Line:
    """Opened and written to, as `harness serve` would."""
    data_dir = settings.data_dir.absolute()
    if not settings.database_url and not data_dir.is_dir():
        return _not_made_yet(data_dir)
    where = "PostgreSQL" if settings.database_url else f"SQLite in {data_dir}"
    try:
        store = await Store.open(settings.database_url or sqlite_url(data_dir))
    except HarnessError as error:
        return broken("database", error.message)
    try:
        await store.ping()
    except HarnessError as error:
        return broken("database", error.message)
    finally:
        await store.close()
    return works("database", f"{where} can be written")


def _not_made_yet(data_dir: Path) -> Line:
    """Looking at an installation leaves nothing behind."""
    place = _existing(data_dir)
    if not os.access(place, os.W_OK | os.X_OK):
        return broken("database", f"HARNESS_DATA_DIR: {data_dir} cannot be made: {place} is closed")
    return works("database", f"SQLite in {data_dir}, which `harness serve` will make")


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())


def disk(settings: Settings) -> Line:
    place = _existing(settings.data_dir.absolute())
    free = shutil.disk_usage(place).free
    text = f"{free // 2**20:,} MiB are free at {place}"
    if free < MIN_FREE_BYTES:
        return broken("disk", f"{text}; harness is not ready below {MIN_FREE_BYTES // 2**20}")
    return works("disk", text)
