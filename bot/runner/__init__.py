"""One path for every kind of review, and the loop that repairs what a review found.

A library user's way in is `run` with a `Config` of roles (`bot.runner.roles`); see the README.
"""

from bot.runner.book import MemoryBook
from bot.runner.budget import Budget, Budgets
from bot.runner.config import Config
from bot.runner.loop import run
from bot.runner.member import Panelist, Source, Step, panelist
from bot.runner.panel import review

__all__ = [
    "Budget", "Budgets", "Config", "MemoryBook", "Panelist", "Source", "Step", "panelist",
    "review", "run",
]  # fmt: skip
