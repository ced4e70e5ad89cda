"""Places of code in prose: many spellings are understood, and nothing is believed that is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.locations import places

SIZES = {
    "src/app.py": 50,
    "app/[id]/page.tsx": 40,
    "my docs/read me.md": 30,
    "packages/@scope/pkg/index.ts": 99,
    "src/größe.py": 20,
    "Makefile": 30,
    "lib/util.py": 10,
    "src/(group)/x.js": 12,
}


def first(text: str) -> tuple[str, int | None, int | None] | None:
    """The first place that has a line, else the first."""
    found = places(text, SIZES)
    best = next((place for place in found if place.line is not None), found[0] if found else None)
    return None if best is None else (best.file, best.line, best.end_line)


SPELLINGS = [
    ("src/app.py:10", ("src/app.py", 10, None)),
    ("src/app.py:10-12", ("src/app.py", 10, 12)),
    ("src/app.py#L10", ("src/app.py", 10, None)),
    ("src/app.py#L10-L12", ("src/app.py", 10, 12)),
    ("line 10 of src/app.py", ("src/app.py", 10, None)),
    ("lines 10-12 in `src/app.py`", ("src/app.py", 10, 12)),
    ("src/app.py, line 10", ("src/app.py", 10, None)),
    ("src/app.py (line 10)", ("src/app.py", 10, None)),
    ("src/app.py lines 10–12", ("src/app.py", 10, 12)),
    ("**src/app.py:10**", ("src/app.py", 10, None)),
    ("`src/app.py`:10", ("src/app.py", 10, None)),
    ('"src/app.py", line 10', ("src/app.py", 10, None)),
    ("[src/app.py](src/app.py#L10)", ("src/app.py", 10, None)),
    ("https://github.com/o/r/blob/abc123/src/app.py#L10-L12", ("src/app.py", 10, 12)),
    ("./src/app.py:10:5", ("src/app.py", 10, None)),
    ("/work/src/app.py:10", ("src/app.py", 10, None)),
    ("my docs/read me.md:3", ("my docs/read me.md", 3, None)),
    ("app/[id]/page.tsx:7", ("app/[id]/page.tsx", 7, None)),
    ("packages/@scope/pkg/index.ts:8", ("packages/@scope/pkg/index.ts", 8, None)),
    ("src/größe.py:5", ("src/größe.py", 5, None)),
    ("Makefile:12", ("Makefile", 12, None)),
    ("src/(group)/x.js:3", ("src/(group)/x.js", 3, None)),
    ("in src/app.py at line 10, x", ("src/app.py", 10, None)),
    ("src/app.py L10", ("src/app.py", 10, None)),
    ("util.py:3", ("lib/util.py", 3, None)),
    ("src/app.py:50", ("src/app.py", 50, None)),
    ("src/app.py:49-50", ("src/app.py", 49, 50)),
    ("src/app.py:1", ("src/app.py", 1, None)),
    ("a/src/app.py:3", ("src/app.py", 3, None)),
    ("b/src/app.py:3", ("src/app.py", 3, None)),
    ("/workspace/src/app.py:3", ("src/app.py", 3, None)),
    ("line 10 in the file src/app.py", ("src/app.py", 10, None)),
    ("src/app.py:10 to 12", ("src/app.py", 10, 12)),
]


@pytest.mark.parametrize(("text", "place"), SPELLINGS)
def test_a_place_is_understood_however_it_is_spelled(
    text: str, place: tuple[str, int | None, int | None]
) -> None:
    for sentence in (text, f"The call in {text} is wrong.", f"- {text} - it breaks"):
        assert first(sentence) == place, sentence


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("src/app.py:999", ("src/app.py", None, None)),
        ("src/app.py:0", ("src/app.py", None, None)),
        ("src/app.py:40-90", ("src/app.py", 40, None)),
        ("version 10 of src/app.py", ("src/app.py", None, None)),
        ("src/app.py at 10:30", ("src/app.py", None, None)),
        ("other/src/app.py:3", None),
        ("src/app.pyc:3", None),
        ("src/app.py.bak:3", None),
        ("vendor/util.py:3", None),
        ("GNUMakefile:3", None),
        ("a-src/app.py:3", None),
        ("_src/app.py:3", None),
        ("x.src/app.py:3", None),
        ("@src/app.py:3", None),
        ("x\\src/app.py:3", None),
        ("src/app.py_:3", None),
        ("src/app.py-old:3", None),
        ("src/app.py/x:3", None),
        ("a-a/src/app.py:3", None),
        ("a_a/src/app.py:3", None),
        ("x/a/src/app.py:3", None),
        ("x./src/app.py:3", None),
        ("lib/work/src/app.py:3", None),
        ("src/app.py:12-10", ("src/app.py", 12, None)),
        ("src/app.py:10-51", ("src/app.py", 10, None)),
        ("https://example.com/src/app.py:3", None),
        ("nothing.py:3", None),
    ],
)
def test_what_does_not_exist_is_not_believed(
    text: str, place: tuple[str, int | None, int | None] | None
) -> None:
    assert first(text) == place


def test_a_name_that_several_files_have_names_none_of_them() -> None:
    assert places("see x.py:1", {"a/x.py": 5, "b/x.py": 5}) == []
    (place,) = places("see b/x.py:1", {"a/x.py": 5, "b/x.py": 5})
    assert place.file == "b/x.py"


@given(st.text(alphabet="srcap/.py:#L10 ()[]`*linesof-\n", max_size=200))
def test_every_place_exists_and_none_overlap(text: str) -> None:
    taken = 0
    for place in places(text, SIZES):
        assert taken <= place.start < place.end <= len(text)
        taken = place.end
        if place.line is not None:
            assert 1 <= place.line <= (place.end_line or place.line) <= SIZES[place.file]


@pytest.mark.parametrize("text", ["src/app.py (" * 20_000, "[" * 500_000, "lines 1 " * 60_000])
def test_hostile_text_is_read_in_passing(text: str) -> None:
    assert len(places(text, SIZES)) <= 2_000


def test_every_place_of_a_text_is_found() -> None:
    text = "src/app.py:1, lib/util.py:3, src/app.py:2 and app.py, line 4"
    assert [(place.file, place.line) for place in places(text, SIZES)] == [
        ("src/app.py", 1), ("lib/util.py", 3), ("src/app.py", 2), ("src/app.py", 4),
    ]  # fmt: skip
