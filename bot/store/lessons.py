"""A repository's lessons: one row for each, learnt again is not learnt twice."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, delete, select

from bot.ids import content_id
from bot.models import Lesson, LessonKind, Repo
from bot.store.tables import lessons
from bot.store.upsert import insert


def learn(connection: Connection, repo: Repo, lesson: Lesson) -> None:
    """Add it, or make it as new as this time."""
    statement = insert(connection, lessons).values(
        repo=repo.full_name,
        key=_key(lesson),
        kind=lesson.kind.value,
        path=lesson.path,
        at=lesson.at,
        lesson={
            field.name: getattr(lesson, field.name)
            for field in fields(lesson)
            if field.name not in ("kind", "path", "at")
        },
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["repo", "key"],
            set_={name: statement.excluded[name] for name in ("at", "lesson")},
        )
    )


def unlearn(connection: Connection, repo: Repo, kind: LessonKind, number: int, issue: str) -> None:
    """Somebody took it back."""
    key = _named(kind, number, issue)
    connection.execute(
        delete(lessons).where(lessons.c.repo == repo.full_name, lessons.c.key == key)
    )


def newest(connection: Connection, repo: Repo, limit: int) -> list[Lesson]:
    """The newest first."""
    query = (
        select(lessons)
        .where(lessons.c.repo == repo.full_name)
        .order_by(lessons.c.at.desc(), lessons.c.key)
        .limit(limit)
    )
    return [_lesson(row) for row in connection.execute(query).mappings()]


def _key(lesson: Lesson) -> str:
    """An issue teaches one thing of each kind; what is about no issue is known by its text."""
    if lesson.issue and lesson.kind is not LessonKind.PROMPT:
        return _named(lesson.kind, lesson.number, lesson.issue)
    parts = (lesson.text, lesson.category, lesson.by, str(lesson.number), lesson.issue)
    return f"{lesson.kind.value}:{content_id('l', chr(0).join(parts), 20)}"


def _named(kind: LessonKind, number: int, issue: str) -> str:
    return f"{kind.value}:{number}:{issue}"


def _lesson(row: RowMapping) -> Lesson:
    known = {field.name for field in fields(Lesson)}
    values = {name: value for name, value in row["lesson"].items() if name in known}
    at: datetime = row["at"]
    return Lesson(kind=LessonKind(row["kind"]), path=row["path"], at=at.astimezone(UTC), **values)
