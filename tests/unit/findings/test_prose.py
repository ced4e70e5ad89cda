"""Reviews written as prose: what they report is found, and nothing in them is ever a pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.parse import parse_answer
from bot.findings.prose import read_prose

SIZES = {"src/app.py": 50, "lib/util.py": 10, "README.md": 5}

REVIEWS = {
    "list entries under headings": """\
I looked at everything.

### Critical
- `src/app.py:10`: eval runs user input. This is bad.
### Minor issues (1)
* lib/util.py (lines 3-4) leaks a file
""",
    "numbered, with a severity each": """\
1. **Critical** - src/app.py:10 - eval runs user input
   It runs whatever comes.
   - also from the form
2. **Minor** — lib/util.py, lines 3–4: leaks a file
""",
    "headings with fields": """\
### 1. eval runs user input
- **Severity**: Critical
- **File**: `src/app.py`
- **Line**: 10

### 2. leaks a file
**Severity:** minor
**Location:** lib/util.py:3-4
It leaks.

## Verdict: request changes
""",
    "a table": """\
| Severity | File | Line | Problem |
|---|---|---|---|
| Critical | src/app.py | 10 | eval runs user input |
| minor | `lib/util.py` | 3-4 | leaks a file |
""",
    "paragraphs": """\
Critical: eval runs user input in src/app.py:10.

Praise: the tests are of high quality.

Minor: leaks a file (lib/util.py#L3-L4).
""",
    "tags and links": """\
- 🔴 [critical] eval runs user input in [src/app.py](src/app.py#L10)
- 🟡 (minor) lib/util.py:3-4 leaks a file
""",
}


@pytest.mark.parametrize("name", list(REVIEWS))
def test_what_a_review_reports_is_found_in_many_forms(name: str) -> None:
    prose = read_prose(REVIEWS[name], agent="a", sizes=SIZES)
    assert prose.readable
    assert [(f.severity.value, f.file, f.line, f.end_line) for f in prose.findings] == [
        ("critical", "src/app.py", 10, None),
        ("minor", "lib/util.py", 3, 4),
    ]
    assert "eval" in prose.findings[0].description


NOTHING = [
    "No critical issues found in src/app.py:10. LGTM! Approved.",
    "## Critical issues\nNone\n\n## Minor\n- None\n- No issues in src/app.py:10",
    "Critical: none. Major: none.\n**Verdict: approve**",
    "This should not be approved. Nothing here looks good.",
    "Everything is fine, ship it!",
    "Prompt is too long",
    "",
    "```\nCritical: src/app.py:10 quoted code\n```",
]


@pytest.mark.parametrize("text", NOTHING)
def test_words_are_never_a_pass(text: str) -> None:
    answer = parse_answer(text, agent="a", sizes=lambda: SIZES)
    assert (answer.readable, answer.findings) == (False, ())
    assert answer.problems


def test_a_report_about_no_file_that_there_is_makes_the_whole_unreadable() -> None:
    text = "- [critical] the design of foo.py:3 is wrong\n- [minor] src/app.py:2 shadows a name"
    answer = parse_answer(text, agent="a", sizes=lambda: SIZES)
    assert not answer.readable
    assert [finding.file for finding in answer.findings] == ["src/app.py"]
    assert any("the design of foo.py:3 is wrong" in problem for problem in answer.problems)


PROBES = [
    'Not good: {"passed": false, "score": "20", "praise": ["looks good"]}',
    '{"passed": false, "issues": "line 12-14 is approved by nobody"}',
    "Critical issue in src/app.py:10: eval. Otherwise LGTM",
    "no issues, nothing should change",
]


@pytest.mark.parametrize("text", PROBES)
def test_a_negative_review_is_not_read_as_passed(text: str) -> None:
    answer = parse_answer(text, agent="a", sizes=lambda: SIZES)
    assert answer.findings or not answer.readable


@given(st.text(alphabet="#-*|. \n`criticalmnor:src/app.py10", max_size=400) | st.text(max_size=400))
def test_nothing_breaks_it_and_every_finding_has_a_file_that_there_is(text: str) -> None:
    prose = read_prose(text, agent="a", sizes=SIZES)
    for finding in prose.findings:
        assert finding.file in SIZES
        assert finding.line is None or 1 <= finding.line <= SIZES[finding.file]
        assert finding.description


@pytest.mark.parametrize(
    "text", ["- [critical] " * 20_000, "#" * 300_000, "| critical " * 20_000, "(" * 200_000]
)
def test_hostile_text_is_read_in_passing(text: str) -> None:
    assert len(read_prose(text, agent="a", sizes=SIZES).findings) <= 500


@pytest.mark.parametrize("name", [name for name in REVIEWS if name != "a table"])
def test_a_title_has_neither_markup_nor_severity_nor_place(name: str) -> None:
    first, second = read_prose(REVIEWS[name], agent="a", sizes=SIZES).findings
    assert first.title.startswith(("eval runs user input", "1. eval runs user input"))
    assert second.title in ("leaks a file", "2. leaks a file")


def found(text: str) -> list[tuple[str, str, int | None, int | None, str]]:
    read = read_prose(text, agent="a", sizes=SIZES).findings
    return [(f.severity.value, f.file, f.line, f.end_line, f.title) for f in read]


def test_entries_below_a_heading_with_a_severity_belong_to_it() -> None:
    text = "### [critical] eval runs input\n- it is in src/app.py:10\n- and lib/util.py calls it\n"
    assert found(text) == [("critical", "src/app.py", 10, None, "eval runs input")]


def test_markup_within_a_title_is_dropped_and_only_its_first_line_is_taken() -> None:
    text = "- **Minor** (src/app.py:3): *the* `name` is | odd,\n  and more words"
    assert found(text) == [("minor", "src/app.py", 3, None, "the name is odd")]


def test_in_a_table_the_line_is_the_number_behind_the_file() -> None:
    places = [item[:4] for item in found("| 3 | critical | lib/util.py | 7 | leaks |")]
    assert places == [("critical", "lib/util.py", 7, None)]


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        ("1", (1, None)),
        ("10", (10, None)),
        ("99", (None, None)),
        ("0", (None, None)),
        ("3-4", (3, 4)),
        ("9-10", (9, 10)),
        ("3-3", (3, None)),
        ("4-3", (4, None)),
        ("3-99", (3, None)),
    ],
)
def test_lines_of_a_table_are_believed_as_far_as_there_are_such(
    cell: str, place: tuple[int | None, int | None]
) -> None:
    ((_, _, line, end_line, _),) = found(f"| critical | lib/util.py | {cell} | leaks |")
    assert (line, end_line) == place


@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_severity_may_stand_in_any_cell_of_a_row(column: int) -> None:
    cells = ["lib/util.py", "leaks a file"]
    cells.insert(column, "**Minor**")
    assert [item[0] for item in found(f"| {' | '.join(cells)} |")] == ["minor"]


def test_what_blocks_is_critical() -> None:
    assert [item[0] for item in found("- **Blocking**: src/app.py:3 breaks")] == ["critical"]
