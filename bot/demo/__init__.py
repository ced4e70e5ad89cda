"""An embedded GitHub, for demonstrations and tests.

REST and GraphQL subset, smart-HTTP git over real repositories, signed deliveries, and pages to
look at, in this process and on loopback only. It says no where GitHub says no: permissions,
anchors outside the diff, sizes. ``EmbeddedGitHub`` is the door; its ``state`` is open to tests,
``faults`` makes trouble on demand.
"""

from bot.demo.faults import Fate, Fault
from bot.demo.hub import Exchange
from bot.demo.server import EmbeddedGitHub

__all__ = ["EmbeddedGitHub", "Exchange", "Fate", "Fault"]
