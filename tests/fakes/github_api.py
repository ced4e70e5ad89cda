"""GitHub behind respx: every request, document and scripted answer is checked as it passes.

A test says what GitHub answers (`GitHubApi.on`, `GitHubApi.on_query`) and reads what was sent
(`GitHubApi.sent`). What GitHub's description forbids fails the test that does it; an answer that
GitHub must never give is scripted with ``odd=True``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import respx

from tests.fakes import graphql, openapi

Scripted = httpx.Response | httpx.HTTPError | Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True)
class _Answer:
    scripted: Scripted
    odd: bool


class GitHubApi:
    """One API; whatever is sent anywhere else ends in `strangers`."""

    def __init__(self, router: respx.MockRouter, base: str, graphql_url: str) -> None:
        self.base = base
        self.graphql_url = graphql_url
        self.requests: list[httpx.Request] = []
        self.strangers: list[httpx.Request] = []
        self.operations: set[str] = set()
        self._answers: dict[tuple[str, str], list[_Answer]] = {}
        self._otherwise: list[_Answer] = []
        router.route().mock(side_effect=self._handle)

    def on(self, method: str, path: str, *answers: Scripted, odd: bool = False) -> None:
        """Answer this path (with its query, if the test cares) in turn; the last one stays."""
        queue = self._answers.setdefault((method, path), [])
        queue.extend(_Answer(answer, odd) for answer in answers)

    def on_query(self, *answers: Scripted, odd: bool = False) -> None:
        self.on("POST", "graphql", *answers, odd=odd)

    def otherwise(self, answer: Scripted) -> None:
        """Answer everything that no test has spoken of, unchecked."""
        self._otherwise = [_Answer(answer, odd=True)]

    def sent(self, method: str, path: str) -> list[Any]:
        """The decoded bodies of what was sent there."""
        return [
            json.loads(request.content or b"null")
            for request in self.requests
            if request.method == method and self._path(request) == path
        ]

    def count(self, method: str, path: str) -> int:
        return len(self.sent(method, path))

    def _path(self, request: httpx.Request) -> str:
        if str(request.url) == self.graphql_url:
            return "graphql"
        raw = request.url.raw_path.decode().partition("?")[0]
        return raw.removeprefix(httpx.URL(self.base).path.rstrip("/"))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        if url != self.graphql_url and not url.startswith(self.base + "/"):
            self.strangers.append(request)
            return httpx.Response(200, json={})
        self.requests.append(request)
        path = self._path(request)
        body: Any = json.loads(request.content) if request.content else None
        if path == "graphql":
            graphql.check_document(body["query"])
            self.operations.add("graphql")
        else:
            query = request.url.query.decode()
            self.operations.add(openapi.check_request(request.method, path, query, body).id)
        return self._answer(request, path, body)

    def _answer(self, request: httpx.Request, path: str, body: Any) -> httpx.Response:
        query = request.url.query.decode()
        queue = self._answers.get((request.method, f"{path}?{query}"))
        queue = queue or self._answers.get((request.method, path)) or self._otherwise
        if not queue:
            raise AssertionError(f"no answer for {request.method} {path}?{query}")
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        scripted = answer.scripted
        if isinstance(scripted, httpx.HTTPError):
            raise scripted
        # A response is read once: hand out a copy each time.
        made = scripted(request) if callable(scripted) else scripted
        made = httpx.Response(made.status_code, headers=made.headers, content=made.content)
        if not answer.odd:
            self._check(request, path, body, made)
        return made

    def _check(self, request: httpx.Request, path: str, body: Any, made: httpx.Response) -> None:
        told = json.loads(made.content) if made.content else None
        if path != "graphql":
            openapi.check_response(request.method, path, made.status_code, told)
        elif isinstance(told, Mapping) and "errors" not in told:
            graphql.check_answer(body["query"], body.get("variables"), told["data"])
