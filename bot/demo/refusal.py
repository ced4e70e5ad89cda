"""How GitHub says no: status, message, and which field is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.errors import HarnessError

DOCS = "https://docs.github.com/rest"
MAX_BODY = 65_536
"""Characters of a comment, a review or a pull request's description."""


class Refusal(HarnessError):
    """An answer other than 2xx. ``errors`` is GitHub's list: texts or objects."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Sequence[Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, status, errors, headers)

    @property
    def status(self) -> int:
        return int(self.args[1])

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.args[3] or {})

    @property
    def body(self) -> dict[str, Any]:
        made: dict[str, Any] = {"message": self.message}
        if self.args[2] is not None:
            made["errors"] = list(self.args[2])
        return made | {"documentation_url": DOCS, "status": str(self.status)}


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def bad_credentials() -> Refusal:
    return Refusal(401, "Bad credentials")


def not_permitted() -> Refusal:
    return Refusal(403, "Resource not accessible by integration")


def invalid(resource: str, field: str, code: str, message: str = "") -> Refusal:
    """422 of most endpoints: one object that names the field."""
    error = {"resource": resource, "code": code, "field": field}
    return Refusal(422, "Validation Failed", [error | ({"message": message} if message else {})])


def unprocessable(*errors: str) -> Refusal:
    """422 of reviews: plain texts."""
    return Refusal(422, "Unprocessable Entity", list(errors))


def invalid_request(why: str) -> Refusal:
    """422 of the schema check that comes before everything else."""
    return Refusal(422, f"Invalid request.\n\n{why}")


def checked_body(resource: str, body: Any) -> str:
    """A comment's text: there, and not too long."""
    if body is None:
        raise invalid_request('Missing required key "body".')
    if not isinstance(body, str):
        raise invalid_request(f"For 'properties/body', {body!r} is not a string.")
    if not body.strip():
        raise invalid(resource, "body", "missing_field")
    if len(body) > MAX_BODY:
        raise invalid(
            resource, "body", "custom", f"body is too long (maximum is {MAX_BODY} characters)"
        )
    return body
