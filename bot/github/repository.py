"""Everything the program asks of, and tells, one repository at GitHub."""

from __future__ import annotations

from bot.github.checks import Checks
from bot.github.comments import Comments
from bot.github.pulls import Pulls
from bot.github.threads import Threads


class RepoClient(Pulls, Checks, Comments, Threads):
    """One repository, as the App's installation there.

    Answers are records of `bot.models`. Raises ``TryLater`` for limits, trouble at GitHub and lost
    connections (a request that writes may have been carried out: read back before repeating it),
    ``AccessLost`` when the repository is out of reach, ``Unprocessable`` for 422, ``GitHubError``
    with the status otherwise (404: the repository is there, the thing is not).
    """
