"""JavaScript and TypeScript: every form that names a module by a string."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node

from bot.context.structure.related.files import Files, joined
from bot.context.structure.related.graph import Edge
from bot.context.structure.related.languages.parsed import literal, nodes

SUFFIXES = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_LOOKED_FOR = (
    ".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs", ".json", ".vue",
    ".svelte",
)  # fmt: skip
_MEANT = {".js": (".ts", ".tsx", ".d.ts"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
"""TypeScript is imported by the name that it will be compiled to."""
_TYPES = frozenset(
    {"import_statement", "export_statement", "call_expression", "import_require_clause"}
)
_CALLS = frozenset({"require", "import", "require.resolve", "jest.mock", "vi.mock"})
_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = re.compile(r",(\s*[}\]])")


def _javascript() -> Language:
    return Language(tree_sitter_javascript.language())


def _typescript() -> Language:
    return Language(tree_sitter_typescript.language_typescript())


def _tsx() -> Language:
    return Language(tree_sitter_typescript.language_tsx())


def edges(files: Files) -> Iterator[Edge]:
    resolve = _Modules(files)
    for path in files.with_suffix(*SUFFIXES):
        for name in dict.fromkeys(_named(path, files.read(path))):
            found = resolve(path, name)
            if found and found != path:
                yield path, found


def _named(path: str, source: bytes) -> Iterator[str]:
    suffix = PurePosixPath(path).suffix
    load = {".tsx": _tsx, ".ts": _typescript, ".mts": _typescript, ".cts": _typescript}
    for node in nodes(source, load.get(suffix, _javascript), _TYPES):
        name = literal(_string(node))
        if name:
            yield name


def _string(node: Node) -> Node | None:
    if node.type != "call_expression":
        return node.child_by_field_name("source")
    function, arguments = (node.child_by_field_name(n) for n in ("function", "arguments"))
    said = (
        ""
        if function is None or function.text is None
        else function.text.decode("utf-8", "replace")
    )
    if said not in _CALLS or arguments is None or not arguments.named_children:
        return None
    first = arguments.named_children[0]
    return first if first.type in ("string", "template_string") else None


class _Modules:
    """Which file a name means."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._configured = sorted(
            (_Paths(str(PurePosixPath(path).parent), _loaded(files.read(path))))
            for path in files.sorted
            if PurePosixPath(path).name in ("tsconfig.json", "jsconfig.json", "tsconfig.base.json")
        )
        self._packages = _packages(files)

    def __call__(self, path: str, name: str) -> str:
        folder = str(PurePosixPath(path).parent)
        if name.startswith("."):
            return self._file(joined(folder, name))
        for place in self._places(folder, name):
            found = self._file(place)
            if found:
                return found
        return ""

    def _places(self, folder: str, name: str) -> Iterator[str | None]:
        for paths in self._configured:
            if paths.about(folder):
                yield from paths.places(name)
        parts = name.split("/")
        for length in (1, 2):
            place = self._packages.get("/".join(parts[:length]))
            if place is not None:
                rest = "/".join(parts[length:])
                yield joined(place, rest)
                yield joined(place, "src", rest)
                yield joined(place, "src", rest or "index")

    def _file(self, base: str | None) -> str:
        """As TypeScript and bundlers look: the file, with an extension, as a folder's index."""
        if not base:
            return ""
        there = self._files.paths
        stem, dot, suffix = base.rpartition(".")
        meant = [f"{stem}{other}" for other in _MEANT.get(f"{dot}{suffix}", ())]
        wanted = [base, *meant, *(f"{base}{s}" for s in _LOOKED_FOR)]
        wanted += [f"{base}/index{s}" for s in _LOOKED_FOR]
        return next((path for path in wanted if path in there), "")


class _Paths:
    """``baseUrl`` and ``paths`` of one ``tsconfig.json``."""

    def __init__(self, folder: str, data: Mapping[str, Any]) -> None:
        self._folder = "" if folder == "." else folder
        options = data.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base, paths = options.get("baseUrl"), options.get("paths")
        self._base = base if isinstance(base, str) else None
        self._paths = paths if isinstance(paths, dict) else {}

    def __lt__(self, other: _Paths) -> bool:
        """The deepest is asked first."""
        return (-len(self._folder), self._folder) < (-len(other._folder), other._folder)

    def about(self, folder: str) -> bool:
        return not self._folder or f"{folder}/".startswith(f"{self._folder}/")

    def places(self, name: str) -> Iterator[str | None]:
        for pattern, targets in self._paths.items():
            head, star, tail = str(pattern).partition("*")
            fits = name.startswith(head) and name.endswith(tail) if star else name == head
            if not fits or not isinstance(targets, list):
                continue
            middle = name[len(head) : len(name) - len(tail)] if star else ""
            for target in targets:
                if isinstance(target, str):
                    yield joined(self._folder, self._base or "", target.replace("*", middle))
        if self._base is not None:
            yield joined(self._folder, self._base, name)


def _packages(files: Files) -> dict[str, str]:
    """Packages of the tree's own (workspaces), by name."""
    found: dict[str, str] = {}
    for path in files.sorted:
        if PurePosixPath(path).name == "package.json":
            name = _loaded(files.read(path)).get("name")
            folder = str(PurePosixPath(path).parent)
            if isinstance(name, str) and folder != ".":
                found.setdefault(name, folder)
    return found


def _loaded(source: bytes) -> dict[str, Any]:
    """JSON as TypeScript takes it: with comments and commas too many."""
    text = _COMMENT.sub(lambda match: match[1] or "", source.decode("utf-8", "replace"))
    try:
        data = json.loads(_TRAILING.sub(r"\1", text))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
