"""What the page of a pull request shows, as plain values for the templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markupsafe import Markup

from bot.demo.diffs import File, Hunk, Row
from bot.demo.markdown import render
from bot.demo.state import (
    CheckRun,
    Comment,
    Pull,
    Reaction,
    Review,
    ReviewComment,
    State,
    Thread,
)

EMOJI = {
    "+1": "👍", "-1": "👎", "laugh": "😄", "confused": "😕", "heart": "❤️", "hooray": "🎉",
    "eyes": "👀", "rocket": "🚀",
}  # fmt: skip
FOLDED_ROWS = 800
"""Files with more lines than this are shown folded."""

Suggest = Callable[[ReviewComment, str], Markup]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One comment as a box."""

    anchor: str
    author: str
    bot: bool
    verb: str
    when: datetime
    body: Markup
    order: int = 0
    edited: bool = False
    reactions: tuple[tuple[str, int], ...] = ()
    threads: tuple[Talk, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """A thread: where it is, and what was said."""

    path: str
    place: str
    anchor: str
    first_words: str
    comments: tuple[Said, ...]
    resolved_by: str = ""
    outdated: bool = False
    hunk: tuple[Row, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row of the diff with what is said below it."""

    row: Row
    talks: tuple[Talk, ...] = ()
    notes: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    header: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One file of the diff."""

    file: File
    anchor: str
    folded: bool
    blocks: tuple[Block, ...]
    above: tuple[Talk, ...] = ()
    """Comments on the whole file, and those whose line is gone."""
    notes: tuple[dict[str, Any], ...] = ()
    """Annotations on lines that the diff does not show."""


@dataclass(kw_only=True, slots=True)
class PullView:
    """Everything about one pull request, in the order of the page."""

    state: State
    pull: Pull
    files: Sequence[File]
    checks: Sequence[CheckRun]
    suggest: Suggest
    talks: list[tuple[Talk, ReviewComment]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for thread in self.state.threads_of(self.pull):
            comments = [
                c for c in self.state.review_comments_of(self.pull) if c.thread_id == thread.id
            ]
            if comments:
                self.talks.append((self._talk(thread, comments), comments[0]))

    def _talk(self, thread: Thread, comments: list[ReviewComment]) -> Talk:
        first = comments[0]
        return Talk(
            path=first.path,
            place=place_of(first),
            anchor=f"discussion_r{first.id}",
            first_words=first_words(first.body),
            comments=tuple(self._said_on_line(comment) for comment in comments),
            resolved_by=thread.resolved_by.login if thread.resolved_by else "",
            outdated=first.outdated,
        )

    def _said_on_line(self, comment: ReviewComment) -> Said:
        return Said(
            anchor=f"discussion_r{comment.id}", author=comment.user.login,
            bot=comment.user.type == "Bot", verb="commented", when=comment.created_at,
            body=render(comment.body, lambda text: self.suggest(comment, text)),
            edited=comment.updated_at != comment.created_at,
            reactions=counted(comment.reactions),
        )  # fmt: skip

    def conversation(self) -> list[Said]:
        """Description, comments and reviews, the oldest first."""
        said = [self._comment(comment) for comment in self.state.comments_of(self.pull)]
        said += [
            shown
            for review in self.state.reviews_of(self.pull)
            if (shown := self._review(review)) is not None
        ]
        return [self._description(), *sorted(said, key=lambda item: (item.when, item.order))]

    def _description(self) -> Said:
        pull = self.pull
        body = render(pull.body) if pull.body else Markup("<p><em>No description.</em></p>")
        return Said(
            anchor="description", author=pull.user.login, bot=pull.user.type == "Bot",
            verb="opened", when=pull.created_at, body=body,
        )  # fmt: skip

    def _comment(self, comment: Comment) -> Said:
        return Said(
            anchor=f"issuecomment-{comment.id}", author=comment.user.login,
            bot=comment.user.type == "Bot", verb="commented", when=comment.created_at,
            order=comment.id, body=render(comment.body),
            edited=comment.updated_at != comment.created_at,
            reactions=counted(comment.reactions),
        )  # fmt: skip

    def _review(self, review: Review) -> Said | None:
        """A review with its threads; none for one that only carries answers."""
        threads = tuple(talk for talk, first in self.talks if first.review_id == review.id)
        if not threads and not review.body.strip():
            return None
        verbs = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested changes"}
        return Said(
            anchor=f"pullrequestreview-{review.id}", author=review.user.login,
            bot=review.user.type == "Bot", verb=verbs.get(review.state, "reviewed"),
            when=review.submitted_at, order=review.id, body=render(review.body), threads=threads,
        )  # fmt: skip

    def diff(self) -> list[Shown]:
        return [self._shown(index, file) for index, file in enumerate(self.files)]

    def _shown(self, index: int, file: File) -> Shown:
        talks = [(talk, first) for talk, first in self.talks if first.path == file.path]
        notes = [
            note for run in self.checks for note in run.annotations if note["path"] == file.path
        ]
        blocks = tuple(_block(hunk, talks, notes) for hunk in file.hunks)
        placed = {id(note) for block in blocks for line in block.lines for note in line.notes}
        return Shown(
            file=file,
            anchor=f"file-{index}",
            folded=sum(len(hunk.rows) for hunk in file.hunks) > FOLDED_ROWS,
            blocks=blocks,
            above=tuple(t for t, first in talks if first.line is None),
            notes=tuple(note for note in notes if id(note) not in placed),
        )

    def elsewhere(self) -> list[Talk]:
        """Threads on files that the diff does not show any more."""
        paths = {file.path for file in self.files}
        return [talk for talk, first in self.talks if first.path not in paths]


def _block(
    hunk: Hunk,
    talks: Sequence[tuple[Talk, ReviewComment]],
    notes: Sequence[dict[str, Any]],
) -> Block:
    return Block(
        header=hunk.header,
        lines=tuple(
            Line(
                row=row,
                talks=tuple(
                    talk
                    for talk, first in talks
                    if first.line is not None and row.number(first.side) == first.line
                ),
                notes=tuple(
                    note for note in notes if row.new is not None and note["end_line"] == row.new
                ),
            )
            for row in hunk.rows
        ),
    )


def place_of(comment: ReviewComment) -> str:
    """Words for where a thread is."""
    if comment.subject_type == "file":
        return "on the file"
    if comment.line is None:
        return f"line {comment.original_line}, outdated"
    if comment.start_line is not None:
        return f"lines {comment.start_line} to {comment.line}"
    return f"line {comment.line}"


def first_words(body: str) -> str:
    """The first line without Markdown's marks, for lists of threads."""
    line = next((line for line in body.splitlines() if line.strip()), "")
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", re.sub(r"(?<!\\)[*`]", "", line))
    return plain.strip()[:120]


def counted(given: Sequence[Reaction]) -> tuple[tuple[str, int], ...]:
    return tuple(
        (face, count)
        for content, face in EMOJI.items()
        if (count := sum(r.content == content for r in given))
    )
