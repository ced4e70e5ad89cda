"""Findings, issues, diffs and plans with sensible defaults, for tests of pure logic."""

from __future__ import annotations

from typing import Any

from bot.models import (
    AgentReport,
    AgentRun,
    AgentSpec,
    AgentStatus,
    Anchor,
    Closing,
    Diff,
    FailOn,
    Failure,
    FailureKind,
    FileDiff,
    FileStatus,
    Finding,
    Hunk,
    Issue,
    IssueState,
    KnownIssue,
    Placement,
    PullRequest,
    Repo,
    RepoConfig,
    ReportState,
    ReviewPlan,
    ReviewResult,
    Severity,
    Side,
    Tokens,
)

HEAD = "9be0d13" + "0" * 33
BASE = "1c2d3e4" + "0" * 33


def finding(agent="claude", line=None, description="it breaks", **more):
    values: dict[str, Any] = {
        "agent": agent,
        "severity": Severity.MAJOR,
        "file": "app.py",
        "description": description,
        "line": line,
    }
    return Finding(**(values | more))


def anchor_at(line=None, *, path="app.py", start=None, side=Side.RIGHT):
    if line is None:
        return Anchor(placement=Placement.FILE, path=path, side=side)
    return Anchor(placement=Placement.INLINE, path=path, side=side, line=line, start_line=start)


def issue(id="h-7KQ2", line=22, **more):
    values: dict[str, Any] = {
        "id": id,
        "severity": Severity.CRITICAL,
        "title": "`eval` runs whatever the caller sends",
        "description": "`f5` passes its argument to `eval`, so anybody who reaches it runs code.",
        "file": "app.py",
        "line": line,
    }
    values |= more
    values.setdefault(
        "anchor", anchor_at(line, path=values["file"], side=values.get("side", Side.RIGHT))
    )
    values.setdefault(
        "sources",
        (
            finding(
                line=line,
                severity=values["severity"],
                title=values["title"],
                description=values["description"],
                file=values["file"],
            ),
        ),
    )
    return Issue(**values)


def known(id="h-7KQ2", line=22, **more):
    values: dict[str, Any] = {
        "id": id,
        "state": IssueState.NEW,
        "severity": Severity.CRITICAL,
        "title": "`eval` runs whatever the caller sends",
        "description": "`f5` passes its argument to `eval`, so anybody who reaches it runs code.",
        "file": "app.py",
        "line": line,
        "end_line": None,
        "side": Side.RIGHT,
        "code": "    return eval(x)",
        "agents": ("claude",),
        "head_sha": "old",
        "posted": True,
    }
    return KnownIssue(**(values | more))


def hunk(old_start, new_start, *lines, heading=""):
    """Counts are taken from the lines."""
    return Hunk(
        old_start=old_start,
        old_lines=sum(line[:1] in " -" for line in lines),
        new_start=new_start,
        new_lines=sum(line[:1] in " +" for line in lines),
        heading=heading,
        lines=lines,
    )


def changed(path="app.py", *hunks, **more):
    values: dict[str, Any] = {
        "path": path,
        "old_path": path,
        "status": FileStatus.MODIFIED,
        "hunks": hunks,
    }
    return FileDiff(**(values | more))


def added(path="app.py", lines=30):
    return changed(
        path, hunk(0, 1, *(f"+line {n}" for n in range(1, lines + 1))), status=FileStatus.ADDED
    )


def diff(*files):
    return Diff(base_sha=BASE, head_sha=HEAD, files=files)


def closing(issue, state=IssueState.ADDRESSED, reason="its lines were changed", commit=HEAD):
    return Closing(issue=issue, state=state, reason=reason, commit=commit)


def report(agent="claude", state=ReportState.FINISHED, *findings, kind=None, **more):
    status = AgentStatus.SUCCEEDED if state is ReportState.FINISHED else AgentStatus.FAILED
    run = AgentRun(
        name=agent,
        status=status,
        tokens=more.pop("tokens", Tokens()),
        duration=more.pop("duration", 12.0),
        cost_usd=more.pop("cost", None),
        error=Failure(kind=FailureKind(kind), message="x") if kind else None,
    )
    return AgentReport(agent=agent, state=state, run=run, findings=findings, **more)


def pull(**more):
    repo = Repo(owner="octo", name="demo")
    values: dict[str, Any] = {
        "repo": repo,
        "number": 7,
        "title": "Numbers from the form",
        "body": "",
        "author": "ann",
        "state": "open",
        "draft": False,
        "labels": (),
        "base_ref": "main",
        "base_sha": BASE,
        "head_ref": "form",
        "head_sha": HEAD,
        "head_repo": repo,
        "default_branch": "main",
    }
    return PullRequest(**(values | more))


def plan(*agents, **more):
    values: dict[str, Any] = {
        "run_id": "r-7KQ2M9WXHT",
        "pull": pull(),
        "installation_id": 1,
        "agents": tuple(AgentSpec(name=name, kind="command") for name in agents),
        "config": RepoConfig(),
        "fail_on": FailOn.MAJOR,
    }
    return ReviewPlan(**(values | more))


def result(*issues, reports=None, **more):
    if reports is None:
        reports = (report("claude", ReportState.FINISHED, *(s for i in issues for s in i.sources)),)
    values: dict[str, Any] = {
        "head_sha": HEAD,
        "base_sha": BASE,
        "reports": tuple(reports),
        "issues": tuple(issues),
        "files": 14,
    }
    return ReviewResult(**(values | more))
