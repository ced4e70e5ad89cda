"""Check runs."""

from __future__ import annotations

import dataclasses

from bot.github.repository import RepoClient
from bot.models.github import Annotation, CheckRun, CheckStatus, Conclusion
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import ok

SHA = "a" * 40
RUNS = "/repos/octo/demo/check-runs"
RUN = f"{RUNS}/9"
STARTED = CheckRun(
    name="harness", head_sha=SHA, status=CheckStatus.IN_PROGRESS, title="Reviewing", summary="…"
)
FINISHED = dataclasses.replace(
    STARTED,
    status=CheckStatus.COMPLETED,
    conclusion=Conclusion.FAILURE,
    external_id="r1",
    details_url="https://harness.example/runs/r1",
    text="more",
)
POSTED = {
    "id": 9,
    "name": "harness",
    "head_sha": SHA,
    "status": "in_progress",
    "external_id": "r1",
    "html_url": "https://github.com/x",
    "app": {"id": 4711},
}


def _annotations(count: int) -> tuple[Annotation, ...]:
    return tuple(
        Annotation(
            path="a.py", start_line=n, end_line=n + 1, level="warning", message=f"m{n}", title="t"
        )
        for n in range(1, count + 1)
    )


async def test_a_check_is_opened(client: RepoClient, github: GitHubApi) -> None:
    github.on("POST", RUNS, ok("POST", RUNS, POSTED, 201))
    posted = await client.create_check(STARTED)
    assert github.sent("POST", RUNS) == [
        {
            "name": "harness",
            "head_sha": SHA,
            "status": "in_progress",
            "output": {"title": "Reviewing", "summary": "…"},
        }
    ]
    assert (posted.id, posted.name, posted.head_sha) == (9, "harness", SHA)
    assert (posted.status, posted.conclusion, posted.external_id) == ("in_progress", None, "r1")
    assert (posted.app_id, posted.url) == (4711, "https://github.com/x")


async def test_a_check_is_completed(client: RepoClient, github: GitHubApi) -> None:
    done = {**POSTED, "status": "completed", "conclusion": "failure"}
    github.on("PATCH", RUN, ok("PATCH", RUN, done))
    finished = dataclasses.replace(FINISHED, annotations=_annotations(1))
    posted = await client.update_check(9, finished)
    assert github.sent("PATCH", RUN) == [
        {
            "name": "harness",
            "status": "completed",
            "conclusion": "failure",
            "actions": [],
            "external_id": "r1",
            "details_url": "https://harness.example/runs/r1",
            "output": {
                "title": "Reviewing",
                "summary": "…",
                "text": "more",
                "annotations": [
                    {
                        "path": "a.py",
                        "start_line": 1,
                        "end_line": 2,
                        "annotation_level": "warning",
                        "message": "m1",
                        "title": "t",
                    }
                ],
            },
        }
    ]
    assert (posted.status, posted.conclusion) == ("completed", "failure")


async def test_new_words_of_a_check_leave_its_status_alone(client, github: GitHubApi) -> None:
    github.on("PATCH", RUN, ok("PATCH", RUN, POSTED))
    await client.tell_check(9, "codex reading", "two agents")
    assert github.sent("PATCH", RUN) == [
        {"output": {"title": "codex reading", "summary": "two agents"}}
    ]


async def test_more_than_fifty_annotations_follow_in_updates(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("POST", RUNS, ok("POST", RUNS, POSTED, 201))
    github.on("PATCH", RUN, ok("PATCH", RUN, POSTED))
    check = dataclasses.replace(FINISHED, annotations=_annotations(120))
    await client.create_check(check)
    requests = [*github.sent("POST", RUNS), *github.sent("PATCH", RUN)]
    told = [[a["message"] for a in r["output"]["annotations"]] for r in requests]
    assert [len(batch) for batch in told] == [50, 50, 20]
    assert [m for batch in told for m in batch] == [f"m{n}" for n in range(1, 121)]
    assert requests[0]["conclusion"] == "failure"


async def test_checks_of_a_commit_are_found_by_name(client: RepoClient, github: GitHubApi) -> None:
    path = f"/repos/octo/demo/commits/{SHA}/check-runs"
    old = {**POSTED, "id": 8, "external_id": None, "app": None, "conclusion": "success"}
    answer = ok("GET", path, {"total_count": 2, "check_runs": [POSTED, old]})
    github.on("GET", f"{path}?check_name=harness+%2F+x&filter=all&per_page=100", answer)
    found = await client.checks(SHA, "harness / x")
    assert [check.id for check in found] == [9, 8]
    assert (found[1].external_id, found[1].app_id, found[1].conclusion) == ("", None, "success")
