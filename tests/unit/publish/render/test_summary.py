"""The summary comment."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from inline_snapshot import snapshot

from bot.findings.policy import decide
from bot.models import (
    Anchor,
    Bill,
    Closing,
    FailOn,
    IssueState,
    Limits,
    Opinion,
    Placement,
    ReportState,
    Severity,
    Skipped,
    Tokens,
    Total,
    Verified,
)
from bot.publish.marker import Marker, read
from bot.publish.publisher import Publication
from bot.publish.render.summary import headline, numbers, shown, summary
from tests.fakes.nouns import HEAD, anchor_at, finding, issue, known, plan, report, result

FINISHED, FAILED = ReportState.FINISHED, ReportState.FAILED


def publication(*issues, reports=None, outcome=None, made=None, **more):
    found = result(*issues, reports=reports, **(outcome or {}))
    made = made or plan(*(r.agent for r in found.reports))
    decision = decide(
        found.reports, found.issues, found.carried, made.fail_on,
        approved=made.approved, withheld=made.withheld, head_sha=HEAD,
    )  # fmt: skip
    return Publication(plan=made, result=found, decision=decision, **more)


def test_a_clean_pass():
    reports = (
        report("claude-code", duration=95, tokens=Tokens(input=12345, output=678)),
        report("ruff", duration=0.4, cost=Decimal(0)),
    )
    assert summary(publication(reports=reports)) == snapshot("""\
### harness: nothing to fix in 9be0d13, read by claude-code and ruff (14 files)

<details><summary>Coverage, cost, how this was decided</summary>

Head 9be0d13 against main at 1c2d3e4 · 14 files reviewed, 0 not

| agent | outcome | files | found | time | tokens in / out | cost |
|---|---|---|---|---|---|---|
| claude-code | finished | – | 0 | 1:35 | 12,345 / 678 | unknown |
| ruff | finished | – | 0 | 0:00 | – | $0.00 |
| **all** |  |  | 0 | 1:35 |  | unknown |

found 0 = 0 inline + 0 file + 0 summary + 0 merged

The check fails for major issues and worse; it succeeds only if every required agent finished on exactly this commit.

</details>
<!-- harness:1 kind=summary issue= run=r-7KQ2M9WXHT -->\
""")


def test_everything_there_is_to_say():
    eval_ = issue(category="security")
    hidden = issue(
        "h-9WXM", 125, title="f20 hides every failure", severity=Severity.MAJOR,
        anchor=anchor_at(), state=IssueState.PERSISTENT,
        sources=(finding("claude-code", 125), finding("codex", 126)),
    )  # fmt: skip
    away = issue(
        "h-3KQ2", 3, file="util.py", title="VALUE | is assigned twenty times",
        severity=Severity.MINOR, anchor=Anchor(placement=Placement.SUMMARY, path="util.py"),
    )  # fmt: skip
    gone = issue("h-D4D4", 5, state=IssueState.DISMISSED)
    reports = (
        report(
            "claude-code", FINISHED, finding(), finding(), finding(), duration=130,
            tokens=Tokens(input=12345, output=678), cost=Decimal("0.42"),
            summary="Numbers from the form are parsed with `eval`.", files=12,
        ),
        report("codex", FAILED, finding(), kind="rate limit", reason="rate limit: 429"),
        report("ruff", FINISHED, duration=0.4, cost=Decimal(0), untouched=1, files=5),
        report("bandit", FAILED, finding(), kind="crashed", required=False, reason="exit 2",
               cost=Decimal(0), problems=("issue 3: its severity is 'odd'",)),
    )  # fmt: skip
    skipped = (
        Skipped(path="poetry.lock", reason="ignored by `*.lock`"),
        Skipped(path="a.lock", reason="ignored by `*.lock`"),
        Skipped(path="logo.png", reason="a binary file"),
    )
    made = plan(
        "claude-code", "codex", "ruff", "bandit", withheld=("gemini",), approved=False,
        config_problems=(".github/harness.yml:3: fail_on: not a severity",),
        sandbox_note="the sandbox is switched off",
    )  # fmt: skip
    whole = publication(
        eval_, hidden, away, gone,
        reports=reports, made=made,
        outcome={
            "carried": (known(
                "h-CAR2", 7, title="password in the log", agents=("codex",),
                reason="codex did not finish",
            ),),
            "closed": (
                Closing(
                    issue=known("h-ADD2", 9, title="an old thing"), commit="c" * 40,
                    state=IssueState.ADDRESSED, reason="its lines were changed",
                ),
                Closing(
                    issue=known("h-LEF2", 9, title="a thing elsewhere"), commit="c" * 40,
                    state=IssueState.STALE, reason="its file is not a part of this any more",
                ),
            ),
            "skipped": skipped,
        },
        placements={"h-7KQ2": Placement.INLINE, "h-9WXM": Placement.FILE},
        urls={"h-7KQ2": "https://github.com/o/r/pull/7#discussion_r1"},
        notes=("review could not be posted: no",),
    )  # fmt: skip
    assert summary(whole) == snapshot("""\
