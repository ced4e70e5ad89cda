"""Deliveries: what they say, how they are signed, and what becomes of lost ones."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.demo import EmbeddedGitHub
from bot.demo.state import Pull, Repository
from bot.github.documents import RESOLVE, UNRESOLVE
from tests.integration.demo.conftest import App
from tests.integration.demo.test_graphql import query
from tests.integration.demo.test_reviews import on, post_review

EXAMPLES = Path(__file__).parents[2] / "samples" / "github-webhook-examples.json"


@dataclass
class Hook:
    """A webhook that writes down what comes."""

    status: int = 202
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def payloads(self, event: str) -> list[dict[str, Any]]:
        pairs = zip(self.headers, self.bodies, strict=True)
        return [json.loads(body) for head, body in pairs if head["X-GitHub-Event"] == event]

    def actions(self) -> list[tuple[str, str | None]]:
        pairs = zip(self.headers, self.bodies, strict=True)
        return [(head["X-GitHub-Event"], json.loads(body).get("action")) for head, body in pairs]


@pytest.fixture
async def hook(github: EmbeddedGitHub) -> AsyncIterator[Hook]:
    made = Hook()

    async def receive(request: web.Request) -> web.Response:
        made.headers.append(dict(request.headers))
        made.bodies.append(await request.read())
        return web.Response(status=made.status, text="noted")

    server = web.Application()
    server.router.add_post("/webhook", receive)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    github.webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    yield made
    await github.settled()
    await runner.cleanup()


async def test_a_delivery_is_signed_and_named(
    github: EmbeddedGitHub, hook: Hook, pull: Pull
) -> None:
    await github.settled()
    headers, body = hook.headers[-1], hook.bodies[-1]
    assert headers["X-GitHub-Event"] == "pull_request"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    signature = hmac.new(github.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={signature}"
    delivery = github.state.deliveries[-1]
    assert headers["X-GitHub-Delivery"] == delivery.guid
    assert (delivery.status_code, delivery.status) == (202, "OK")
    assert json.loads(body)["pull_request"]["head"]["sha"] == pull.head_sha


async def test_what_people_do_is_told_in_order(
    github: EmbeddedGitHub, hook: Hook, repo: Repository, pull: Pull
) -> None:
    before = pull.head_sha
    await github.push(repo, "feature", {"x": "y"}, by="mira")
    await github.settled()
    await github.edit_pull(pull, title="Better")
    await github.set_branch(repo, "next", pull.base_sha)
    await github.settled()
    await github.edit_pull(pull, base="next")
    await github.comment(pull, "/harness review", by="mira")
    await github.close_pull(pull)
    await github.settled()
    await github.reopen_pull(pull)
    await github.ready_for_review(pull)
    await github.queue_merge(pull)
    await github.ping()
    await github.uninstall(repo)
    await github.settled()
    told = hook.actions()
    assert sorted(told, key=str) == sorted(
        [
            ("pull_request", "opened"), ("check_suite", "requested"),
            ("pull_request", "synchronize"), ("pull_request", "edited"),
            ("check_suite", "requested"), ("pull_request", "edited"),
            ("issue_comment", "created"), ("pull_request", "closed"),
            ("pull_request", "reopened"), ("pull_request", "ready_for_review"),
            ("merge_group", "checks_requested"), ("ping", None),
            ("installation_repositories", "removed"),
        ],
        key=str,
    )  # fmt: skip
    pulls = {p["action"]: p for p in hook.payloads("pull_request")}
    assert pulls["synchronize"]["before"] == before
    assert pulls["synchronize"]["after"] == pull.head_sha
    edits = [p["changes"] for p in hook.payloads("pull_request") if p["action"] == "edited"]
    assert {"from": "A feature"} in [edit.get("title") for edit in edits]
    assert {"from": "main"} in [edit.get("base", {}).get("ref") for edit in edits]


async def test_the_payloads_hold_what_github_sends(
    github: EmbeddedGitHub, hook: Hook, app: App, repo: Repository, pull: Pull
) -> None:
    """Whatever GitHub's own examples carry on these places, ours carry too."""
    await github.push(repo, "feature", {"x": "y"})
    said = await github.comment(pull, "hello")
    await github.edit(said, "hello again")
    await github.delete(said)
    wrong = await github.comment_on_line(pull, "app.py", 5, "wrong")
    await github.edit(wrong, "quite wrong")
    await github.resolve(wrong)
    await github.unresolve(wrong)
    await app.call("POST", "/check-runs", {"name": "harness", "head_sha": pull.head_sha}, repo=repo)
    await github.rerequest_check(next(iter(github.state.check_runs.values())))
    await github.rerequest_suite(repo, pull.head_sha)
    await github.settled()
    examples = {item["name"]: item["examples"] for item in json.loads(EXAMPLES.read_text())}
    seen: set[tuple[str, str]] = set()
    for head, body in zip(hook.headers, hook.bodies, strict=True):
        ours, event = json.loads(body), head["X-GitHub-Event"]
        theirs = [e for e in examples[event] if e.get("action") == ours["action"]]
        for example in theirs[:1]:
            assert missing(ours, example) == set(), (event, ours["action"])
            seen.add((event, ours["action"]))
    assert seen >= {
        ("check_run", "created"), ("check_run", "rerequested"), ("check_suite", "rerequested"),
        ("issue_comment", "created"), ("issue_comment", "deleted"), ("issue_comment", "edited"),
        ("pull_request", "opened"), ("pull_request", "synchronize"),
        ("pull_request_review_comment", "created"), ("pull_request_review_comment", "edited"),
        ("pull_request_review_thread", "resolved"), ("pull_request_review_thread", "unresolved"),
    }  # fmt: skip


