"""Checks every exchange of an embedded GitHub against GitHub's own descriptions."""

from __future__ import annotations

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
        if exchange.answer is not None or exchange.status in (204, 304):
            check_response(method, path, exchange.status, exchange.answer)

    def _check_graphql(self, exchange: Exchange) -> None:
        if self._lenient and exchange.status != 200:
            return
        document = exchange.request["query"]
        check_document(document)
        if "errors" not in exchange.answer:
            check_answer(document, exchange.request.get("variables"), exchange.answer["data"])
