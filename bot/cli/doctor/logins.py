"""Whether the vendors take the keys: each is asked for its list of models, which costs nothing."""

from __future__ import annotations

import httpx

from bot.cli.doctor.line import Line, attention, broken, works
from bot.sandbox.uplink import Dialect, ModelApi

_LISTS = {
    Dialect.ANTHROPIC: "/v1/models?limit=1",
    Dialect.OPENAI: "/models",
    Dialect.GEMINI: "/v1beta/models?pageSize=1",
}
_HEADERS = {Dialect.ANTHROPIC: {"anthropic-version": "2023-06-01"}}
_REFUSED = frozenset({401, 403})
_GEMINI_INVALID = "API_KEY_INVALID"
"""What Google answers to a wrong key is a 400."""


async def login(agent: str, api: ModelApi, http: httpx.AsyncClient) -> Line:
    """One request with the agent's own key, to the address that it would call."""
    subject = f"key of {agent}"
    headers = {**_HEADERS.get(api.dialect, {}), **api.key_headers()}
    try:
        answer = await http.get(api.base_url + _LISTS[api.dialect], headers=headers)
    except httpx.HTTPError as error:
        return broken(subject, f"{api.base_url} does not answer: {type(error).__name__}")
    except httpx.InvalidURL as error:
        return broken(subject, f"{api.base_url} is no address: {error}")
    status = answer.status_code
    if status in _REFUSED or (status == 400 and _GEMINI_INVALID in answer.text):
        wrong = "does not take the key" if api.key else "wants a key, and none is configured"
        return broken(subject, f"{api.base_url} {wrong} ({status})")
    if status != 200:
        return attention(
            subject, f"{api.base_url} lists no models ({status}): not known whether it takes calls"
        )
    if not api.key:
        return works(subject, f"{api.base_url} answers, and asks for no key")
    return works(subject, f"{api.base_url} takes it")
