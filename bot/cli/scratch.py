"""A folder that is gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.checkout.files import remove


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """Readable by others: agents run as another user when harness runs as root."""
    room = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        room.chmod(0o755)
        yield room
    finally:
        remove(room)
