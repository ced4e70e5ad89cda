"""One path for every kind of review: the bot's, the command line's, and later the loop's."""

from bot.runner.book import MemoryBook
from bot.runner.budget import Budget, Budgets
from bot.runner.panel import Panelist, Source, Step, panelist, review

__all__ = ["Budget", "Budgets", "MemoryBook", "Panelist", "Source", "Step", "panelist", "review"]
