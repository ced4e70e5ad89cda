"""Checks a whole run's traffic against GitHub's own descriptions."""

from __future__ import annotations

from typing import Any

from bot.demo import Exchange
from tests.fakes import graphql, openapi


class Traffic:
    """An observer of the embedded GitHub: remembers every exchange, `check` judges them."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def check(self) -> None:
        for exchange in self.exchanges:
            if exchange.path.endswith("/graphql"):
                self._check_graphql(exchange)
            else:
                self._check_rest(exchange)

    def _check_rest(self, exchange: Exchange) -> None:
        if exchange.status < 400:
            openapi.check_request(exchange.method, exchange.path, exchange.query, exchange.request)
        if exchange.status < 500:
            openapi.check_response(
                exchange.method, exchange.path, exchange.status, _described(exchange.answer)
            )

    def _check_graphql(self, exchange: Exchange) -> None:
        document, variables = exchange.request["query"], exchange.request.get("variables")
        graphql.check_document(document)
        if "errors" not in exchange.answer:
            graphql.check_answer(document, variables, exchange.answer["data"])


def _described(answer: Any) -> Any:
    """GitHub sends ``line: null`` for outdated comments; its description forgets that."""
    if isinstance(answer, list):
        return [_described(item) for item in answer]
    if isinstance(answer, dict) and "diff_hunk" in answer and answer.get("line", 0) is None:
        return {name: value for name, value in answer.items() if name != "line"}
    return answer
