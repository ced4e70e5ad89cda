"""Finds one-file plug-ins: every module of a package that declares one typed constant.

A new plug-in is a new file; nothing else is edited. A module of the package without the constant
stops the start, so that a forgotten declaration is seen at once. Third parties add theirs through
an entry-point group.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import Protocol, TypeVar

from bot.errors import ConfigurationError


class Named(Protocol):
    """Whatever is registered has a name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def load(package: str, constant: str, kind: type[N], *, group: str | None = None) -> dict[str, N]:
    """All plug-ins by name, sorted; `ConfigurationError` for a duplicate or a missing constant."""
    found: dict[str, N] = {}
    root = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(root.__path__), key=lambda m: m.name):
        if module.name.startswith("_"):
            continue
        path = f"{package}.{module.name}"
        _add(found, getattr(importlib.import_module(path), constant, None), kind, path, constant)
    if group is not None:
        for point in sorted(entry_points(group=group), key=lambda p: p.name):
            _add(found, point.load(), kind, point.value, constant)
    return dict(sorted(found.items()))


def _add(found: dict[str, N], plugin: object, kind: type[N], where: str, constant: str) -> None:
    if not isinstance(plugin, kind):
        raise ConfigurationError(f"{where} declares no {constant} of type {kind.__name__}")
    if plugin.name in found:
        raise ConfigurationError(f"{where} declares {plugin.name!r}, which exists already")
    found[plugin.name] = plugin
