"""Durable recipes: collected on import, bound to services before the engine starts.

The rules of a recipe
    * It is deterministic apart from its steps: no clock, no randomness, no settings, no files, no
      GitHub outside a step. After a crash it runs again from the top; finished steps return what
      they returned, and it must take the same way.
    * The first recorded step returns the run's plan. Nothing later asks settings or a repository's
      configuration which steps exist.
    * Within one version, steps are neither inserted, removed, renamed nor reordered. A change of
      that kind is a new version beside the old one, which stays until its last job has ended.
      Steps that run at the same time are started in a fixed order, one level deep.
    * Work inside a step may be repeated (the crash came before its record): it looks before it
      posts. Steps do not contain steps.
    * What a step returns is a plain value, a record of `bot.models`, or one marked `recordable`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot.errors import ConfigurationError

T = TypeVar("T")


class Step(Protocol):
    """How a recipe does anything: by name, recorded."""

    @property
    def job_id(self) -> str: ...

    async def __call__(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Run ``work`` once and remember its value or error; `TryLater` is waited out."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep through crashes and restarts."""
        ...


RecipeFunction = Callable[[Any, Any, Any], Awaitable[None]]
"""``(services, step, request)``."""

F = TypeVar("F", bound=RecipeFunction)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """One version of a recipe."""

    name: str
    version: int
    run: RecipeFunction

    @property
    def full_name(self) -> str:
        """How the engine knows it: a job keeps the version it was started with."""
        return f"{self.name}_v{self.version}"


class Cookbook:
    """Recipes by full name; jobs start with the newest version of a name."""

    def __init__(self) -> None:
        self._recipes: dict[str, Recipe] = {}

    def recipe(self, name: str, *, version: int) -> Callable[[F], F]:
        """Decorate ``async def recipe(services, step, request)``."""

        def collect(function: F) -> F:
            made = Recipe(name=name, version=version, run=function)
            if self._recipes.setdefault(made.full_name, made) is not made:
                raise ConfigurationError(f"there are two recipes {made.full_name!r}")
            return function

        return collect

    def all(self) -> tuple[Recipe, ...]:
        return tuple(self._recipes.values())

    def knows(self, full_name: str) -> bool:
        return full_name in self._recipes

    def newest(self, name: str) -> Recipe:
        versions = [r for r in self._recipes.values() if r.name == name]
        if not versions:
            raise ConfigurationError(f"there is no recipe {name!r}")
        return max(versions, key=lambda r: r.version)


HOUSE = Cookbook()
"""The recipes of `bot.tasks`."""

recipe = HOUSE.recipe
