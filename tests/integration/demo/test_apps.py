"""The App's authority: JWT, tokens, permissions, limits."""

from __future__ import annotations

from pathlib import Path

import httpx
import jwt
import pytest

from bot.clock import SystemClock
from bot.demo import EmbeddedGitHub, Fault
from bot.demo.credentials import AppCredentials, new_credentials
from bot.demo.state import Pull, Repository
from tests.fakes.clock import FakeClock
from tests.integration.demo.conftest import App


async def test_the_app_introduces_itself_with_its_jwt(app: App) -> None:
    answer = await app.http.get("/app", headers=app.proof())
    assert answer.status_code == 200
    assert answer.json()["slug"] == "harness"


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": 1}, "must be a time in the future"),
        ({"exp": 4102444800}, "too far in the future"),
        ({"iat": 4102444800}, "past time"),
        ({"iss": "1"}, "Integration not found"),
    ],
)
async def test_a_jwt_with_wrong_claims_is_refused(
    app: App, claims: dict[str, int], words: str
) -> None:
    answer = await app.http.get("/app", headers=app.proof(**claims))
    assert answer.status_code == 401
    assert words in answer.json()["message"]


async def test_a_jwt_of_another_key_is_refused(app: App) -> None:
    now = int(SystemClock().now().timestamp())
    other = new_credentials("other").private_key
    forged = jwt.encode(
        {"iat": now, "exp": now + 60, "iss": str(app.github.app_id)}, other, "RS256"
    )
    answer = await app.http.get("/app", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401
    assert answer.json()["message"] == "A JSON web token could not be decoded"


async def test_a_token_is_bound_to_what_was_asked(app: App, repo: Repository) -> None:
    answer = await app.http.post(
        f"/app/installations/{repo.installation_id}/access_tokens",
        headers=app.proof(),
        json={"repositories": ["shop"], "permissions": {"contents": "read"}},
    )
    made = answer.json()
    assert made["permissions"] == {"metadata": "read", "contents": "read"}
    assert made["repository_selection"] == "selected"
    token = app.github.state.tokens[made["token"]]
    assert token.repository_ids == frozenset({repo.id})


async def test_a_token_cannot_hold_more_than_the_installation(app: App, repo: Repository) -> None:
    path = f"/app/installations/{repo.installation_id}/access_tokens"
    for body in (
        {"permissions": {"administration": "write"}},
        {"permissions": {"metadata": "write"}},
        {"repositories": ["elsewhere"]},
        {"repository_ids": [1]},
    ):
        answer = await app.http.post(path, headers=app.proof(), json=body)
        assert answer.status_code == 422, body


async def test_a_token_does_not_open_another_repository(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    other = await github.create_repo("acme", "secret", {"a": "b"})
    public = await github.create_repo("acme", "open", {"a": "b"}, private=False)
    headers = {"Authorization": f"Bearer {await app.token(repo)}"}
    assert (await app.http.get(f"/repos/{other.full_name}", headers=headers)).status_code == 404
    assert (await app.http.get(f"/repos/{public.full_name}", headers=headers)).status_code == 200
    pushed = await app.http.post(
        f"/repos/{public.full_name}/check-runs", headers=headers, json={"name": "x"}
    )
    assert pushed.status_code == 403


async def test_each_endpoint_needs_its_permission(app: App, repo: Repository, pull: Pull) -> None:
    async def status(method: str, path: str, held: dict[str, str], body: object = None) -> int:
        answer = await app.call(method, path, body, repo=repo, permissions=held)
        return answer.status_code

    assert await status("GET", "/pulls/1", {"checks": "write"}) == 403
    assert await status("GET", "/pulls/1", {"pull_requests": "read"}) == 200
    assert await status("POST", "/issues/1/comments", {"issues": "read"}, {"body": "x"}) == 403
    assert await status("POST", "/issues/1/comments", {"issues": "write"}, {"body": "x"}) == 201
    talk = {"pull_requests": "write"}
    assert await status("POST", "/issues/1/comments", talk, {"body": "x"}) == 201
    check = {"name": "harness", "head_sha": pull.head_sha}
    assert await status("POST", "/check-runs", {"checks": "read"}, check) == 403
    assert await status("POST", "/check-runs", {"checks": "write"}, check) == 201
    refused = await app.call("GET", "/contents/app.py", repo=repo, permissions={"checks": "read"})
    assert refused.json()["message"] == "Resource not accessible by integration"


async def test_no_token_and_a_wrong_token(app: App, repo: Repository) -> None:
    assert (await app.http.get("/repos/acme/shop")).status_code == 404
    wrong = {"Authorization": "Bearer ghs_wrong"}
    assert (await app.http.get("/repos/acme/shop", headers=wrong)).status_code == 401
    assert (await app.http.post("/repos/acme/shop/check-runs", json={})).status_code == 401


async def test_tokens_expire_after_an_hour(tmp_path: Path, credentials: AppCredentials) -> None:
    clock = FakeClock(SystemClock().now())
    async with EmbeddedGitHub(tmp_path, credentials=credentials, clock=clock) as github:
        repo = await github.create_repo("acme", "shop", {"a": "b"})
        async with httpx.AsyncClient(base_url=github.api_url, trust_env=False) as http:
            headers = {"Authorization": f"Bearer {await App(github, http).token(repo)}"}
            assert (await http.get("/repos/acme/shop", headers=headers)).status_code == 200
            clock.advance(3601)
            assert (await http.get("/repos/acme/shop", headers=headers)).status_code == 401
            assert github.requests_made == 1
            headers = {"Authorization": f"Bearer {await App(github, http).token(repo)}"}
            fresh = await http.get("/repos/acme/shop", headers=headers)
            assert fresh.headers["X-RateLimit-Used"] == "1"


async def test_a_suspended_or_revoked_token_is_over(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    headers = {"Authorization": f"Bearer {await app.token(repo)}"}
    assert (await app.http.delete("/installation/token", headers=headers)).status_code == 204
    assert (await app.http.get("/repos/acme/shop", headers=headers)).status_code == 401
    headers = {"Authorization": f"Bearer {await app.token(repo)}"}
    github.state.installations[repo.installation_id or 0].suspended_at = github.now()
    assert (await app.http.get("/repos/acme/shop", headers=headers)).status_code == 403


async def test_the_rate_limit_is_told_and_kept(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    token = await app.token(repo)
    github.rate_limit = github.requests_made + 1
    headers = {"Authorization": f"Bearer {token}"}
    last = await app.http.get("/repos/acme/shop", headers=headers)
    assert (last.status_code, last.headers["X-RateLimit-Remaining"]) == (200, "0")
    over = await app.http.get("/repos/acme/shop", headers=headers)
    assert over.status_code == 403
    assert "rate limit exceeded" in over.json()["message"]
    asked = await app.http.get("/rate_limit", headers=headers)
    assert asked.json()["resources"]["core"]["remaining"] == 0


async def test_an_etag_answers_304(app: App, repo: Repository) -> None:
    headers = {"Authorization": f"Bearer {await app.token(repo)}"}
    first = await app.http.get("/repos/acme/shop", headers=headers)
    again = await app.http.get(
        "/repos/acme/shop", headers={**headers, "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-GitHub-Request-Id"] != first.headers["X-GitHub-Request-Id"]


async def test_faults_strike_once(github: EmbeddedGitHub, app: App, repo: Repository) -> None:
    headers = {"Authorization": f"Bearer {await app.token(repo)}"}
    github.faults.fail(Fault(method="GET", path="/repos/acme/shop", status=502))
    assert (await app.http.get("/repos/acme/shop", headers=headers)).status_code == 502
    assert (await app.http.get("/repos/acme/shop", headers=headers)).status_code == 200


async def test_a_lost_answer_leaves_the_deed_done(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull
) -> None:
    headers = {"Authorization": f"Bearer {await app.token(repo)}"}
    github.faults.fail(Fault(method="POST", path=".*/comments", after=True))
    with pytest.raises(httpx.HTTPError):
        await app.http.post(
            "/repos/acme/shop/issues/1/comments", headers=headers, json={"body": "said once"}
        )
    assert [comment.body for comment in github.state.comments_of(pull)] == ["said once"]


async def test_what_is_not_there_is_not_found(app: App, repo: Repository) -> None:
    for path in ("/pulls/99", "/pulls/x", "/contents/none.py", "/branches/none"):
        answer = await app.call("GET", path, repo=repo)
        assert answer.status_code == 404, path
        assert answer.json()["status"] == "404"


async def test_a_body_that_is_not_an_object_is_refused(
    app: App, repo: Repository, pull: Pull
) -> None:
    headers = {
        "Authorization": f"Bearer {await app.token(repo)}", "Content-Type": "application/json",
    }  # fmt: skip
    path = "/repos/acme/shop/issues/1/comments"
    for raw in (b"{", b"[1]", b'{"body": "\\ud800"}', b'"text"'):
        answer = await app.http.post(path, headers=headers, content=raw)
        assert answer.status_code == 400, raw


async def test_a_name_that_is_not_loopback_is_refused(github: EmbeddedGitHub) -> None:
    async with httpx.AsyncClient(base_url=github.url, trust_env=False) as http:
        answer = await http.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    with pytest.raises(ValueError, match="loopback"):
        github.webhook_url = "https://example.com/webhook"
    with pytest.raises(ValueError, match="loopback"):
        EmbeddedGitHub(github.root / "other", host="0.0.0.0")  # noqa: S104  # refused
