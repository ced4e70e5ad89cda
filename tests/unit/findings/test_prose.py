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
