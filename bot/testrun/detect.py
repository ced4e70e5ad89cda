"""Which suites concern a change? Those nearest to its files, in the languages of its files.

Pure over a listing of the tree. Nothing is executed, and no name out of the tree gets into a
command line: what is found only selects among our own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.testrun.folder import Read, folder, foreign
from bot.testrun.frameworks import Framework, Suite
from bot.testrun.recognise import recognise

MAX_SUITES = 4
MAX_FOLDERS = 40
"""How many folders are looked into, the nearest first."""
MAX_CHANGED = 300

_PROJECT = frozenset(
    ("package.json", "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", "go.mod",
     "requirements.txt", "Cargo.toml", "Gemfile", ".rspec", "pom.xml", "build.gradle",
     "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "go.work")
)  # fmt: skip
_ASIDE = frozenset(
    ("docs", "doc", "documentation", "website", "site", "examples", "example", "samples",
     "fixtures", "testdata", "templates", "dist", "build", "target", "tests", "test", "spec",
     "requirements")
)  # fmt: skip
"""Folders whose projects are not the project: what lies there serves the one around it."""
_PYTHON = (Framework.PYTEST, Framework.UNITTEST)
_SCRIPT = (Framework.JEST, Framework.VITEST, Framework.MOCHA, Framework.NPM)
_RUBY = (Framework.RSPEC, Framework.MINITEST)
_JAVA = (Framework.MAVEN, Framework.GRADLE)
_LANGUAGES: Mapping[str, tuple[Framework, ...]] = {
    **dict.fromkeys(("py", "pyi", "pyx"), _PYTHON),
    **dict.fromkeys(
        ("js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "vue", "svelte"), _SCRIPT
    ),
    **dict.fromkeys(("rb", "erb", "rake"), _RUBY),
    **dict.fromkeys(("java", "kt", "kts", "groovy", "scala"), _JAVA),
    "go": (Framework.GO,),
    "rs": (Framework.CARGO,),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Detected:
    """What to run, the nearest first; ``left_out`` more would concern the change as well."""

    suites: tuple[Suite, ...] = ()
    left_out: int = 0


def detect(paths: Collection[str], read: Read, changed: Sequence[str] = ()) -> Detected:
    """The suites of the tree that holds ``paths`` which the ``changed`` paths concern."""
    places = _Places(paths, read)
    found = list(dict.fromkeys(_nearest(places, changed)))
    if not found:
        found = list(places.suites(""))
    if not found:
        found = [suite for place in places.shallow_first for suite in places.suites(place)]
    return Detected(suites=tuple(found[:MAX_SUITES]), left_out=max(0, len(found) - MAX_SUITES))


class _Places:
    """The folders of a tree that are projects, each looked into once."""

    def __init__(self, paths: Collection[str], read: Read) -> None:
        self._paths = paths
        self._read = read
        self._known: dict[str, tuple[Suite, ...]] = {}
        self.folders = {
            path.rpartition("/")[0]
            for path in paths
            if path.rpartition("/")[2] in _PROJECT and not foreign(path) and not _aside(path)
        }
        self.shallow_first = sorted(self.folders, key=lambda place: (place.count("/"), place))

    def suites(self, place: str) -> tuple[Suite, ...]:
        if place not in self._known:
            if len(self._known) >= MAX_FOLDERS:
                return ()
            found = recognise(folder(place, self._own(place), self._read), root=not place)
            self._known[place] = tuple(
                Suite(framework=r.framework, folder=place, script=r.script) for r in found
            )
        return self._known[place]

    def _own(self, place: str) -> list[str]:
        """Without what belongs to the projects further down."""
        start = f"{place}/" if place else ""
        below = {other for other in self.folders if other != place and other.startswith(start)}
        return [path for path in self._paths if below.isdisjoint(_ancestors(path))]


def _nearest(places: _Places, changed: Sequence[str]) -> Iterator[Suite]:
    for path in changed[:MAX_CHANGED]:
        wanted = _LANGUAGES.get(path.rpartition("/")[2].rpartition(".")[2].lower(), ())
        above = [p for p in _ancestors(path) if not p or p in places.folders]
        if wanted is _JAVA:
            above.reverse()  # a module is built by the project that it is a part of
        for place in above:
            mine = [suite for suite in places.suites(place) if suite.framework in wanted]
            if mine:
                yield from mine
                break


def _ancestors(path: str) -> Iterator[str]:
    """The deepest first; the root is the last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _aside(path: str) -> bool:
    return not _ASIDE.isdisjoint(path.split("/")[:-1])
