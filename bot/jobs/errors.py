"""What the port itself can say went wrong."""

from __future__ import annotations

from bot.errors import HarnessError


class NotRecordable(HarnessError):
    """A value of a kind that the engine does not keep; refused when it is written."""


class NotReadable(HarnessError):
    """A record cannot be read back: its class is unknown here, or a spilled result is gone."""


class UnexpectedError(HarnessError):
    """Stands in for an error class the engine does not keep, on the first run and on a replay."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message, kind)

    @property
    def kind(self) -> str:
        """The name of the original class."""
        return str(self.args[1])
