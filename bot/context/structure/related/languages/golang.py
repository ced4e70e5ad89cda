"""Go: an import names a folder, and means the files in it that are no tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import tree_sitter_go
from tree_sitter import Language

from bot.context.structure.related.files import Files, joined
from bot.context.structure.related.graph import Edge
from bot.context.structure.related.languages.parsed import literal, nodes

SUFFIXES = (".go",)
MAX_OF_A_PACKAGE = 40
_SPEC = frozenset({"import_spec"})
_MODULE = re.compile(r"^[ \t]*module[ \t]+\"?([^\s\"/]\S*?)\"?[ \t]*(?://.*)?$", re.MULTILINE)
_REPLACE = re.compile(
    r"^[ \t]*(?:replace[ \t]+)?\"?([^\s\"()]+)\"?(?:[ \t]+v\S+)?[ \t]+=>"
    r"[ \t]+\"?(\.{1,2}/[^\s\"]*)\"?",
    re.MULTILINE,
)


def _go() -> Language:
    return Language(tree_sitter_go.language())


def edges(files: Files) -> Iterator[Edge]:
    modules = _modules(files)
    packages: dict[str, list[str]] = {}
    sources = files.with_suffix(*SUFFIXES)
    for path in sources:
        if not path.endswith("_test.go"):
            packages.setdefault(_folder(path), []).append(path)
    for path in sources:
        named = {
            literal(n.child_by_field_name("path")) for n in nodes(files.read(path), _go, _SPEC)
        }
        for name in sorted(named):
            folder = _place(modules, name)
            for found in packages.get(folder, [])[:MAX_OF_A_PACKAGE] if folder is not None else ():
                yield path, found
        if path.endswith("_test.go"):
            # A test of the same package imports nothing to see it.
            yield from (
                (path, found) for found in packages.get(_folder(path), [])[:MAX_OF_A_PACKAGE]
            )


def _folder(path: str) -> str:
    folder = str(PurePosixPath(path).parent)
    return "" if folder == "." else folder


def _modules(files: Files) -> list[tuple[str, str]]:
    """(module path, folder), the longest path first: it is the one that counts."""
    found: dict[str, str] = {}
    replaced: dict[str, str] = {}
    for path in files.sorted:
        if PurePosixPath(path).name == "go.mod":
            text, folder = files.read(path).decode("utf-8", "replace"), _folder(path)
            match = _MODULE.search(text)
            if match:
                found.setdefault(match[1], folder)
            for name, place in _REPLACE.findall(text):
                inside = joined(folder, place)
                if inside is not None:
                    replaced.setdefault(name, inside)
    return sorted((replaced | found).items(), key=lambda item: (-len(item[0]), item[0]))


def _place(modules: list[tuple[str, str]], name: str) -> str | None:
    for module, folder in modules:
        if name == module or name.startswith(f"{module}/"):
            return joined(folder, name[len(module) + 1 :])
    return None
