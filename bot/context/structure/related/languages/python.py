"""Python: packages by grimp, and what is in none (scripts, tests) by `ast`.

The tree is not on the path of this process and nothing of it is imported: grimp is told where the
packages lie, and only reads them.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import grimp
from grimp.application.config import settings
from grimp.application.ports.filesystem import AbstractFileSystem
from grimp.application.ports.packagefinder import AbstractPackageFinder
from grimp.exceptions import GrimpException
from typing_extensions import override

from bot.context.structure.related.files import Files
from bot.context.structure.related.graph import Edge

SUFFIXES = (".py", ".pyi")
_INIT = "__init__.py"


def edges(files: Files) -> Iterator[Edge]:
    """Who imports whom among the tree's own files."""
    places = _Places(files)
    by_grimp: set[str] = set()
    for group in places.groups:
        known, found = _by_grimp(files.tree, group)
        by_grimp |= known & files.paths
        yield from ((a, b) for a, b in found if a in files.paths and b in files.paths)
    for path in files.with_suffix(*SUFFIXES):
        if path not in by_grimp:
            yield from places.edges_of(path)


class _Places:
    """Where modules are looked for: the folders that hold packages, and a file's own folder."""

    def __init__(self, files: Files) -> None:
        self._files = files
        packages = [str(PurePosixPath(p).parent) for p in files.sorted if p.endswith(f"/{_INIT}")]
        inside = frozenset(packages)
        tops = [p for p in packages if str(PurePosixPath(p).parent) not in inside]
        self.groups = _groups([p for p in tops if PurePosixPath(p).name.isidentifier()])
        roots = {str(PurePosixPath(p).parent) for p in tops} | {".", "src"} & files.folders
        self._roots = sorted(roots, key=lambda root: (root.count("/"), root))
        self._inside = inside

    def edges_of(self, path: str) -> Iterator[Edge]:
        for level, module, names in _imports(self._files.read(path)):
            for found in self._found(path, level, module, names):
                if found != path:
                    yield path, found

    def _found(self, path: str, level: int, module: str, names: Sequence[str]) -> Iterator[str]:
        for root in self._starts(path, level):
            base = _under(root, module)
            below = [self._module(_under(base, name)) for name in names]
            itself = self._module(base) if module else ""
            found = [hit for hit in below if hit]
            # A name that is no module of its own is something inside of the one that is named.
            if itself and (not names or len(found) < len(names)):
                found.append(itself)
            if found:
                yield from dict.fromkeys(found)
                return

    def _starts(self, path: str, level: int) -> list[str]:
        here = PurePosixPath(path).parent
        if level:
            parents = [here, *here.parents]
            return [str(parents[level - 1])] if level <= len(parents) else []
        own = [] if str(here) in self._inside else [str(here)]
        return [*own, *self._roots]

    def _module(self, base: str) -> str:
        for candidate in (f"{base}.py", f"{base}/{_INIT}", f"{base}.pyi"):
            if candidate in self._files.paths:
                return candidate
        return ""


def _under(root: str, module: str) -> str:
    tail = module.replace(".", "/")
    return "/".join(part for part in ("" if root == "." else root, tail) if part)


def _groups(packages: Sequence[str]) -> list[dict[str, str]]:
    """Packages in groups in which no name occurs twice; the first holds as many as it can."""
    groups: list[dict[str, str]] = []
    for package in sorted(packages, key=lambda path: (path.count("/"), path)):
        name = PurePosixPath(package).name
        group = next((group for group in groups if name not in group), None)
        if group is None:
            groups.append(group := {})
        group[name] = package
    return groups


class _Known(AbstractPackageFinder):
    """Answers for the tree's packages alone: nothing of this process's own path takes part."""

    def __init__(self, tree: Path, group: Mapping[str, str]) -> None:
        self._places = {name: str(tree / package) for name, package in group.items()}

    @override
    def determine_package_directories(
        self, package_name: str, file_system: AbstractFileSystem
    ) -> set[str]:
        return {self._places[package_name]}


@contextmanager
def _finding(tree: Path, group: Mapping[str, str]) -> Iterator[None]:
    before = settings.PACKAGE_FINDER
    settings.configure(PACKAGE_FINDER=_Known(tree, group))
    try:
        yield
    finally:
        settings.configure(PACKAGE_FINDER=before)


def _by_grimp(tree: Path, group: Mapping[str, str]) -> tuple[frozenset[str], list[Edge]]:
    """(files it read, edges); nothing if it cannot read one of them: then `ast` has to do."""
    try:
        with _finding(tree, group):
            graph = grimp.build_graph(*group, include_external_packages=False, cache_dir=None)
    except (GrimpException, OSError, ValueError, UnicodeError):
        return frozenset(), []
    paths = {module: _path(tree, group, module) for module in graph.modules}
    found = [
        (paths[one], paths[other])
        for one in sorted(graph.modules)
        for other in sorted(graph.find_modules_directly_imported_by(one))
    ]
    return frozenset(filter(None, paths.values())), [(a, b) for a, b in found if a and b]


def _path(tree: Path, group: Mapping[str, str], module: str) -> str:
    top, _dot, rest = module.partition(".")
    base = _under(group[top], rest)
    for candidate in (f"{base}/{_INIT}", f"{base}.py"):
        if (tree / candidate).is_file():
            return candidate
    return ""


def _imports(source: bytes) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """(dots, module, names that are taken from it)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a stranger's strings and comparisons
            module = ast.parse(source)
        for node in ast.walk(module):
            if isinstance(node, ast.Import):
                yield from ((0, alias.name, ()) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.level, node.module or "", tuple(alias.name for alias in node.names)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
