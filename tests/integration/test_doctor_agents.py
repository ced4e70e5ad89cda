"""What `harness doctor` says of agents: versions by asking programs, keys by asking their APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from bot.cli.doctor.agents import agents
from bot.cli.doctor.line import Line, Mark
from bot.cli.doctor.logins import login
from bot.cli.doctor.machine import sandbox as sandbox_line
from bot.sandbox.launcher import BWRAP
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.uplink import Dialect, ModelApi
from bot.settings import Settings

KEY = "sk-right-0123456789"


class Vendors:
    """The three vendors' lists of models, for one key."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        headers = request.headers
        match request.path:
            case "/v1/models" if request.query.get("limit"):
                right = headers.get("x-api-key") == KEY and "anthropic-version" in headers
                return web.json_response({"data": []}, status=200 if right else 401)
            case "/openai/v1/models":
                right = headers.get("authorization") == f"Bearer {KEY}"
                return web.json_response({"data": []}, status=200 if right else 401)
            case "/v1beta/models":
                right = headers.get("x-goog-api-key") == KEY
                wrong = {"error": {"code": 400, "details": [{"reason": "API_KEY_INVALID"}]}}
                return web.json_response({} if right else wrong, status=200 if right else 400)
            case "/local/v1/models":
                return web.json_response({"data": []})
        return web.json_response({}, status=404)


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    made = Vendors()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def told(api: ModelApi) -> Line:
    async with httpx.AsyncClient(trust_env=False) as http:
        line = await login("mine", api, http)
    assert line.subject == "key of mine"
    assert KEY not in line.text
    return line


PLACES = [(Dialect.ANTHROPIC, ""), (Dialect.OPENAI, "/openai/v1"), (Dialect.GEMINI, "")]


@pytest.mark.parametrize(("dialect", "place"), PLACES)
async def test_a_key_is_proved_by_asking_for_the_models(
    vendors: Vendors, dialect: Dialect, place: str
) -> None:
    def api(key: str) -> ModelApi:
        return ModelApi(dialect=dialect, base_url=vendors.url + place, token="t", key=key)

    right = await told(api(KEY))
    assert (right.mark, right.text) == (Mark.WORKS, f"{vendors.url}{place} takes it")
    wrong = await told(api("sk-wrong"))
    assert wrong.mark is Mark.BROKEN
    assert "does not take the key (40" in wrong.text
    none = await told(api(""))
    assert none.mark is Mark.BROKEN
    assert "wants a key, and none is configured" in none.text
    assert len(vendors.asked) == 3


@pytest.mark.parametrize(
    ("place", "mark", "words"),
    [
        ("/local/v1", Mark.WORKS, "answers, and asks for no key"),
        ("/elsewhere", Mark.ATTENTION, "lists no models (404)"),
    ],
)
async def test_a_local_model_needs_none_and_silence_is_no_proof(
    vendors: Vendors, place: str, mark: Mark, words: str
) -> None:
    api = ModelApi(dialect=Dialect.OPENAI, base_url=vendors.url + place, token="t")
    line = await told(api)
    assert line.mark is mark
    assert words in line.text


async def test_nobody_at_the_address_is_told() -> None:
    api = ModelApi(dialect=Dialect.OPENAI, base_url="http://127.0.0.1:9", token="t", key=KEY)
    line = await told(api)
    assert line.mark is Mark.BROKEN
    assert line.text == "http://127.0.0.1:9 does not answer: ConnectError"


def program(place: Path, text: str) -> str:
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
    return str(place)


async def lines(tmp_path: Path, url: str, *, argv: str) -> dict[str, tuple[Mark, str]]:
    agent = {
        "name": "mine",
        "kind": "opencode",
        "model": "m",
        "base_url": f"{url}/local/v1",
        "argv": [argv],
    }
    settings = Settings.model_validate({"agents": (agent,)})
    room = tmp_path / "room"
    room.mkdir()
    async with httpx.AsyncClient(trust_env=False) as http:
        found = await agents(settings, Sandbox(), room, http)
    return {line.subject: (line.mark, line.text) for line in found}


@pytest.mark.sandbox
@pytest.mark.skipif(not Path(BWRAP).exists(), reason="bubblewrap is not installed")
async def test_an_agent_has_a_line_for_its_version_and_one_for_its_key(
    tmp_path: Path, vendors: Vendors
) -> None:
    other = program(tmp_path / "opencode", "echo opencode 0.0.1")
    found = await lines(tmp_path, vendors.url, argv=other)
    mark, text = found["agent mine"]
    assert mark is Mark.ATTENTION
    assert text.startswith("opencode 0.0.1; ")
    assert text.endswith(" is what was tested")
    assert found["key of mine"][0] is Mark.WORKS


@pytest.mark.sandbox
@pytest.mark.skipif(not Path(BWRAP).exists(), reason="bubblewrap is not installed")
async def test_a_program_that_tells_no_version_is_quoted(tmp_path: Path, vendors: Vendors) -> None:
    stub = program(tmp_path / "opencode", "echo 'its binary is missing: reinstall' >&2; exit 1")
    found = await lines(tmp_path, vendors.url, argv=stub)
    assert found["agent mine"] == (
        Mark.ATTENTION,
        "opencode does not tell its version: its binary is missing: reinstall",
    )


@pytest.mark.sandbox
@pytest.mark.skipif(not Path(BWRAP).exists(), reason="bubblewrap is not installed")
async def test_the_limit_of_memory_that_is_in_force_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fences = Sandbox()
    together = (await fences.probe()).groups is not None
    words = "of all its processes together" if together else "of each process"
    assert (await sandbox_line(fences)).text.endswith(f"memory is limited {words}")
    monkeypatch.setattr("bot.sandbox.cgroup.found", lambda: None)
    assert (await sandbox_line(Sandbox())).text.endswith("memory is limited of each process")
