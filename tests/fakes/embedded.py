"""Checks every exchange of an embedded GitHub against GitHub's own descriptions."""

from __future__ import annotations

from typing import Any

from bot.demo import Exchange
from tests.fakes.graphql import check_answer, check_document
from tests.fakes.openapi import check_request, check_response


class Witness:
    """Pass it as ``observer``; `check` at the end of a test says what GitHub would not do.

    ``lenient`` leaves requests alone, for tests that send wrong ones on purpose; answers are
    always checked.
    """

    def __init__(self, *, lenient: bool = False) -> None:
        self.exchanges: list[Exchange] = []
        self._lenient = lenient

    def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def check(self) -> None:
        for exchange in self.exchanges:
            if exchange.path == "/graphql":
                self._check_graphql(exchange)
            else:
                self._check_rest(exchange)

    def _check_rest(self, exchange: Exchange) -> None:
        method, path = exchange.method, exchange.path
        if not self._lenient:
            check_request(method, path, exchange.query, exchange.request)
        if exchange.status == 400 and self._lenient:
            # GitHub answers so to any body that is not JSON; the description does not say it.
            assert exchange.answer["message"].startswith(("Problems parsing", "Body should be"))
        elif exchange.answer is not None or exchange.status in (204, 304):
            check_response(method, path, exchange.status, _described(exchange.answer))

    def _check_graphql(self, exchange: Exchange) -> None:
        if self._lenient and exchange.status != 200:
            return
        document = exchange.request["query"]
        check_document(document)
        if "errors" not in exchange.answer:
            check_answer(document, exchange.request.get("variables"), exchange.answer["data"])


def _described(answer: Any) -> Any:
    """Without what GitHub does and its description denies.

    The head of a deleted fork has no repository and an outdated comment no line, though the
    description wants both; an installation's account is of one kind, not of two at once.
    """
    if isinstance(answer, list):
        return [_described(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    head = answer.get("head")
    if isinstance(head, dict) and head.get("repo", answer) is None:
        return {**answer, "head": {**head, "repo": answer["base"]["repo"]}}
    if "diff_hunk" in answer and answer.get("line", answer) is None:
        return {name: value for name, value in answer.items() if name != "line"}
    if "access_tokens_url" in answer and "account" in answer:
        login, made = answer["account"]["login"], answer["created_at"]
        both = {"name": login, "slug": login, "created_at": made, "updated_at": made}
        return {**answer, "account": {**both, **answer["account"]}}
    return answer
