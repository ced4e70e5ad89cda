"""Tables and queries behind one facade, on SQLite and PostgreSQL alike."""

from bot.store.engine import sqlite_url
from bot.store.store import Store

__all__ = ["Store", "sqlite_url"]
