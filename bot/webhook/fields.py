"""The fields of a payload that somebody declared, and nothing else of it.

A path is dotted (``pull_request.head.sha``); ``[]`` after a key goes through a list
(``pull_request.labels[].name``) and makes the value a list. A value of the wrong type counts as
absent: a payload is refused for not being an object, never for what a field holds.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bot.models import FieldValue

Found = dict[str, FieldValue]


class FieldTree:
    """Declared paths by their first key. Payloads are read with `extract`."""

    __slots__ = ("_names", "children", "items", "path")

    def __init__(self) -> None:
        self.path: str | None = None
        """The declared path that ends here."""
        self.children: dict[str, FieldTree] = {}
        self.items: FieldTree | None = None
        """What is declared of a list's elements."""
        self._names: tuple[str, ...] = ()  # every path declared of the elements, however deep

    @classmethod
    def of(cls, paths: Collection[str]) -> FieldTree:
        """`ValueError` for a path that no payload can have."""
        root = cls()
        for path in sorted(set(paths)):
            root._add(path)
        return root

    def extract(self, payload: dict[str, Any]) -> Found:
        """Declared path -> value, for those the payload has."""
        found: Found = {}
        self._read(payload, found)
        return found

    def _add(self, path: str) -> None:
        node = self
        lists: list[FieldTree] = []
        for part in path.split("."):
            key = part.removesuffix("[]")
            if not key or "[" in key:
                raise ValueError(f"not a field path: {path!r}")
            node = node.children.setdefault(key, FieldTree())
            if part.endswith("[]"):
                lists.append(node)
                node.items = node.items or FieldTree()
                node = node.items
        node.path = path
        for through in lists:
            through._names = (*through._names, path)

    def _read(self, value: dict[str, Any], found: Found) -> None:
        for key, child in self.children.items():
            if key not in value:
                continue
            inner = value[key]
            if isinstance(inner, dict):
                child._read(inner, found)
            elif isinstance(inner, list):
                child._read_list(inner, found)
            elif child.path is not None and (inner is None or isinstance(inner, (str, int))):
                found[child.path] = inner

    def _read_list(self, values: list[Any], found: Found) -> None:
        if self.items is None:
            return
        lists: dict[str, list[str | int]] = {name: [] for name in self._names}
        self.items._gather(values, lists)
        found.update(lists)

    def _gather(self, values: list[Any], lists: dict[str, list[str | int]]) -> None:
        for value in values:
            if isinstance(value, dict):
                for key, child in self.children.items():
                    if key in value:
                        child._gather_one(value[key], lists)
            else:
                self._keep(value, lists)

    def _gather_one(self, value: Any, lists: dict[str, list[str | int]]) -> None:
        if isinstance(value, list):
            if self.items is not None:
                self.items._gather(value, lists)
        elif isinstance(value, dict):
            self._gather([value], lists)
        else:
            self._keep(value, lists)

    def _keep(self, value: Any, lists: dict[str, list[str | int]]) -> None:
        scalar = isinstance(value, (str, int)) and not isinstance(value, bool)
        if self.path is not None and scalar:
            lists[self.path].append(value)
