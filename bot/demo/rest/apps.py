"""``/app`` and ``/installation``: the App, its tokens, its deliveries."""

from __future__ import annotations

from aiohttp import web

from bot.demo import paging
from bot.demo.credentials import issue_token
from bot.demo.refusal import Refusal, not_found
from bot.demo.rest.call import Call, Route, answer, nothing
from bot.demo.shapes import Json, moment
from bot.demo.state import Delivery, Repository


async def app(call: Call) -> web.Response:
    count = len(call.hub.state.installations)
    return answer(call.hub.shapes.app() | {"installations_count": count})


async def installations(call: Call) -> web.Response:
    return call.page(list(call.hub.state.installations.values()), call.hub.shapes.installation)


async def repo_installation(call: Call) -> web.Response:
    found = call.hub.state.installations.get(call.repo.installation_id or 0)
    if found is None:
        raise not_found()
    return answer(call.hub.shapes.installation(found))


async def access_token(call: Call) -> web.Response:
    installation = call.hub.state.installations.get(call.number("installation_id"))
    if installation is None:
        raise not_found()
    token = issue_token(call.hub.state, installation, call.body, call.hub.clock)
    made: Json = {
        "token": token.value,
        "expires_at": moment(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "all" if token.repository_ids is None else "selected",
    }
    if token.repository_ids is not None:
        repos = call.hub.state.repositories
        made["repositories"] = [
            call.hub.shapes.repository(repos[number]) for number in sorted(token.repository_ids)
        ]
    return answer(made, 201)


async def revoke(call: Call) -> web.Response:
    if call.token is None or call.token.user is not None:
        raise Refusal(403, "Resource not accessible by personal access token")
    del call.hub.state.tokens[call.token.value]
    return nothing()


async def installed_repositories(call: Call) -> web.Response:
    token, installation = call.token, call.installation
    found = [
        repo
        for repo in call.hub.state.repositories.values()
        if repo.installation_id == installation.id
        and not repo.deleted
        and (token is None or token.repository_ids is None or repo.id in token.repository_ids)
    ]

    def show(repo: Repository) -> Json:
        return call.hub.shapes.repository(repo)

    return call.page(found, show, key="repositories")


async def rate_limit(call: Call) -> web.Response:
    hub = call.hub
    now = int(hub.clock.now().timestamp())
    core = {
        "limit": hub.rate_limit, "used": hub.requests_made,
        "remaining": max(0, hub.rate_limit - hub.requests_made), "reset": now - now % 3600 + 3600,
    }  # fmt: skip
    return answer({"resources": {"core": core, "search": core, "graphql": core}, "rate": core})


async def meta(call: Call) -> web.Response:
    return answer({"verifiable_password_authentication": False, "installed_version": "3.17.0"})


async def hook_config(call: Call) -> web.Response:
    url = call.hub.deliveries.url
    return answer({
        "content_type": "json", "insecure_ssl": "0", "secret": "********", "url": url,
    })  # fmt: skip


async def deliveries(call: Call) -> web.Response:
    """The newest first, by cursor."""
    found = list(reversed(call.hub.state.deliveries))
    if call.query.get("status") in ("success", "failure"):
        wanted = call.query["status"] == "success"
        found = [d for d in found if (200 <= d.status_code < 400) == wanted]
    url = f"{call.hub.shapes.api}/app/hook/deliveries"
    shown, headers = paging.cursor_page(found, call.query, url, [d.id for d in found])
    return answer([_item(d) for d in shown], headers=headers)


async def delivery(call: Call) -> web.Response:
    found = _delivery(call)
    return answer(
        _item(found)
        | {
            "url": call.hub.deliveries.url,
            "request": {"headers": found.headers, "payload": found.payload},
            "response": {"headers": {}, "payload": found.response},
        }
    )


async def attempt(call: Call) -> web.Response:
    call.hub.deliveries.redeliver(_delivery(call))
    return answer({}, 202)


def _delivery(call: Call) -> Delivery:
    found = call.hub.deliveries.find(call.number("delivery_id"))
    if found is None:
        raise not_found()
    return found


def _item(record: Delivery) -> Json:
    installation = record.payload.get("installation") or {}
    repository = record.payload.get("repository") or {}
    return {
        "id": record.id, "guid": record.guid, "delivered_at": moment(record.delivered_at),
        "redelivery": record.redelivery, "duration": record.duration, "status": record.status,
        "status_code": record.status_code, "event": record.event, "action": record.action,
        "installation_id": installation.get("id"), "repository_id": repository.get("id"),
        "throttled_at": None,
    }  # fmt: skip


ROUTES: tuple[Route, ...] = (
    ("GET", "/app", app),
    ("GET", "/app/installations", installations),
    ("POST", "/app/installations/{installation_id}/access_tokens", access_token),
    ("GET", "/app/hook/config", hook_config),
    ("GET", "/app/hook/deliveries", deliveries),
    ("GET", "/app/hook/deliveries/{delivery_id}", delivery),
    ("POST", "/app/hook/deliveries/{delivery_id}/attempts", attempt),
    ("GET", "/repos/{owner}/{repo}/installation", repo_installation),
    ("GET", "/meta", meta),
    ("GET", "/rate_limit", rate_limit),
    ("GET", "/installation/repositories", installed_repositories),
    ("DELETE", "/installation/token", revoke),
)
