"""What harness reads of a tree's structure: outlines of long files, and files that are related."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_PINS = 20
"""Files that are named beside a change; more would be read by nobody."""


class Relation(StrEnum):
    """How a file is related to the change."""

    TESTS = "tests"
    """It tests what changed."""
    IMPORTS = "imports"
    """It imports what changed, directly or through others."""
    IMPORTED = "imported"
    """What changed imports it, directly or through others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A file that a reader of the change should look at, as it is in the head.

    ``distance`` counts imports between it and the nearest changed file, ``via`` is that file.
    ``blob`` is git's id of its content in the head, once somebody has asked git.
    """

    path: str
    relation: Relation
    distance: int
    via: str
    blob: str = ""


class Kind(StrEnum):
    """What a line of an outline is about."""

    IMPORT = "import"
    TYPE = "type"
    FUNCTION = "function"
    CONSTANT = "constant"
    MODULE = "module"


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """One entry of an outline. Lines count from 1, ``end`` is the last line and included."""

    kind: Kind
    name: str
    signature: str
    start: int
    end: int
    parents: tuple[str, ...] = ()
    """Names of what encloses it, outermost first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """A long file in short: what it defines, and the changed regions in full."""

    path: str
    language: str
    lines: int
    text: str
    clipped: int = 0
    """Entries that did not fit and are not in ``text``, where it says so."""
