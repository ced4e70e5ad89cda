"""A front door in a process of its own: ``python -m tests.fakes.front_door DATABASE_URL SECRET``.

Prints its port, then serves until it is killed; so that a test can kill it.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from bot.store import Store
from bot.webhook.receiver import Receiver
from bot.webhook.server import FrontDoor
from bot.webhook.writer import DeliveryWriter


async def main(url: str, secret: str) -> None:
    store = await Store.open(url)
    writer = DeliveryWriter(url)
    await writer.start()
    door = FrontDoor(Receiver(secret=secret, fields=[], writer=writer), web.Application())
    print(await door.start("127.0.0.1", 0), flush=True)
    await asyncio.Event().wait()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
