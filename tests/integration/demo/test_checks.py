"""Check runs: limits, merging of annotations, what the lists show."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo import EmbeddedGitHub
from bot.demo.state import Pull, Repository
from tests.integration.demo.conftest import App


def marks(count: int, **more: Any) -> list[dict[str, Any]]:
    base = {"path": "app.py", "end_line": 5, "annotation_level": "warning", "message": "m"}
    return [{**base, "start_line": 1 + number % 5, **more} for number in range(count)]


def output(**more: Any) -> dict[str, Any]:
    return {"title": "t", "summary": "s", **more}


async def create(app: App, repo: Repository, pull: Pull, **more: Any) -> Any:
    body = {"name": "harness", "head_sha": pull.head_sha, **more}
    return await app.call("POST", "/check-runs", body, repo=repo)


async def test_a_check_goes_from_progress_to_its_end(
    app: App, repo: Repository, pull: Pull
) -> None:
    made = await create(app, repo, pull, status="in_progress", external_id="r-1")
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["conclusion"]) == ("in_progress", None)
    assert [p["number"] for p in made.json()["pull_requests"]] == [1]
    done = await app.call(
        "PATCH",
        f"/check-runs/{made.json()['id']}",
        {"conclusion": "failure", "output": output()},
        repo=repo,
    )
    assert (done.json()["status"], done.json()["conclusion"]) == ("completed", "failure")
    assert done.json()["completed_at"]
    assert done.json()["external_id"] == "r-1"


async def test_annotations_add_up_over_updates(app: App, repo: Repository, pull: Pull) -> None:
    made = (await create(app, repo, pull, output=output(annotations=marks(50)))).json()
    path = f"/check-runs/{made['id']}"
    more = await app.call("PATCH", path, {"output": output(annotations=marks(7))}, repo=repo)
    assert more.json()["output"]["annotations_count"] == 57
    listed = await app.call("GET", f"{path}/annotations?per_page=100", repo=repo)
    assert len(listed.json()) == 57


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"output": output(annotations=marks(51))}, "No more than 50 items are allowed; 51 were"),
        ({"output": output(summary="x" * 65_536)}, "Only 65535 characters are allowed; 65536"),
        ({"output": output(text="x" * 65_536)}, "Only 65535 characters are allowed; 65536"),
        ({"output": {"title": "t"}}, 'Missing required key "summary"'),
        ({"output": output(annotations=marks(1, annotation_level="bad"))}, "not a member"),
        ({"output": output(annotations=marks(1, end_line=0))}, "Validation Failed"),
        ({"output": output(annotations=marks(1, start_column=1))}, "Validation Failed"),
        ({"output": output(annotations=marks(1, message="x" * 65_537))}, "Validation Failed"),
        ({"status": "completed"}, "Validation Failed"),
        ({"status": "in_progress", "conclusion": "success"}, "Validation Failed"),
        ({"conclusion": "great"}, "not a member"),
        ({"status": "done"}, "not a member"),
        ({"head_sha": "0" * 40}, "No commit found for SHA"),
        ({"head_sha": "main"}, "No commit found for SHA"),
        ({"actions": [{"label": "x" * 21, "description": "d", "identifier": "i"}]}, "Only 20"),
        ({"actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4}, "more than 3"),
    ],
)
async def test_what_github_refuses_is_refused(
    github: EmbeddedGitHub,
    app: App,
    repo: Repository,
    pull: Pull,
    more: dict[str, Any],
    words: str,
) -> None:
    answer = await create(app, repo, pull, **more)
    assert answer.status_code == 422
    assert words in answer.json()["message"]
    assert not github.state.check_runs


async def test_the_list_of_a_commit_is_filtered(app: App, repo: Repository, pull: Pull) -> None:
    first = (await create(app, repo, pull)).json()["id"]
    second = (await create(app, repo, pull)).json()["id"]
    other = (await create(app, repo, pull, name="lint")).json()["id"]
    path = f"/commits/{pull.head_sha}/check-runs"

    async def listed(query: str) -> list[int]:
        answer = (await app.call("GET", path + query, repo=repo)).json()
        assert answer["total_count"] == len(answer["check_runs"])
        return sorted(run["id"] for run in answer["check_runs"])

    assert await listed("") == sorted([second, other])
    assert await listed("?check_name=harness") == [second]
    assert await listed("?check_name=harness&filter=all") == sorted([first, second])
    assert await listed("?check_name=none") == []


async def test_a_forks_check_names_no_pull_request(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    fork = await github.fork(repo, "outsider")
    await github.commit(fork, "patch", {"app.py": "all mine\n"})
    pull = await github.open_pull(repo, head="patch", head_repo=fork, author="outsider")
    made = await create(app, repo, pull)
    assert made.status_code == 201, made.text
    assert made.json()["pull_requests"] == []
    found = await app.call("GET", f"/commits/{pull.head_sha}/pulls", repo=repo)
    assert found.json() == []
