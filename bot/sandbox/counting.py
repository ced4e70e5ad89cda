"""Asks a model's provider how many tokens a text is: from our side of the fence, with the real key.

Nobody is charged for it. See "Token counting" of Anthropic's API and ``countTokens`` of Gemini's.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import aiohttp

from bot.errors import AgentFailed, AgentMisconfigured
from bot.sandbox.uplink import Dialect, ModelApi

SECONDS = 30.0
_VERSION = {"anthropic-version": "2023-06-01"}


async def counted(api: ModelApi, model: str, text: str) -> int:
    """Input tokens of ``text`` for ``model``; `AgentFailed` if the provider does not say."""
    url, body, headers = _request(api, model, text)
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.post(
                url, json=body, headers={**headers, **api.key_headers()}, allow_redirects=False
            ) as answer,
        ):
            if answer.status != 200:
                raise AgentFailed(f"its provider counts no tokens: HTTP {answer.status}", "network")
            return _number(await answer.json())
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise AgentFailed(f"its provider counts no tokens: {type(error).__name__}") from error


def _request(api: ModelApi, model: str, text: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    if not model:
        raise AgentMisconfigured("count_tokens needs a model")
    base = api.base_url.rstrip("/")
    match api.dialect:
        case Dialect.ANTHROPIC:
            body = {"model": model, "messages": [{"role": "user", "content": text}]}
            return f"{base}/v1/messages/count_tokens", body, _VERSION
        case Dialect.GEMINI:
            url = f"{base}/v1beta/models/{quote(model, safe='')}:countTokens"
            return url, {"contents": [{"role": "user", "parts": [{"text": text}]}]}, {}
        case Dialect.OPENAI:
            raise AgentMisconfigured("count_tokens: there is no such call at its provider")


def _number(answer: Any) -> int:
    said = answer.get("input_tokens", answer.get("totalTokens")) if isinstance(answer, dict) else 0
    if not isinstance(said, int) or isinstance(said, bool) or said < 1:
        raise AgentFailed("its provider's count is no number")
    return said
