"""Requests to GitHub: gidgethub's client, with our errors, our wall and our cache in `_request`.

gidgethub drops the headers of GraphQL errors, treats 429 as a bad request and follows absolute
URLs wherever they point; everything of that kind is decided here, before it reads an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin

import httpx
from gidgethub import GitHubException
from gidgethub import abc as gidgethub_abc
from typing_extensions import override

from bot.clock import Clock
from bot.errors import AccessLost, GitHubError, HarnessError, TryLater
from bot.github import retries
from bot.github.address import ApiAddress
from bot.github.etags import DEFAULT_ACCEPT, EtagCache, Kept
from bot.github.payload import decoded, said
from bot.log import logger

REQUESTER = "harness-bot"
API_VERSION = "2022-11-28"
REDIRECTS = 3
LARGEST_ANSWER = 32 * 1024 * 1024
_KEPT_ON_REDIRECT = frozenset({307, 308})
_MOVED = frozenset({301, 302, *_KEPT_ON_REDIRECT})
_UNREADABLE = (GitHubException, ValueError, LookupError, RecursionError)
"""What gidgethub and the decoders raise over an answer of the wrong form."""

_log = logger(__name__)


class Credentials(Protocol):
    """What proves to GitHub who asks; ``scope`` names the installation (0: the App itself)."""

    @property
    def scope(self) -> int: ...

    async def header(self) -> str:
        """The value of ``Authorization``."""
        ...

    def rejected(self, header: str) -> bool:
        """GitHub answered 401. True if the next `header` may be a better one."""
        ...

    def lost(self) -> None:
        """GitHub refuses the installation or the repository: forget what is cached."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class GitHubClient(gidgethub_abc.GitHubAPI):
    """One identity at one API. Raises classes of `bot.errors` only."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        address: ApiAddress,
        credentials: Credentials,
        *,
        clock: Clock,
        etags: EtagCache | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(REQUESTER, base_url=address.rest)
        self.credentials = credentials
        self._http = http
        self._address = address
        self._clock = clock
        self._etags = etags
        self._pause = pause

    async def page(self, url: str) -> tuple[Any, str | None]:
        """One page: its data, and where the next one is."""
        data, more, _ = await self._make_request("GET", url, None, b"", DEFAULT_ACCEPT)
        return data, more

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """The ``data`` of a GraphQL answer."""
        try:
            data = await self.graphql(document, endpoint=self._address.graphql, **variables)
        except _UNREADABLE as error:
            raise GitHubError(f"GitHub's answer to a query cannot be read: {error}", 200) from error
        if not isinstance(data, dict):
            raise GitHubError("GitHub's answer to a query holds no data", 200)
        return data

    @override
    async def _make_request(self, *args: Any, **kwargs: Any) -> tuple[Any, str | None, int]:
        """gidgethub decodes; what it cannot decode is GitHub's mistake, not ours."""
        try:
            return await super()._make_request(*args, **kwargs)
        except _UNREADABLE as error:
            raise GitHubError(f"GitHub's answer cannot be read: {error}", 200) from error

    @override
    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        target = self._address.owned(url)
        sent = {**headers, "x-github-api-version": API_VERSION}
        kept = self._kept(method, url, sent)
        if kept is not None:
            sent["if-none-match"] = kept.etag
        answer = await self._follow(method, target, sent, body)
        if kept is not None and answer.status == 304:
            return 200, {"content-type": kept.content_type, "link": kept.link}, kept.body
        error = self._error(url, answer)
        if error is not None:
            raise self._noted(method, target, answer.status, error)
        self._keep(method, url, sent, answer)
        # Only what gidgethub needs: it would choke on a rate-limit header that is not a number.
        shown = {k: answer.headers[k] for k in ("content-type", "link") if k in answer.headers}
        return answer.status, shown, answer.body

    @override
    async def sleep(self, seconds: float) -> None:
        await self._pause(seconds)

    async def _follow(
        self, method: str, target: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> _Answer:
        """A renamed repository answers with its new address; nothing else is followed."""
        for _ in range(REDIRECTS + 1):
            answer = await self._authorized(method, target, headers, body)
            where = answer.headers.get("location")
            followed = _MOVED if method == "GET" else _KEPT_ON_REDIRECT
            if answer.status not in followed or not where:
                return answer
            target = self._address.owned(urljoin(str(target), where))
        raise GitHubError("GitHub redirects in a circle", 310)

    async def _authorized(
        self, method: str, target: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> _Answer:
        """A token may have been revoked since it was cached: ask for another one, once."""
        proof = await self.credentials.header()
        answer = await self._tried(method, target, {**headers, "authorization": proof}, body)
        if answer.status != 401 or not self.credentials.rejected(proof):
            return answer
        proof = await self.credentials.header()
        return await self._tried(method, target, {**headers, "authorization": proof}, body)

    async def _tried(
        self, method: str, target: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> _Answer:
        """Reading is tried once more; whatever writes is sent once.

        A lost answer to what writes is read back by who knows its meaning.
        """
        if method == "GET":
            try:
                answer = await self._send(method, target, headers, body)
            except httpx.HTTPError as error:
                _log.info("github.tried_again", path=target.path, error=str(error))
            else:
                if not retries.is_quick(method, answer.status, answer.headers):
                    return answer
            await self.sleep(retries.QUICK_PAUSE)
        try:
            return await self._send(method, target, headers, body)
        except httpx.HTTPError as error:
            text = f"no answer from {target.host}: {str(error) or type(error).__name__}"
            raise TryLater(text, retries.TROUBLE) from error

    async def _send(
        self, method: str, target: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> _Answer:
        chunks, size = [], 0
        async with self._http.stream(
            method, target, headers=dict(headers), content=body, follow_redirects=False
        ) as response:
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > LARGEST_ANSWER:
                    raise GitHubError(f"GitHub's answer is larger than {LARGEST_ANSWER} bytes")
                chunks.append(chunk)
        lower = {name.lower(): value for name, value in response.headers.items()}
        return _Answer(status=response.status_code, headers=lower, body=b"".join(chunks))

    def _error(self, url: str, answer: _Answer) -> HarnessError | None:
        now = self._clock.now()
        if url != self._address.graphql or answer.status != 200:
            return retries.judge(answer.status, answer.headers, said(answer.body), now=now)
        read = decoded(answer.body)
        if not isinstance(read, dict):
            return GitHubError("GitHub's answer to a query is not a JSON object", 200)
        errors = read.get("errors")
        if not errors:
            return None
        listed = errors if isinstance(errors, list) else [errors]
        return retries.judge_graphql(listed, answer.headers, now=now)

    def _noted(
        self, method: str, target: httpx.URL, status: int, error: HarnessError
    ) -> HarnessError:
        if isinstance(error, AccessLost):
            self.credentials.lost()
        if isinstance(error, TryLater):
            _log.warning(
                "github.try_later",
                method=method,
                path=target.path,
                status=status,
                seconds=error.seconds,
            )
        return error

    def _kept(self, method: str, url: str, headers: Mapping[str, str]) -> Kept | None:
        if self._etags is None or not _is_plain_get(method, headers):
            return None
        return self._etags.get(self.credentials.scope, url)

    def _keep(self, method: str, url: str, headers: Mapping[str, str], answer: _Answer) -> None:
        etag = answer.headers.get("etag")
        if self._etags is None or not etag or answer.status != 200:
            return
        if _is_plain_get(method, headers):
            kept = Kept(
                etag=etag,
                content_type=answer.headers.get("content-type", ""),
                link=answer.headers.get("link", ""),
                body=answer.body,
            )
            self._etags.put(self.credentials.scope, url, kept)


def _is_plain_get(method: str, headers: Mapping[str, str]) -> bool:
    return method == "GET" and headers.get("accept") == DEFAULT_ACCEPT
