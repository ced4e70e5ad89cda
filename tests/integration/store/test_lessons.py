"""A repository's memory: nothing is lost, nothing twice, and a damaged store is refused."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.models import Lesson, LessonKind, Repo
from bot.store import Store, sqlite_url

REPO = Repo(owner="octo", name="hello")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LESSON = Lesson(
    kind=LessonKind.DISMISSED, text="eval\nruns code", at=NOON, path="a/b.py", category="security",
    reason="a test", by="@mo", number=7, issue="h-7KQ2",
)  # fmt: skip


async def test_a_lesson_comes_back_the_newest_first(store: Store) -> None:
    later = replace(LESSON, issue="h-2", at=NOON + timedelta(hours=1), path="caf\udce9.py")
    await store.learn(REPO, LESSON)
    await store.learn(REPO, later)
    await store.learn(Repo(owner="octo", name="other"), LESSON)
    assert await store.lessons(REPO) == [later, LESSON]
    assert await store.lessons(REPO, limit=1) == [later]


async def test_the_same_lesson_again_only_makes_it_newer(store: Store) -> None:
    again = replace(LESSON, at=NOON + timedelta(days=1), reason="still a test")
    await store.learn(REPO, LESSON)
    await store.learn(REPO, again)
    assert await store.lessons(REPO) == [again]


async def test_what_was_taken_back_is_forgotten(store: Store) -> None:
    accepted = replace(LESSON, kind=LessonKind.ACCEPTED)
    await store.learn(REPO, LESSON)
    await store.learn(REPO, accepted)
    await store.unlearn(REPO, LessonKind.DISMISSED, 7, "h-7KQ2")
    assert await store.lessons(REPO) == [accepted]
    await store.forget_repo(REPO)
    assert await store.lessons(REPO) == []


async def test_four_writers_lose_nothing(store_url: str) -> None:
    stores = [await Store.open(store_url) for _ in range(4)]

    async def write(store: Store, writer: int) -> None:
        for number in range(100):
            await store.learn(REPO, replace(LESSON, issue=f"h-{writer}-{number}"))

    try:
        await asyncio.gather(*(write(store, n) for n, store in enumerate(stores)))
        found = await stores[0].lessons(REPO, limit=1000)
    finally:
        for store in stores:
            await store.close()
    assert len({lesson.issue for lesson in found}) == 400


async def test_a_damaged_database_is_copied_and_refused_and_not_begun_anew(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    store = await Store.open(url)
    for number in range(200):
        await store.learn(REPO, replace(LESSON, issue=f"h-{number}", reason="x" * 500))
    await store.close()
    path = tmp_path / "harness.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\x55" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"is damaged .* A copy of it"):
            await Store.open(url)
    (copy,) = tmp_path.glob("harness.sqlite.damaged-*")
    assert copy.read_bytes() == bytes(content) == path.read_bytes()


async def test_a_file_that_is_no_database_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "harness.sqlite").write_bytes(b"my notes\n" * 1000)
    with pytest.raises(ConfigurationError, match="is damaged"):
        await Store.open(sqlite_url(tmp_path))
