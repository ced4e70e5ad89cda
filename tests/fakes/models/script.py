"""What the played models say, whichever API they are asked through.

A scenario is a function from what was asked to one reply. It keeps no state: how far a
conversation has come is told by the tool results in it, as for a real model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

FILE = "app/calc.py"
LINE = 6
BEFORE = '''"""Small helpers."""


def mean(xs):
    # average of the list
    return sum(xs) / len(xs)
'''
AFTER = '''"""Small helpers."""


def mean(xs):
    # average of the list, 0 of an empty one
    return sum(xs) / len(xs) if xs else 0.0
'''
TITLE = "Division by zero when the list is empty"
ANSWER: dict[str, Any] = {
    "summary": "One problem needs attention.",
    "issues": [
        {
            "severity": "major",
            "file": FILE,
            "line": LINE,
            "end_line": LINE,
            "title": TITLE,
            "description": "mean([]) divides by len([]) == 0. Return 0.0 or raise ValueError.",
            "category": "correctness",
            "confidence": 0.9,
        }
    ],
}
NARRATIVE = f"I read the change.\n\n```json\n{json.dumps(ANSWER, indent=1)}\n```\n"
WORDS = "Let me look. "


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One call of a model, in the words that all APIs share."""

    model: str
    tools: tuple[str, ...] = ()
    results: int = 0
    """Tool results in the conversation."""
    schema: bool = False
    """The answer must be bare JSON."""
    stream: bool = True
    size: int = 0
    """Bytes of the whole request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """The last words of a turn."""

    text: str
    tokens: int | None = None
    """Output tokens that are told; by the length of the text otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """A call of one tool."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    words: str = WORDS
    """Said before it."""
    tokens: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fail:
    """An error, in the shape in which the vendor tells it."""

    status: int
    reason: str = ""
    """``key`` or ``quota``, where one status has several reasons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Malformed:
    """A stream that breaks in the middle of a line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hang:
    """Nothing, for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slow:
    """A word now and then, for ever."""

    every: float = 0.2


Reply = Text | Use | Fail | Malformed | Hang | Slow
Scenario = Callable[[Asked], Reply]


def answer(asked: Asked) -> Reply:
    """The review, in the form that was asked for."""
    if "StructuredOutput" in asked.tools:
        return Use(name="StructuredOutput", arguments=ANSWER, words="")
    return Text(text=json.dumps(ANSWER) if asked.schema else NARRATIVE)


def read(asked: Asked) -> Reply:
    """Look into the file first."""
    return answer(asked) if asked.results else (_read(asked) or answer(asked))


def write(asked: Asked) -> Reply:
    """Change the file with the tool that is there for it, else only review it."""
    if asked.results:
        return Text(text="Fixed the empty list.")
    return _write(asked) or answer(asked)


def patch(asked: Asked) -> Reply:
    """Change the file by a patch."""
    if asked.results:
        return Text(text="Fixed the empty list.")
    return Use(name="apply_patch", arguments={"input": PATCH})


def loop(asked: Asked) -> Reply:
    """Read the same file for ever."""
    return _read(asked) or Text(text="There is no tool to read with.")


def dear(asked: Asked) -> Reply:
    """Read for ever, and be paid well for it."""
    found = _read(asked)
    if not isinstance(found, Use):
        return Text(text=NARRATIVE, tokens=50_000)
    return Use(name=found.name, arguments=found.arguments, tokens=50_000)


def escape(asked: Asked) -> Reply:
    """Call a tool that was not offered."""
    if asked.results:
        return answer(asked)
    return Use(name="no_such_tool", arguments={"path": "/etc/passwd"})


PATCH = "\n".join(
    (
        "*** Begin Patch",
        f"*** Update File: {FILE}",
        "@@",
        *(f"-{line}" for line in BEFORE.splitlines()[4:]),
        *(f"+{line}" for line in AFTER.splitlines()[4:]),
        "*** End Patch",
        "",
    )
)

SCENARIOS: dict[str, Scenario] = {
    "ok": answer,
    "read-tool": read,
    "write": write,
    "patch": patch,
    "loop": loop,
    "dear": dear,
    "bad-tool": escape,
    "empty": lambda _asked: Text(text=""),
    "malformed": lambda _asked: Malformed(),
    "hang": lambda _asked: Hang(),
    "slow": lambda _asked: Slow(),
    "err400": lambda _asked: Fail(status=400),
    "err401": lambda _asked: Fail(status=401, reason="key"),
    "err429": lambda _asked: Fail(status=429),
    "quota": lambda _asked: Fail(status=429, reason="quota"),
    "err500": lambda _asked: Fail(status=500),
}

_SHOW = f"cat {FILE}"
_STORE = f"cat > {FILE} <<'END'\n{AFTER}END"

_READERS: dict[str, dict[str, Any]] = {
    "Read": {"file_path": FILE},
    "read_file": {"file_path": FILE},
    "read": {"filePath": FILE},
    "exec_command": {"cmd": _SHOW},
    "shell_command": {"command": _SHOW},
    "shell": {"command": ["sh", "-c", _SHOW]},
}
_WRITERS: dict[str, dict[str, Any]] = {
    "Write": {"file_path": FILE, "content": AFTER},
    "write_file": {"file_path": FILE, "content": AFTER},
    "write": {"filePath": FILE, "content": AFTER},
    "exec_command": {"cmd": _STORE},
    "shell_command": {"command": _STORE},
    "shell": {"command": ["sh", "-c", _STORE]},
}


def _read(asked: Asked) -> Use | None:
    return _first(asked, _READERS)


def _write(asked: Asked) -> Use | None:
    return _first(asked, _WRITERS)


def _first(asked: Asked, known: Mapping[str, Mapping[str, Any]]) -> Use | None:
    found = (
        Use(name=name, arguments=given) for name, given in known.items() if name in asked.tools
    )
    return next(found, None)
