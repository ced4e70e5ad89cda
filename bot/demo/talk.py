"""What people say at GitHub: in the conversation and in threads on the code."""

from __future__ import annotations

from bot.demo import conversation, threads
from bot.demo.anchors import Place
from bot.demo.hub import Hub
from bot.demo.state import Comment, Pull, ReviewComment, User


class Talk(Hub):
    """Nobody's permission is checked: who speaks here is trusted to be allowed to."""

    async def comment(self, pull: Pull, body: str, *, by: str = "octocat") -> Comment:
        return conversation.add(self, pull, self.state.user(by), body)

    async def comment_on_line(
        self, pull: Pull, path: str, line: int, body: str, *, by: str = "octocat"
    ) -> ReviewComment:
        """A thread of a person's own."""
        files = await self.files(pull)
        review = threads.new_review(
            self, pull, self.state.user(by), body="", state="COMMENTED", head=pull.head_sha
        )
        return threads.begin(self, review, Place(path=path, line=line), body, files)

    async def reply(self, to: ReviewComment, body: str, *, by: str = "octocat") -> ReviewComment:
        """Answer in a thread, below whichever of its comments."""
        return threads.answer(self, to, self.state.user(by), body)

    async def edit(
        self, comment: Comment | ReviewComment, body: str, *, by: str | None = None
    ) -> None:
        """Its author does it unless told; whoever may write to the repository can."""
        user = self._or_author(by, comment)
        if isinstance(comment, ReviewComment):
            threads.edit(self, comment, body, user)
        else:
            conversation.edit(self, comment, body, user)

    async def delete(self, comment: Comment | ReviewComment, *, by: str | None = None) -> None:
        """Answers to it stay; a thread without comments is gone."""
        user = self._or_author(by, comment)
        if isinstance(comment, ReviewComment):
            threads.remove(self, comment, user)
        else:
            conversation.remove(self, comment, user)

    async def resolve(self, comment: ReviewComment, *, by: str = "octocat") -> None:
        """Press "Resolve conversation" in the thread of this comment."""
        thread = self.state.threads[comment.thread_id]
        threads.settle(self, thread, self.state.user(by), resolved=True)

    async def unresolve(self, comment: ReviewComment, *, by: str = "octocat") -> None:
        """Press "Unresolve conversation"."""
        thread = self.state.threads[comment.thread_id]
        threads.settle(self, thread, self.state.user(by), resolved=False)

    def _or_author(self, login: str | None, comment: Comment | ReviewComment) -> User:
        return comment.user if login is None else self.state.user(login)
