"""Answers to comments: only what the pull request does not show anyway."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import AccessLost, GiveUp, HeadGone, NoCommonHistory, TreeRefused
from bot.models import ReplyRequest
from bot.publish import sanitize
from bot.publish.render.words import commit, joined, listed, plural, table

HelpRow = tuple[str, str, str]
"""(usage, who may, summary)."""

_REACTIONS = {"help": "eyes"}


def reaction(topic: str) -> str:
    """A refusal is a confused face; everything else was heard."""
    return _REACTIONS.get(topic, "confused")


def reply(request: ReplyRequest, rows: Sequence[HelpRow]) -> str:
    """The words for its topic."""
    return _TOPICS.get(request.topic, _unknown_topic)(request, rows)


def help_text(rows: Sequence[HelpRow]) -> str:
    """Every command there is, from what the commands declare."""
    commands = table(
        ("command", "who may", "what it does"),
        (
            (
                sanitize.cell_code(usage),
                sanitize.cell(_who(who), limit=80),
                sanitize.cell(what, limit=300),
            )
            for usage, who, what in rows
        ),
    )
    return joined("### harness: commands", commands)


def could_not(error: GiveUp) -> str:
    """Why a head cannot be reviewed, and what would help: (error's class) -> a sentence."""
    advice = next((text for kind, text in _ADVICE if isinstance(error, kind)), "")
    return f"{error.message.rstrip('.')}{'; ' if advice else ''}{advice}"


def ended(login: str, recipes: Sequence[str]) -> str:
    """What ``/harness cancel`` did; ``recipes`` of the jobs that it ended."""
    if not recipes:
        return "Nothing runs or waits here, so there was nothing to cancel."
    repairs = sum(name == "refactor" for name in recipes)
    reviews = len(recipes) - repairs
    counts = [plural(reviews, "review")] * bool(reviews) + [plural(repairs, "repair")] * bool(
        repairs
    )
    again = "/harness review" if reviews else "/harness refactor"
    return f"{sanitize.code(login)} cancelled {listed(counts)}. `{again}` starts anew."


_ADVICE: tuple[tuple[type[GiveUp], str], ...] = (
    (HeadGone, "push again, or reopen the pull request from a branch that exists"),
    (AccessLost, "an owner can give the App access to this repository again"),
    (NoCommonHistory, "rebase the branch on its base, so that there is a change to review"),
    (TreeRefused, "take the files out that make the tree unreadable, and push again"),
)


def _help(_request: ReplyRequest, rows: Sequence[HelpRow]) -> str:
    return help_text(rows)


def _not_permitted(request: ReplyRequest, _rows: Sequence[HelpRow]) -> str:
    needed = _who(request.detail)
    return (
        f"{sanitize.code(request.login)}, this command needs {needed} permission on this"
        f" repository, because it spends money or decides. Somebody with {needed} permission can"
        " write the same comment."
    )


def _head_moved(request: ReplyRequest, _rows: Sequence[HelpRow]) -> str:
    """``detail``: the commit last reviewed and, after a space, the one that is there now."""
    seen, _, now = request.detail.partition(" ")
    reviewed = f"{commit(seen)} was the last one reviewed" if seen else "none was reviewed yet"
    newest = f", GitHub's newest is {commit(now)}" if now else ""
    return (
        "This counts for the commit you have seen reviewed, and the head moved:"
        f" {sanitize.inline(reviewed, limit=100)}{sanitize.inline(newest, limit=100)}."
        " Look at the newest commit, then write the comment again."
    )


def _closed(_request: ReplyRequest, _rows: Sequence[HelpRow]) -> str:
    return "This pull request is closed, so there is nothing to review. Reopen it and ask again."


def _unknown_command(request: ReplyRequest, rows: Sequence[HelpRow]) -> str:
    said = sanitize.code(f"/harness {request.detail}", limit=80)
    return joined(f"There is no command {said}.", help_text(rows))


def _no_such_issue(request: ReplyRequest, _rows: Sequence[HelpRow]) -> str:
    """``detail``: what was named (``-`` for nothing), and the ids of those that are open."""
    said, *there = request.detail.split(" ")
    about = "Which issue?" if said == "-" else f"There is no issue {sanitize.code(said, limit=80)}."
    ids = ", ".join(sanitize.code(name, limit=40) for name in there)
    return f"{about} {f'Open here: {ids}.' if ids else 'No issue is open here.'}"


def _unknown_topic(request: ReplyRequest, _rows: Sequence[HelpRow]) -> str:
    return sanitize.clean(request.detail or request.topic, limit=2_000)


def _who(permission: str) -> str:
    return permission or "write"


def _nothing_open(_request: ReplyRequest, _rows: Sequence[HelpRow]) -> str:
    return "No issue is open here, so there is nothing to repair."


def _no_developer(_request: ReplyRequest, _rows: Sequence[HelpRow]) -> str:
    return (
        "Nobody here can write code: no configured agent plays the developer. The operator of"
        " harness names one in `HARNESS_DEVELOPER`."
    )


_TOPICS = {
    "help": _help,
    "not-permitted": _not_permitted,
    "head-moved": _head_moved,
    "closed": _closed,
    "no-developer": _no_developer,
    "no-such-issue": _no_such_issue,
    "nothing-open": _nothing_open,
    "unknown-command": _unknown_command,
}
