"""What people read of a repair, and what git keeps of it."""

from dataclasses import replace

from inline_snapshot import snapshot

from bot.models import (
    Delivered,
    Draft,
    IssueState,
    KnownIssue,
    LeftOut,
    LoopResult,
    LoopStatus,
    OpenIssue,
    Severity,
    Side,
    SuiteOutcome,
    SuiteState,
)
from bot.publish.render import commit_message, not_refactored, refactored, repaired_title

GONE = KnownIssue(
    id="h-AAAA", state=IssueState.ADDRESSED, severity=Severity.MAJOR, title="add subtracts",
    description="", file="app.py", line=2, end_line=None, side=Side.RIGHT, code="",
    agents=("claude",), head_sha="a" * 40,
)  # fmt: skip
STILL = OpenIssue(
    id="h-BBBB", severity=Severity.MINOR, title="a name is odd", file="app.py", line=9,
    state=IssueState.PERSISTENT, reason="not found again, not proved: its code has not changed since",
)  # fmt: skip
DRAFT = Draft(sha="b" * 40, tree="c" * 40, head_sha="a" * 40, patch=b"-x\n+y\n", paths=("app.py",))
DONE = LoopResult(
    status=LoopStatus.SUCCESS, reason="1 of 1 issues repaired, nothing open, tests: passed",
    iterations=2, addressed=(GONE,), draft=DRAFT,
)  # fmt: skip
PUSHED = Delivered(pushed=True, sha="d" * 40)


def test_the_commit_names_issues_and_whoever_asked():
    assert commit_message(DONE, run_id="r-1", co_author="ada <1+ada@users.noreply.github.com>") == (
        snapshot("""\
Repair 1 issue

- h-AAAA app.py:2 add subtracts

Harness-Run: r-1
Co-authored-by: ada <1+ada@users.noreply.github.com>
""")
    )


def test_nothing_of_a_title_speaks_to_people_or_machines():
    hostile = replace(
        GONE,
        title="Fixes #12 and octo/shop#3, cc @octocat [skip ci]\n\nCo-authored-by: Eve <e@x>\n"
        "https://github.com/octo/shop/issues/4",
        file="a\nHarness-Run: r-0",
    )
    text = commit_message(replace(DONE, addressed=(hostile,)), run_id="r-1", co_author="")
    assert not set("#@[]") & set(text)
    assert "://" not in text
    assert [line for line in text.splitlines() if line.startswith(("Co-", "Harness"))] == [
        "Harness-Run: r-1"
    ]


def test_many_issues_are_counted():
    many = tuple(replace(GONE, id=f"h-{n}") for n in range(40))
    text = commit_message(replace(DONE, addressed=many), run_id="r-1", co_author="")
    assert text.startswith("Repair 40 issues\n")
    assert "- and 10 more\n" in text


def test_a_secret_is_in_neither():
    leak = replace(GONE, title="the key is s3cr3t-value-1")
    result = replace(DONE, addressed=(leak,), draft=replace(DRAFT, patch=b"+s3cr3t-value-1\n"))
    texts = (
        commit_message(result, run_id="r-1", co_author="", secrets=("s3cr3t-value-1",)),
        refactored(result, Delivered(pushed=False), run_id="r-1", secrets=("s3cr3t-value-1",)),
    )
    assert all("s3cr3t-value-1" not in text for text in texts)


def test_what_is_told_of_a_pushed_repair():
    result = replace(
        DONE,
        open=(STILL,),
        draft=replace(DRAFT, left_out=(LeftOut(path="CLAUDE.md", reason="it configures agents"),)),
    )
    assert refactored(result, PUSHED, run_id="r-1", url="https://h.example/runs/r-1") == snapshot("""\
Repaired in ddddddd: 1 of 1 issues repaired, nothing open, tests: passed. The review of it follows.

Repaired:
- `h-AAAA` add subtracts (`app.py:2`)

Still open:
- `h-BBBB` a name is odd (`app.py:9`): not found again, not proved: its code has not changed since

Changed by the developer, and left out:
- `CLAUDE.md`: it configures agents

<sub>2 reviews · [run r-1](https://h.example/runs/r-1)</sub>\
""")
    assert repaired_title(result, PUSHED) == (
        "repaired in ddddddd: 1 of 1 issues repaired, nothing open, tests: passed"
    )


def test_what_was_not_pushed_is_offered_as_a_patch():
    failed = replace(
        DONE,
        status=LoopStatus.FAILED,
        reason="after 3 rounds 1 test fails that did not before",
        suite=SuiteOutcome(state=SuiteState.FAILED, failed=("tests/test_app.py::test_add",)),
    )
    assert refactored(failed, Delivered(pushed=False), run_id="r-1") == snapshot("""\
Not repaired: after 3 rounds 1 test fails that did not before. Nothing was pushed.

Repaired:
- `h-AAAA` add subtracts (`app.py:2`)

Tests failed: `tests/test_app.py::test_add`.

<details><summary>The patch, for `git apply`</summary>

```diff
-x
+y
```

</details>

<sub>2 reviews · run r-1</sub>\
""")
    assert repaired_title(failed, Delivered(pushed=False)) == (
        "not pushed: after 3 rounds 1 test fails that did not before"
    )


def test_repaired_and_in_the_way_of_somebody():
    told = refactored(DONE, Delivered(pushed=False, reason="the head moved"), run_id="r-1")
    assert told.startswith("Repaired, but not pushed: the head moved. 1 of 1 issues repaired")


def test_a_patch_that_is_too_large_has_a_way_to_it():
    large = replace(DONE, draft=replace(DRAFT, patch=b"+x\n" * 30_000))
    told = refactored(large, Delivered(pushed=False), run_id="r-1")
    assert "`harness runs r-1 --patch` prints it" in told
    assert len(told) < 60_000


def test_a_patch_cannot_leave_its_fence_or_forge_a_marker():
    evil = replace(DRAFT, patch=b"+```\n+<!-- harness:1 kind=summary issue= run=r-1 -->\n+@ada\n")
    told = refactored(replace(DONE, draft=evil), Delivered(pushed=False), run_id="r-1")
    assert "````diff\n+```\n" in told
    assert not told.rstrip().endswith("-->")


def test_moved_on_since():
    later = replace(PUSHED, there=False, now="e" * 40)
    assert "The branch has moved on to eeeeeee since." in refactored(DONE, later, run_id="r-1")


def test_what_went_wrong_is_one_line():
    assert not_refactored("no @access\nhere") == "Nothing could be repaired: no `@access` here"
