"""A provider is asked how long a prompt is: with the real key, and from our side of the fence."""

import pytest
from aiohttp import web

from bot.errors import AgentFailed, AgentMisconfigured
from bot.sandbox.counting import counted
from bot.sandbox.uplink import Dialect, ModelApi
from tests.fakes.models.server import model_server


def api(dialect, url):
    return ModelApi(dialect=dialect, base_url=url, token="of-a-run", key="the-real-key")


@pytest.mark.parametrize(
    ("dialect", "path", "header"),
    [
        (Dialect.ANTHROPIC, "/v1/messages/count_tokens", "x-api-key"),
        (Dialect.GEMINI, "/v1beta/models/some-model:countTokens", "x-goog-api-key"),
    ],
)
async def test_each_is_asked_in_its_own_way(dialect, path, header):
    async with model_server() as server:
        said = await counted(api(dialect, server.url("ok")), "some-model", "word " * 400)
        (call,) = server.calls
    assert said > 400
    assert (call.method, call.path) == ("POST", path)
    assert call.headers[header] == "the-real-key"
    assert "of-a-run" not in f"{call.headers}{call.body}"


@pytest.mark.parametrize(
    "answer",
    [
        {"input_tokens": 0}, {"input_tokens": "9"}, {"input_tokens": True}, [], None,
    ],
    ids=range(5),
)  # fmt: skip
async def test_what_is_no_count_is_none(answer, aiohttp_server):
    async def say(_request):
        return web.json_response(answer)

    app = web.Application()
    app.router.add_post("/v1/messages/count_tokens", say)
    server = await aiohttp_server(app)
    with pytest.raises(AgentFailed, match="no number"):
        await counted(api(Dialect.ANTHROPIC, f"http://127.0.0.1:{server.port}"), "m", "x")


async def test_errors_say_what_was_answered(aiohttp_server):
    server = await aiohttp_server(web.Application())
    url = f"http://127.0.0.1:{server.port}"
    with pytest.raises(AgentFailed, match="HTTP 404"):
        await counted(api(Dialect.ANTHROPIC, url), "m", "x")
    with pytest.raises(AgentMisconfigured, match="needs a model"):
        await counted(api(Dialect.ANTHROPIC, url), "", "x")
    with pytest.raises(AgentMisconfigured, match="no such call"):
        await counted(api(Dialect.OPENAI, url), "m", "x")
    await server.close()
    with pytest.raises(AgentFailed, match="counts no tokens"):
        await counted(api(Dialect.ANTHROPIC, url), "m", "x")
