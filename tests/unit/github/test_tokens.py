"""The token cache by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.github.tokens import READ, REVIEW, Token, TokenKey, Tokens
from bot.models.github import Repo
from tests.fakes.clock import FakeClock

REPO = Repo(owner="octo", name="demo")
KEY = TokenKey.of(7, REPO, READ)


class Mint:
    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.asked: list[TokenKey] = []

    async def __call__(self, key: TokenKey) -> Token:
        self.asked.append(key)
        ends = self.clock.now() + timedelta(hours=1)
        return Token(value=f"t{len(self.asked)}", expires_at=ends)


async def test_a_late_rejection_does_not_drop_the_replacement() -> None:
    clock = FakeClock()
    tokens = Tokens(Mint(clock), clock)
    assert await tokens.get(KEY) == "t1"
    tokens.drop(KEY, "t1")
    assert await tokens.get(KEY) == "t2"
    tokens.drop(KEY, "t1")
    assert await tokens.get(KEY) == "t2"


async def test_a_cancelled_caller_takes_nobody_elses_token_away() -> None:
    clock, answer = FakeClock(), asyncio.Event()
    mint = Mint(clock)

    async def slow(key: TokenKey) -> Token:
        await answer.wait()
        return await mint(key)

    tokens = Tokens(slow, clock)
    first, second = (asyncio.ensure_future(tokens.get(KEY)) for _ in range(2))
    for _ in range(3):
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    answer.set()
    assert first.cancelled()
    assert await second == "t1"
    assert await tokens.get(KEY) == "t1"
    assert mint.asked == [KEY]


async def test_dropping_a_repository_or_an_installation() -> None:
    clock = FakeClock()
    mint = Mint(clock)
    tokens = Tokens(mint, clock)
    other = Repo(owner="octo", name="other")
    keys = [
        KEY,
        TokenKey.of(7, REPO, REVIEW),
        TokenKey.of(7, other, READ),
        TokenKey.of(8, REPO, READ),
    ]
    for key in keys:
        await tokens.get(key)
    tokens.drop_repo(7, REPO)
    assert [await tokens.get(key) for key in keys] == ["t5", "t6", "t3", "t4"]
    tokens.drop_installation(7)
    assert [await tokens.get(key) for key in keys] == ["t7", "t8", "t9", "t4"]
    tokens.drop_repo(9, REPO)


def test_the_order_of_permissions_does_not_matter_and_a_token_is_not_shown() -> None:
    turned = dict(reversed(list(REVIEW.items())))
    assert TokenKey.of(7, REPO, turned) == TokenKey.of(7, REPO, REVIEW)
    assert "hush" not in repr(Token(value="hush", expires_at=FakeClock().now()))
