"""What people are told of a repair, and the message of its commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.models import (
    Delivered,
    IssueState,
    KnownIssue,
    LoopResult,
    LoopStatus,
    OpenIssue,
    SuiteState,
)
from bot.models.text import visible
from bot.publish import sanitize
from bot.publish.redact import redact
from bot.publish.render.words import commit, fold, joined, plural

MAX_LISTED = 30
MAX_PATCH = 50_000
"""Characters; a comment of GitHub's holds 65,536."""
_PLAIN = str.maketrans({"#": "", "@": "", "[": "(", "]": ")"})
"""In a commit message these can mention people, close issues and skip checks."""


def commit_message(
    result: LoopResult, *, run_id: str, co_author: str, secrets: Iterable[str] = ()
) -> str:
    """Names the issues; the last paragraph is trailers, and nothing of a model's is in it."""
    count = len(result.addressed)
    subject = f"Repair {plural(count, 'issue')}" if count else "Repair what the review found"
    rows = [f"- {_row(issue)}" for issue in result.addressed[:MAX_LISTED]]
    if count > MAX_LISTED:
        rows.append(f"- and {count - MAX_LISTED} more")
    trailers = [f"Harness-Run: {run_id}"]
    if co_author:
        trailers.append(f"Co-authored-by: {co_author}")
    parts = [subject, "\n".join(rows), "\n".join(trailers)]
    return redact("\n\n".join(filter(None, parts)) + "\n", tuple(secrets))


def _row(issue: KnownIssue) -> str:
    place = f"{issue.file}:{issue.line}" if issue.line else issue.file
    return f"{issue.id} {_plain(place, 100)} {_plain(issue.title, 100)}"


def _plain(text: str, limit: int) -> str:
    """One line in which nothing is a mention, a reference, a link or an order to a machine."""
    line = " ".join(visible(text).split()).translate(_PLAIN).replace("://", ":/ ")
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def moved(old: str, new: str) -> str:
    return f"the head moved from {old[:7]} to {new[:7]} meanwhile"


def repaired_title(result: LoopResult, delivered: Delivered) -> str:
    if delivered.pushed:
        return f"repaired in {delivered.sha[:7]}: {result.reason}"
    return f"not pushed: {delivered.reason or result.reason}"


def not_refactored(why: str) -> str:
    return f"Nothing could be repaired: {sanitize.inline(why, limit=500)}"


def refactored(
    result: LoopResult,
    delivered: Delivered,
    *,
    run_id: str,
    url: str = "",
    secrets: Iterable[str] = (),
) -> str:
    """The answer to whoever asked: what was done, what is open, and the patch if it lies nowhere
    else.
    """
    known = tuple(secrets)
    blocks = [_lead(result, delivered, known)]
    if result.addressed:
        rows = [_bullet(issue, known) for issue in result.addressed[:MAX_LISTED]]
        blocks.append("Repaired:\n" + "\n".join([*rows, *_more(result.addressed)]))
    if result.open:
        rows = [_bullet(issue, known) for issue in result.open[:MAX_LISTED]]
        blocks.append("Still open:\n" + "\n".join([*rows, *_more(result.open)]))
    blocks += _notes(result, known)
    if result.draft is not None and not delivered.pushed:
        blocks.append(_patch(result.draft.patch, run_id, known))
    facts = [f"{plural(result.iterations, 'review')}"]
    if result.cost:
        facts.append(f"cost {result.total}")
    facts.append(f"[run {run_id}]({url})" if url else f"run {run_id}")
    blocks.append(f"<sub>{' · '.join(facts)}</sub>")
    return joined(*blocks)


def _lead(result: LoopResult, delivered: Delivered, secrets: Sequence[str]) -> str:
    reason = sanitize.inline(result.reason, limit=500, secrets=secrets)
    if delivered.pushed:
        lead = f"Repaired in {commit(delivered.sha)}: {reason}. The review of it follows."
        if not delivered.there:
            lead += f" The branch has moved on to {commit(delivered.now)} since."
        return lead
    if result.status is LoopStatus.SUCCESS:
        why = sanitize.inline(delivered.reason, limit=500, secrets=secrets)
        return f"Repaired, but not pushed: {why}. {reason[:1].upper()}{reason[1:]}."
    words = {
        LoopStatus.FAILED: "Not repaired",
        LoopStatus.ERROR: "The repair could not be finished",
        LoopStatus.CANCELLED: "The repair was cancelled",
        LoopStatus.OVER_BUDGET: "The repair was stopped by a limit of money",
    }
    return f"{words[result.status]}: {reason}. Nothing was pushed."


def _bullet(issue: KnownIssue | OpenIssue, secrets: Sequence[str]) -> str:
    place = f"{issue.file}:{issue.line}" if issue.line else issue.file
    title = sanitize.inline(issue.title, limit=200, secrets=secrets)
    row = f"- {sanitize.code(issue.id)} {title} ({sanitize.code(place, secrets=secrets)})"
    told = isinstance(issue, OpenIssue) or issue.state is IssueState.STALE
    reason = issue.reason if told else ""
    return f"{row}: {sanitize.inline(reason, limit=300, secrets=secrets)}" if reason else row


def _more(rows: Sequence[object]) -> list[str]:
    return [f"- and {len(rows) - MAX_LISTED} more"] if len(rows) > MAX_LISTED else []


def _notes(result: LoopResult, secrets: Sequence[str]) -> list[str]:
    notes = []
    suite = result.suite
    if suite is not None and suite.state in (SuiteState.FAILED, SuiteState.NOT_RUN):
        named = ", ".join(sanitize.code(name, secrets=secrets) for name in suite.failed[:10])
        why = sanitize.inline(suite.reason, limit=300, secrets=secrets)
        rest = f": {named or why}" if named or why else ""
        notes.append(f"Tests {suite.state.value}{rest}.")
    if result.draft is not None and result.draft.left_out:
        rows = [
            f"- {sanitize.code(item.path, secrets=secrets)}: {item.reason}"
            for item in result.draft.left_out[:MAX_LISTED]
        ]
        notes.append("Changed by the developer, and left out:\n" + "\n".join(rows))
    return notes


def _patch(patch: bytes, run_id: str, secrets: Sequence[str]) -> str:
    text = patch.decode("utf-8", "backslashreplace")
    if len(text) > MAX_PATCH:
        return (
            "The patch is too large for a comment; on the machine of harness,"
            f" `harness runs {run_id} --patch` prints it."
        )
    return fold(
        "The patch, for `git apply`",
        sanitize.fence(text.removesuffix("\n"), "diff", secrets=secrets),
    )
