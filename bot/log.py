"""Structured logs: an action name, and the ids bound around it.

The event is a stable dotted action (``delivery.stored``); tests and alerts read it. Delivery, run,
repository, pull request, head and agent are bound once with `bound` and appear on every line below.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog

LogFormat = Literal["console", "json"]


def configure(log_format: LogFormat, *, stream: TextIO | None = None, level: str = "INFO") -> None:
    """Set up logging for the process; called once by the composition root."""
    out = stream if stream is not None else sys.stderr
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=_traceback)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # The console renderer formats tracebacks itself; JSON wants them as a field.
    finish: list[Any] = [structlog.processors.format_exc_info] if log_format == "json" else []
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *finish,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Libraries that say the same thing again, or at every request.
    for noisy in ("httpx", "httpcore", "httpx2", "aiohttp.access"):
        logging.getLogger(noisy).setLevel("WARNING")


def _traceback(out: TextIO, exc_info: Any) -> None:
    """Without local variables, which may be tokens, and without what an error's text could fake.

    Errors quote git, agents and GitHub: set in, no line of them looks like one of the log's own.
    """
    plain = io.StringIO()
    structlog.dev.plain_traceback(plain, exc_info)
    for line in plain.getvalue().strip("\n").split("\n"):
        out.write("\n    " + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one module."""
    bound_logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return bound_logger


@contextmanager
def bound(**ids: Any) -> Iterator[None]:
    """Bind ids to every line logged inside, across awaits."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield
