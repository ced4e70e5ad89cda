"""Review threads: only GraphQL knows them, and only it resolves them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from bot.errors import AccessLost, GitHubError
from bot.github.calls import Calls
from bot.github.documents import THREAD_COMMENTS, THREADS
from bot.github.pagination import PAGES
from bot.github.payload import needed_text, obj
from bot.github.records import nodes, to_thread
from bot.github.settling import Settling
from bot.models.github import Thread


class Threads(Calls):
    async def threads(self, number: int) -> list[Thread]:
        """All threads with all their comments, in GitHub's order."""
        found: list[Thread] = []
        after: str | None = None
        for _ in range(PAGES):
            listed, after = await self._page(number, after)
            found += [to_thread(item, await self._comments(item), self.login) for item in listed]
            if after is None:
                return found
        raise GitHubError(f"the threads of #{number} have no end within {PAGES} pages")

    async def resolve_thread(self, thread_id: str) -> bool:
        """Mark it as resolved; twice is once. False: the installation may not do that."""
        settling = self._settling
        if settling is None or settling.refused:
            return False
        return await self._settled(settling, settling.resolve(thread_id))

    async def unresolve_thread(self, thread_id: str) -> bool:
        """Open it again; twice is once. False: the installation may not do that."""
        settling = self._settling
        if settling is None or settling.refused:
            return False
        return await self._settled(settling, settling.unresolve(thread_id))

    async def _settled(self, settling: Settling, call: Awaitable[dict[str, Any]]) -> bool:
        try:
            await self._told(call)
        except AccessLost:
            # GitHub gives no token that may do this, or does not let it. A repository that is
            # out of reach altogether looks the same: that one is told as what it is.
            await self._check_access()
            settling.remember_refusal()
            return False
        return True

    async def _page(self, number: int, after: str | None) -> tuple[list[Any], str | None]:
        data = await self._query(
            THREADS, owner=self.repo.owner, name=self.repo.name, number=number, after=after
        )
        repository = obj(data.get("repository"), "repository")
        pull = obj(repository.get("pullRequest"), "pull request")
        return nodes(pull.get("reviewThreads"), "reviewThreads")

    async def _comments(self, thread: Any) -> list[Any]:
        """Those that came with the thread, and the rest of a long conversation."""
        data = obj(thread, "thread")
        found, after = nodes(data.get("comments"), "comments")
        for _ in range(PAGES):
            if after is None:
                return found
            answer = await self._query(THREAD_COMMENTS, thread=needed_text(data, "id"), after=after)
            more, after = nodes(obj(answer.get("node"), "thread").get("comments"), "comments")
            found += more
        raise GitHubError(f"a thread's comments have no end within {PAGES} pages")