NOT_OURS = {
    "organization", "changes", "custom_properties", "permissions", "deployment",
    "position", "original_position",
}  # fmt: skip
"""Depend on the account, the edit, or what the App was given; positions gave way to lines."""


def missing(ours: Any, theirs: Any, where: str = "") -> set[str]:
    """Fields of GitHub's example that ours lacks; what either side leaves null is not compared."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return set()
    found = {
        f"{where}.{name}"
        for name in theirs.keys() - ours.keys() - NOT_OURS
        if theirs[name] is not None
    }
    for name in (theirs.keys() & ours.keys()) - NOT_OURS:
        found |= missing(ours[name], theirs[name], f"{where}.{name}")
    return found


async def test_lost_and_doubled_deliveries(
    github: EmbeddedGitHub, hook: Hook, app: App, repo: Repository, pull: Pull
) -> None:
    await github.settled()
    hook.bodies.clear()
    hook.headers.clear()
    github.faults.drop_delivery("issue_comment")
    github.faults.duplicate_delivery("issue_comment", "created")
    await github.comment(pull, "lost")
    await github.comment(pull, "twice")
    await github.settled()
    bodies = [payload["comment"]["body"] for payload in hook.payloads("issue_comment")]
    assert bodies == ["twice", "twice"]
    assert len({head["X-GitHub-Delivery"] for head in hook.headers}) == 1
    failed = await app.http.get("/app/hook/deliveries?status=failure", headers=app.proof())
    (lost,) = failed.json()
    assert (lost["event"], lost["status_code"]) == ("issue_comment", 502)
    again = await app.http.post(f"/app/hook/deliveries/{lost['id']}/attempts", headers=app.proof())
    assert again.status_code == 202
    await github.settled()
    assert hook.headers[-1]["X-GitHub-Delivery"] == lost["guid"]
    one = await app.http.get(f"/app/hook/deliveries/{lost['id']}", headers=app.proof())
    assert one.json()["request"]["payload"]["comment"]["body"] == "lost"
    newest = (await app.http.get("/app/hook/deliveries?per_page=1", headers=app.proof())).json()
    assert (newest[0]["guid"], newest[0]["redelivery"]) == (lost["guid"], True)


@pytest.mark.usefixtures("pull")
async def test_the_list_of_deliveries_goes_on_by_cursor(
    github: EmbeddedGitHub, hook: Hook, app: App
) -> None:
    for _ in range(4):
        await github.ping()
    await github.settled()
    url, seen = "/app/hook/deliveries?per_page=2", []
    while url:
        answer = await app.http.get(url, headers=app.proof())
        seen += [item["id"] for item in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert seen == sorted((d.id for d in github.state.deliveries), reverse=True)
    assert len(hook.bodies) == len(seen)


async def test_a_webhook_that_fails_is_told(github: EmbeddedGitHub, hook: Hook, pull: Pull) -> None:
    hook.status = 503
    await github.comment(pull, "hello")
    await github.settled()
    delivery = github.state.deliveries[-1]
    assert (delivery.status_code, delivery.status) == (503, "Invalid HTTP Response: 503")
    github.webhook_url = "http://127.0.0.1:1/webhook"
    await github.comment(pull, "hello")
    await github.settled()
    assert github.state.deliveries[-1].status == "failed to connect to host"


async def test_the_apps_own_deeds_come_back_with_a_bot_as_sender(
    github: EmbeddedGitHub, hook: Hook, app: App, repo: Repository, pull: Pull
) -> None:
    await app.call("POST", "/issues/1/comments", {"body": "/harness help"}, repo=repo)
    check = {"name": "harness", "head_sha": pull.head_sha, "conclusion": "success"}
    await app.call("POST", "/check-runs", check, repo=repo)
    await github.settled()
    comment = hook.payloads("issue_comment")[0]
    assert (comment["sender"]["login"], comment["sender"]["type"]) == ("harness[bot]", "Bot")
    assert [run["action"] for run in hook.payloads("check_run")] == ["created", "completed"]


async def test_removing_the_app_ends_its_tokens(
    github: EmbeddedGitHub, hook: Hook, app: App, repo: Repository
) -> None:
    headers = {"Authorization": f"Bearer {await app.token(repo)}"}
    await github.delete_installation(repo)
    await github.settled()
    (told,) = hook.payloads("installation")
    assert told["action"] == "deleted"
    assert [known["full_name"] for known in told["repositories"]] == ["acme/shop"]
    assert (await app.http.get("/repos/acme/shop", headers=headers)).status_code == 401


async def test_nobody_is_told_about_repositories_without_the_app(
    github: EmbeddedGitHub, hook: Hook, repo: Repository
) -> None:
    elsewhere = await github.create_repo("other", "thing", {"a": "b"}, install=False)
    await github.commit(elsewhere, "feature", {"a": "c"})
    await github.open_pull(elsewhere, head="feature")
    github.state.installations[repo.installation_id or 0].suspended_at = github.now()
    await github.push(repo, "main", {"x": "y"})
    await github.settled()
    assert hook.bodies == []


async def test_what_people_do_in_a_thread_is_told(
    github: EmbeddedGitHub, hook: Hook, pull: Pull
) -> None:
    first = await github.comment_on_line(pull, "app.py", 5, "wrong", by="ann")
    second = await github.reply(first, "why?", by="mira")
    await github.edit(second, "why so?")
    await github.resolve(first, by="mira")
    await github.resolve(first, by="ann")
    await github.unresolve(second, by="ann")
    await github.delete(second, by="ann")
    await github.settled()
    about, thread = "pull_request_review_comment", "pull_request_review_thread"
    told = [(event, action) for event, action in hook.actions() if event in (about, thread)]
    assert sorted(told, key=str) == [
        (about, "created"), (about, "created"), (about, "deleted"), (about, "edited"),
        (thread, "resolved"), (thread, "unresolved"),
    ]  # fmt: skip
    comments = {
        (payload["action"], payload["comment"]["id"]): payload for payload in hook.payloads(about)
    }
    answered = comments["created", second.id]
    assert answered["comment"]["in_reply_to_id"] == first.id
    assert (answered["comment"]["body"], answered["sender"]["login"]) == ("why?", "mira")
    edited = comments["edited", second.id]
    assert edited["changes"] == {"body": {"from": "why?"}}
    assert (edited["comment"]["body"], edited["sender"]["login"]) == ("why so?", "mira")
    assert comments["deleted", second.id]["sender"]["login"] == "ann"
    settled = {payload["action"]: payload for payload in hook.payloads(thread)}
    assert {action: payload["sender"]["login"] for action, payload in settled.items()} == {
        "resolved": "mira", "unresolved": "ann",
    }  # fmt: skip
    shown = settled["resolved"]["thread"]
    assert shown["node_id"] == first.thread_id
    assert [comment["id"] for comment in shown["comments"]] == [first.id, second.id]
    assert settled["resolved"]["pull_request"]["number"] == pull.number


@pytest.mark.usefixtures("pull")
async def test_the_apps_own_words_in_a_thread_come_back_with_a_bot_as_sender(
    github: EmbeddedGitHub, hook: Hook, app: App, repo: Repository
) -> None:
    await post_review(app, repo, on("app.py", 5))
    (comment,) = github.state.review_comments.values()
    for method, path, body in (
        ("POST", f"/pulls/1/comments/{comment.id}/replies", {"body": "more"}),
        ("PATCH", f"/pulls/comments/{comment.id}", {"body": "less"}),
    ):
        assert (await app.call(method, path, body, repo=repo)).status_code in (200, 201)
    await query(app, repo, RESOLVE, thread=comment.thread_id)
    await query(app, repo, UNRESOLVE, thread=comment.thread_id)
    deleted = await app.call("DELETE", f"/pulls/comments/{comment.id}", repo=repo)
    assert deleted.status_code == 204
    await github.settled()
    ours = [
        payload
        for event in ("pull_request_review_comment", "pull_request_review_thread")
        for payload in hook.payloads(event)
    ]
    assert sorted(payload["action"] for payload in ours) == [
        "created", "created", "deleted", "edited", "resolved", "unresolved",
    ]  # fmt: skip
    assert {(p["sender"]["login"], p["sender"]["type"]) for p in ours} == {("harness[bot]", "Bot")}
