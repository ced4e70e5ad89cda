"""The test frameworks that are known, and where in a tree one of them is at home."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Framework(StrEnum):
    """The value is the framework's name for people."""

    PYTEST = "pytest"
    UNITTEST = "unittest"
    JEST = "jest"
    VITEST = "vitest"
    MOCHA = "mocha"
    NPM = "npm test"
    GO = "go test"
    CARGO = "cargo test"
    RSPEC = "rspec"
    MINITEST = "minitest"
    MAVEN = "maven"
    GRADLE = "gradle"


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """One framework's tests below one folder of the tree (empty: the root)."""

    framework: Framework
    folder: str = ""
    script: bool = False
    """The package's own ``test`` script starts the framework, and nothing else."""
