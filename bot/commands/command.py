"""What a slash command declares: its words, who may use it, and the jobs it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from bot import registry
from bot.models import Asker, CommandRequest, IssueRequest, Job, Permission, ReplyRequest, Repo


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
    thread: int = 0
    """The first comment of the thread in which it was written; 0 for the conversation."""
    user_id: int = 0
    key: str
    """Of the pull request; replies have a key of their own, so that they wait for no review."""

    def asker(self, needs: Permission) -> Asker:
        return Asker(
            login=self.login,
            comment_id=self.comment_id,
            comment_created_at=self.created_at,
            needs=needs,
            thread=self.thread,
            user_id=self.user_id,
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
            thread=self.thread,
        )
        return Job(recipe="reply", key=self.replies, request=request)

    @property
    def replies(self) -> str:
        """The key of what is said and done at once, also while a review runs."""
        return f"{self.key}/reply"

    def about_issue(self, recipe: str, needs: Permission) -> Job:
        """A job about one issue of the pull request, by a recipe of `bot.tasks.conversation`."""
        request = IssueRequest(
            installation_id=self.installation_id,
            repo=self.repo,
            number=self.number,
            asker=self.asker(needs),
            words=self.words,
        )
        return Job(recipe=recipe, key=self.replies, request=request)

    def about_pull(self, recipe: str, needs: Permission) -> Job:
        """A job about the pull request as a whole that waits for no review."""
        request = CommandRequest(
            installation_id=self.installation_id,
            repo=self.repo,
            number=self.number,
            asker=self.asker(needs),
        )
        return Job(recipe=recipe, key=self.replies, request=request)


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
    return tuple(
        (c.usage, "anybody" if c.needs is Permission.NONE else c.needs.value, c.summary)
        for c in commands().values()
    )


def help_table() -> str:
    """The same for the documentation; a test keeps the README equal to it."""
    rows = "\n".join(f"| `{usage}` | {who} | {what} |" for usage, who, what in help_rows())
    return f"| command | who may | what it does |\n|---|---|---|\n{rows}"