### harness: 3 to fix before merging · 1 minor · incomplete: codex and bandit did not finish

|  | issue | where | found by | id |
|---|---|---|---|---|
| new · critical | `eval` runs whatever the caller sends | [`app.py:22`](https://github.com/o/r/pull/7#discussion_r1) | claude | `h-7KQ2` |
| still open · critical | password in the log | `app.py:7` | codex | `h-CAR2` |
| still open · major | f20 hides every failure | `app.py:125` | claude-code, codex | `h-9WXM` |
| new · minor | VALUE \\| is assigned twenty times | `util.py:3` (not in this diff) | claude | `h-3KQ2` |

**Dismissed**

- h-D4D4 “`eval` runs whatever the caller sends”

**Addressed**

- h-ADD2 “an old thing” in ccccccc: its lines were changed

**Left the pull request**

- h-LEF2 “a thing elsewhere” in ccccccc: its file is not a part of this any more

**Not reported again, still open**

- h-CAR2 “password in the log”: codex did not finish

**codex did not finish** (rate limit: 429): its earlier issues stay open and this review is incomplete.

**bandit did not finish** (exit 2): it is optional.

**gemini has not read this**: the pull request's author has no write permission here. A maintainer can have exactly this commit read with the comment `/harness review`.

Configuration: .github/harness.yml:3: fail\\_on: not a severity

Note: review could not be posted: no

Note: the sandbox is switched off

<details><summary>Coverage, cost, how this was decided</summary>

Head 9be0d13 against main at 1c2d3e4 · 14 files reviewed, 3 not

Not reviewed:
- a binary file: `logo.png`
- ignored by `*.lock`: `poetry.lock`, `a.lock`

| agent | outcome | files | found | time | tokens in / out | cost |
|---|---|---|---|---|---|---|
| claude-code | finished | 12 of 14 | 3 | 2:10 | 12,345 / 678 | $0.42 |
| codex | failed | – | 1 | 0:12 | unknown | unknown |
| ruff | finished | 5 of 14 | 0 | 0:00 | – | $0.00 |
| bandit | failed (optional) | – | 1 | 0:12 | – | $0.00 |
| **all** |  |  | 5 | 2:10 |  | at least $0.42 |

- claude-code: Numbers from the form are parsed with `eval`.
- ruff: 1 finding on lines that this change does not touch left out
- bandit: issue 3: its severity is 'odd'

found 5 = 1 inline + 1 file + 1 summary + 1 merged + 1 dismissed

The check fails for major issues and worse; it succeeds only if every required agent finished on exactly this commit.

</details>
<!-- harness:1 kind=summary issue= run=r-7KQ2M9WXHT -->\
""")


def test_below_the_bar():
    found = publication(issue(severity=Severity.MINOR))
    assert headline(found).startswith("nothing to fix before merging · 1 minor, read by claude")


def test_no_severity_fails():
    assert "No severity fails the check;" in summary(
        publication(made=plan("claude", fail_on=FailOn.NEVER))
    )


def test_several_agents_wait_for_a_maintainer():
    made = plan("ruff", withheld=("claude", "codex"), approved=False)
    assert "**claude and codex have not read this**: the" in summary(publication(made=made))


def test_numbers_always_add_up():
    issues = (issue("h-1"), issue("h-2"), issue("h-3"), issue("h-4", state=IssueState.DISMISSED))
    reports = (report("a", FINISHED, *(finding(line=n) for n in range(9))),)
    found = publication(
        *issues, reports=reports, placements={"h-1": Placement.INLINE, "h-2": Placement.FILE}
    )
    assert numbers(found) == "found 9 = 1 inline + 1 file + 1 summary + 5 merged + 1 dismissed"


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://github.com/o/r/pull/7#r1", True),
        ("javascript:alert()", False),
        ("https://x.y/a b", False),
        ("https://x.y/)<b>", False),
        ("", False),
    ],
)
def test_only_plain_addresses_are_linked(url, linked):
    there = {"h-7KQ2": Placement.INLINE}
    written = summary(publication(issue(), placements=there, urls={"h-7KQ2": url}))
    assert (f"[`app.py:22`]({url})" in written) == linked
    assert "`app.py:22`" in written


def many(count, **more):
    return [
        issue(f"h-{n:05}", n + 1, title=f"{n} " + "<&_" * 20, file="d/" * 60 + "f.py", **more)
        for n in range(count)
    ]


def test_many_issues_a_table_then_lines_then_a_count():
    made = plan("claude", details_url="https://h.example/runs/r-1")
    written = summary(publication(*many(1000), made=made))
    assert len(written) <= 65_536
    rows = written.count("\n| new · critical")
    lines = written.count("\n- h-")
    rest = 1000 - rows - lines
    assert rows > 30
    assert lines > 20
    assert (
        f"{rest} more issues, listed in the details of the check `harness` and on"
        " [the page of this run](https://h.example/runs/r-1)."
    ) in written
    assert read(written) == Marker(kind="summary", run="r-7KQ2M9WXHT")


def test_everything_at_its_longest_still_fits():
    reports = [
        report(
            f"agent-{n}", FAILED, reason="<&" * 2000, summary="<" * 4000, kind="crashed",
            problems=("`@x" * 200,) * 31,
        )
        for n in range(20)
    ]  # fmt: skip
    written = summary(
        publication(
            *many(300), reports=reports,
            made=plan("a", config_problems=("<" * 900,) * 200, sandbox_note="&" * 900),
            outcome={
                "carried": tuple(
                    known(f"h-{n}", title="<" * 300, reason="<" * 900) for n in range(200)
                ),
                "skipped": tuple(Skipped(path="`" * 300, reason=f"{n} <<<<") for n in range(500)),
            },
            notes=("<" * 900,) * 200,
        )
    )  # fmt: skip
    assert len(written) <= 65_536
    for n in range(20):
        assert f"**agent-{n} did not finish**" in written


@pytest.mark.parametrize("count", [0, 3, 40, 400])
def test_what_the_check_is_left_with_is_what_the_comment_does_not_name(count):
    found = publication(*many(count))
    written, rest = summary(found), shown(found).rest
    left_out = {entry.id for entry in rest}
    for one in found.result.issues:
        assert (one.id in written) == (one.id not in left_out)
    assert (f"{len(rest)} more issues, listed" in written) == (len(rest) > 1)


def test_skipped_files_are_grouped_and_counted():
    skipped = tuple(Skipped(path=f"{n}.lock", reason="ignored by `*.lock`") for n in range(10))
    written = summary(publication(outcome={"skipped": skipped}))
    assert "14 files reviewed, 10 not" in written
    assert "- ignored by `*.lock`: `0.lock`, `1.lock`," in written
    assert "`7.lock` and 2 more" in written


def test_many_issues_not_seen_again():
    carried = tuple(known(f"h-{n:04}", title="t", reason="why") for n in range(15))
    assert "- h-0011 “t”: why\n- … and 3 more" in summary(publication(outcome={"carried": carried}))


def test_second_opinions_are_summed_up():
    def asked(name, verified, state=ReportState.FINISHED, reason=""):
        said = Opinion(issue=name, verified=verified, reason="", by="codex")
        made = report(f"codex on {name}", state=state, reason=reason, cost=Decimal("0.5"))
        return replace(made, opinion=said)

    verifiers = (
        asked("h-1", Verified.CONFIRMED),
        asked("h-2", Verified.REFUTED),
        asked("h-3", Verified.UNKNOWN, ReportState.FAILED, "quota: 429"),
    )
    written = summary(publication(outcome={"verifiers": verifiers}))
    assert (
        "Second opinions on 3 issues: 1 confirmed, 1 refuted, 1 unknown · \\$1\\.50;"
        " codex on h-3 did not finish (quota: 429)"
    ) in written


def spent(run="0.12", pull="0.34", unknown=0):
    return Bill(
        run=Total(known=Decimal(run), calls=3),
        pull=Total(known=Decimal(pull), calls=9, unknown=unknown),
    )


def bill_line(**more):
    lines = [line for line in summary(publication(**more)).splitlines() if "Cost of" in line]
    return lines[0] if lines else ""


def test_what_the_pull_request_cost_so_far_is_told():
    assert bill_line(bill=spent()) == snapshot(
        "Cost of this run: \\$0.12 · of this pull request so far: \\$0.34"
    )
    assert bill_line(bill=spent(unknown=2)) == snapshot(
        "Cost of this run: \\$0.12 · of this pull request so far: at least \\$0.34"
    )


def test_limits_that_are_set_stand_beside_what_was_spent():
    made = plan("claude", limits=Limits(run=Decimal(5), pull=Decimal("20.5")))
    assert bill_line(made=made, bill=spent("0.0042")) == snapshot(
        "Cost of this run: \\$0.0042 of \\$5.00 · of this pull request so far: \\$0.34 of \\$20.50"
    )


def test_analyzers_without_limits_have_no_bill():
    assert bill_line(bill=Bill(run=Total(), pull=Total())) == ""
    assert bill_line() == ""


def test_an_agent_that_was_over_budget_is_told_as_one_that_did_not_start():
    reason = "over budget: the run has spent $0.51 of $0.50 (HARNESS_BUDGET_RUN_USD)"
    broke = report(
        "codex", ReportState.NOT_STARTED, kind="over budget", reason=reason,
        cost=Decimal(0), duration=0,
    )  # fmt: skip
    text = summary(publication(reports=(report("ruff", cost=Decimal(0)), broke)))
    assert text.splitlines()[0] == snapshot("### harness: incomplete: codex is over budget")
    assert "**codex did not start** (over budget: the run has spent \\$0.51 of \\$0.50" in text
    assert "| codex | not started | – | 0 | 0:00 | – | $0.00 |" in text
