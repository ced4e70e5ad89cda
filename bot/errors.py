"""What went wrong, said as what the worker must do about it.

::

    HarnessError
    ├── ConfigurationError      the operator must change something; exit 2, one line
    ├── TryLater                wait, then do the same step again; carries seconds
    ├── GiveUp                  stop this run and say so on the pull request
    │   ├── HeadGone            the commit cannot be had any more
    │   ├── AccessLost          the App may not read (or write) there any more
    │   ├── NoCommonHistory     base and head share no commit: there is no diff to review
    │   ├── TreeRefused         the tree is a bomb, or git's own checks refuse it
    │   └── GitFailed           git ended with an error that is none of the above
    ├── Superseded              a newer head took over; end quietly
    ├── AgentFailed             one agent failed; go on with the others
    │   ├── AgentMisconfigured  that agent can never work as configured
    │   ├── BudgetTooSmall      what has to be in its prompt does not fit into it
    │   └── OverBudget          a limit of money does not allow its next call
    └── GitHubError             an answer of GitHub that is none of the above
        └── Unprocessable       422: what we sent cannot be applied (an anchor outside the diff)

Every class takes positional arguments only and hands all of them to ``super().__init__``, so
that ``type(error)(*error.args)`` is the same error again: the durable engine replays errors that
way, and an ``except`` takes the same branch on the first run and on a replay.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import override


class HarnessError(Exception):
    """The root. ``args[0]`` is always the sentence for people."""

    def __init__(self, message: str, *details: Any) -> None:
        super().__init__(message, *details)

    @property
    def message(self) -> str:
        return str(self.args[0])

    @override
    def __str__(self) -> str:
        return self.message


class ConfigurationError(HarnessError):
    """The operator's configuration is wrong. The message lists every mistake."""


class TryLater(HarnessError):
    """The same call may work after ``seconds``. Only recipes and the engine sleep."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message, seconds)

    @property
    def seconds(self) -> float:
        return float(self.args[1])


class GiveUp(HarnessError):
    """This run cannot go on; the message is shown on the pull request."""


class HeadGone(GiveUp):
    """The commit to review is not in the repository (deleted fork, force-push, hidden)."""


class AccessLost(GiveUp):
    """The App's installation no longer reaches the repository."""


class NoCommonHistory(GiveUp):
    """Base and head have no common ancestor."""


class TreeRefused(GiveUp):
    """The tree is refused before it is written: too large, too deep, or not well-formed."""


class GitFailed(GiveUp):
    """git ended with an error that has no class of its own; names the command, quotes git."""


class Superseded(HarnessError):
    """A newer head of the same pull request took over."""


class AgentFailed(HarnessError):
    """One agent failed; ``kind`` is a word of `bot.models.FailureKind`."""

    def __init__(self, message: str, kind: str = "crashed") -> None:
        super().__init__(message, kind)

    @property
    def kind(self) -> str:
        return str(self.args[1])


class AgentMisconfigured(AgentFailed):
    """The adapter cannot build a command: name, builder or parser missing, or nothing built."""

    def __init__(self, message: str, kind: str = "misconfigured") -> None:
        super().__init__(message, kind)


class BudgetTooSmall(AgentFailed):
    """What has to be in a prompt does not fit into it."""


class OverBudget(AgentFailed):
    """A limit of money is reached, or cannot be kept; names the limit."""

    def __init__(self, message: str, kind: str = "over budget") -> None:
        super().__init__(message, kind)


class GitHubError(HarnessError):
    """GitHub answered ``status``; status 0 means that no answer came."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message, status)

    @property
    def status(self) -> int:
        return int(self.args[1])


class Unprocessable(GitHubError):
    """422: the request was understood and cannot be applied."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message, status)
