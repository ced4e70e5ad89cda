"""One path for every kind of review: the bot's, the command line's, and later the loop's."""

from bot.runner.book import MemoryBook
from bot.runner.budget import Budget, Budgets
from bot.runner.member import Panelist, Source, Step, panelist
from bot.runner.panel import review

__all__ = ["Budget", "Budgets", "MemoryBook", "Panelist", "Source", "Step", "panelist", "review"]
