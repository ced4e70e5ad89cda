"""From headers and body of a verified request to a `Delivery`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from bot.models import Delivery
from bot.webhook.fields import FieldTree
from bot.webhook.payload import NotAPayload, Parse, parser

_NAME = re.compile(r"[!-~]{1,100}", re.ASCII)
"""An event or a delivery id: visible ASCII. Ids become part of job ids and file names."""


class DeliveryReader:
    """Reads deliveries; made once, for the fields that handlers declare."""

    def __init__(self, fields: Collection[str], parse: Parse | None = None) -> None:
        self._keeps_action = "action" in fields
        self._fields = FieldTree.of({*fields, "action"})
        self._parse = parse or parser(self._fields)

    def read(self, headers: Mapping[str, str], body: bytes, received_at: datetime) -> Delivery:
        """`NotAPayload` says what is wrong."""
        event = _header(headers, "X-GitHub-Event")
        delivery_id = _header(headers, "X-GitHub-Delivery")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise NotAPayload("the body is not UTF-8") from None
        payload = self._parse(text)
        found = self._fields.extract(payload)
        action = found.get("action")
        if not self._keeps_action:
            found.pop("action", None)
        return Delivery(
            id=delivery_id,
            event=event,
            action=action if isinstance(action, str) else "",
            fields=found,
            received_at=received_at,
        )


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not _NAME.fullmatch(value):
        raise NotAPayload(f"the header {name} is missing or not a name")
    return value
