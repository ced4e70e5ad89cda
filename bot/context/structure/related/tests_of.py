"""Which files are tests, and of what, by their names alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

_TEST = re.compile(
    r"(?:^|/)(?:test_[^/]+|conftest)\.py$"
    r"|_test\.(?:py|go|rb|exs?)$|_spec\.rb$|[./](?:test|spec)\.[cm]?[jt]sx?$"
    r"|(?:Test|Tests|IT)\.(?:java|kt)$"
)
_FOLDERS = frozenset({"test", "tests", "spec", "specs", "__tests__"})
_STEM = re.compile(r"^(?:test_)?(?P<stem>.+?)(?:_test|_spec|\.test|\.spec|Tests?|IT)?$")


def is_test(path: str) -> bool:
    """By its name, or by a folder that it lies in."""
    return bool(_TEST.search(path)) or not _FOLDERS.isdisjoint(path.split("/")[:-1])


def named_for(changed: Sequence[str], there: Collection[str]) -> Iterator[tuple[str, str]]:
    """(a test, the changed file whose name it bears); of the same language, nearest by folders."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for path in changed:
        if not is_test(path):
            wanted.setdefault(_stem(path), []).append(path)
    for path in sorted(there):
        if wanted and _TEST.search(path):
            subjects = wanted.get(_stem(path), [])
            if subjects:
                yield path, min(subjects, key=lambda subject: (_apart(path, subject), subject))


def _stem(path: str) -> tuple[str, str]:
    """The name without what makes it a test's, and the kind of file."""
    name = PurePosixPath(path)
    match = _STEM.match(name.stem)
    kind = re.sub(r"^\.[cm]?[jt]sx?$", ".js", name.suffix)
    return (match["stem"] if match else name.stem), kind


def _apart(one: str, other: str) -> int:
    """Folders that only one of them lies in."""
    mine, theirs = set(one.split("/")[:-1]), set(other.split("/")[:-1])
    return len((mine ^ theirs) - _FOLDERS - {"src", "lib"})
