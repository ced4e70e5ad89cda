"""What a slash command declares: its words, who may use it, and the jobs it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from bot import registry
from bot.models import Asker, Job, Permission, ReplyRequest, Repo


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One command in one comment."""

    installation_id: int
    repo: Repo
    number: int
    login: str
    comment_id: int
    created_at: str
    words: tuple[str, ...]
    key: str
    """Of the pull request; replies have a key of their own, so that they wait for no review."""

    def asker(self, needs: Permission) -> Asker:
        return Asker(
            login=self.login,
            comment_id=self.comment_id,
            comment_created_at=self.created_at,
            needs=needs,
        )

    def reply(self, topic: str, detail: str = "") -> Job:
        """The job that answers with a text of `bot.publish.render`."""
        request = ReplyRequest(
            installation_id=self.installation_id,
            repo=self.repo,
            number=self.number,
            comment_id=self.comment_id,
            topic=topic,
            login=self.login,
            detail=detail,
        )
        return Job(recipe="reply", key=f"{self.key}/reply", request=request)


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """``needs`` is asked of GitHub each time, by the job, before anything is spent."""

    name: str
    usage: str
    summary: str
    needs: Permission
    jobs: Callable[[Invocation], list[Job]]


@cache
def commands() -> dict[str, Command]:
    """All commands by name."""
    return registry.load("bot.commands.verbs", "COMMAND", Command)


def help_rows() -> tuple[tuple[str, str, str], ...]:
    """(usage, who may, summary) of every command, for the help text."""
    return tuple((c.usage, c.needs.value, c.summary) for c in commands().values())
