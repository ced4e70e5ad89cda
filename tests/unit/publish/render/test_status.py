"""The answers to ``/harness status``, ``config`` and ``cancel``."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from inline_snapshot import snapshot

from bot.models import (
    FailOn,
    IssueState,
    Limits,
    PathInstruction,
    RepoConfig,
    RunRecord,
    RunState,
    Severity,
    Total,
)
from bot.publish.render import config, ended, status
from bot.publish.render.config import Rules
from bot.publish.render.status import Standing
from tests.fakes.nouns import HEAD, known, pull

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
SECRET = "sk-abcdefghijklmnop"


def run(state=RunState.FINISHED, **more):
    there = pull()
    return RunRecord(
        id="r-1",
        job_id="d:0",
        repo=there.repo,
        number=there.number,
        head_sha=there.head_sha,
        base_sha=there.base_sha,
        state=state,
        started_at=datetime(2026, 11, 21, 10, 29, tzinfo=UTC),
        **{"trigger": "opened", "conclusion": "failure", "title": "1 to fix", **more},
    )


def test_how_a_pull_request_stands():
    standing = Standing(
        pull=pull(),
        run=run(),
        issues=(
            known("h-B", severity=Severity.MINOR, title=f"a | pipe for @all {SECRET}"),
            known("h-A", severity=Severity.CRITICAL),
            known("h-C", state=IssueState.DISMISSED, posted=True),
        ),
        cost=Total(known=Decimal("0.12"), calls=3, unknown=1),
        running=(run(RunState.RUNNING, trigger="refactor"),),
        waiting=1,
    )
    assert status(standing, NOW, (SECRET,)) == snapshot("""\
### harness: status

- Newest commit 9be0d13: **failure**, 1 to fix
- Running now: a repair of 9be0d13 for 1:00; 1 job waiting
- Cost of this pull request so far: at least \\$0.12

**2 open issues**: 1 critical, 1 minor; 1 dismissed

| id | severity | state | where | what |
|---|---|---|---|---|
| h-A | critical | new | `app.py:22` | `eval` runs whatever the caller sends |
| h-B | minor | new | `app.py:22` | a \\| pipe for `@all` \\[redacted\\] |\
""")


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        (None, "not reviewed"),
        (run(RunState.RUNNING, conclusion="", title=""), "no verdict yet"),
        (run(RunState.CANCELLED, conclusion="cancelled", title="cancelled by @ada"), "cancelled"),
    ],
)
def test_a_head_without_a_verdict(newest, said):
    cost = Total(calls=1, unknown=1)
    text = status(Standing(pull=pull(), run=newest, issues=(), cost=cost), NOW)
    assert f"Newest commit {HEAD[:7]}" in text
    assert said in text
    assert "so far: unknown" in text
    assert "Nothing runs now" in text
    assert "**No open issue**" in text


def test_a_closed_one_says_so_and_a_long_list_is_cut():
    many = tuple(known(f"h-{n}") for n in range(60))
    closed = pull(state="closed")
    text = status(Standing(pull=closed, run=None, issues=many, cost=Total()), NOW)
    assert "(the pull request is closed): not reviewed" in text
    assert "… and 10 more" in text


RULES = Rules(
    config=RepoConfig(),
    default_branch="main",
    base_branch="stable",
    agents=("claude", "ruff"),
    fail_on=FailOn.MAJOR,
    outsiders="analyzers",
)


def test_the_rules_without_a_file():
    assert config(RULES) == snapshot("""\
### harness: configuration

| setting | value | from |
|---|---|---|
| agents | claude, ruff | operator |
| fail_on | major | operator |
| outsiders | analyzers | operator |
| drafts | no | default |
| skip_labels | `skip-review`, `no-review` | default |
| max_comments | 12 | default |
| ignore | lock files, vendored and generated code | default |
| instructions | none | default |
| developer | none | operator |
| max_iterations | 3 | operator |
| test_command | detected | default |
| auto_refactor | off | default |
| refactor_also | none | default |
| refactor_workflows | no | default |

The operator's settings and `.github/harness.yml` of two branches count; of two limits the stricter. Nothing is read from the commit that is reviewed.\
""")


def test_what_a_repository_chooses_says_from_which_branch():
    chosen = RepoConfig(
        agents=("ruff",),
        fail_on=FailOn.MINOR,
        outsiders="all",
        drafts=True,
        ignore=("docs/", "a|b`@all"),
        instructions=(PathInstruction(paths=("*",), text=f"use {SECRET}"),),
        test_command=f"pytest -q --token {SECRET}",
        auto_refactor=("critical",),
    )
    rules = replace(
        RULES,
        config=chosen,
        agents=("ruff",),
        developer="dev",
        judge="judge",
        limits=Limits(run=Decimal(5), month=Decimal(100)),
        problems=(".github/harness.yml: agents: there is no agent '@all' here",),
    )
    text = config(rules, (SECRET,))
    assert SECRET not in text
    assert "100" not in text  # what a month may cost is the operator's business
    assert text == snapshot("""\
### harness: configuration

**Mistakes in `.github/harness.yml`:**

- .github/harness.yml: agents: there is no agent '`@all`' here

| setting | value | from |
|---|---|---|
| agents | ruff | `main` (default branch) |
| fail_on | minor | `main` (default branch) |
| outsiders | analyzers | operator |
| drafts | yes | `main` (default branch) |
| skip_labels | `skip-review`, `no-review` | default |
| max_comments | 12 | default |
| ignore | lock files, vendored and generated code; `docs/`, ``a\\|b`@all`` | `stable` (base branch) |
| instructions | 1 instruction | `stable` (base branch) |
| judge | judge | operator |
| developer | dev | operator |
| max_iterations | 3 | operator |
| test_command | `pytest -q --token [redacted]` | `main` (default branch) |
| auto_refactor | critical | `main` (default branch) |
| refactor_also | none | default |
| refactor_workflows | no | default |
| budget of a run | \\$5\\.00 | operator |

The operator's settings and `.github/harness.yml` of two branches count; of two limits the stricter. Nothing is read from the commit that is reviewed.\
""")


def test_what_was_cancelled():
    assert ended("ada", ()) == snapshot(
        "Nothing runs or waits here, so there was nothing to cancel."
    )
    assert ended("ada", ("review", "refactor", "review")) == snapshot(
        "`ada` cancelled 2 reviews and 1 repair. `/harness review` starts anew."
    )
    assert ended("x @all", ("refactor",)) == snapshot(
        "`x @all` cancelled 1 repair. `/harness refactor` starts anew."
    )
