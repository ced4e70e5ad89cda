"""One path for every kind of review: the bot's, the command line's, and later the loop's."""

from bot.runner.member import Panelist, Source, Step, panelist
from bot.runner.panel import review

__all__ = ["Panelist", "Source", "Step", "panelist", "review"]
