"""The check run's words: while agents read, and afterwards; and the marks on lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.findings.states import OPEN
from bot.models import (
    FIX_ACTION,
    Annotation,
    CheckAction,
    Decision,
    FailOn,
    Issue,
    IssueState,
    ReviewPlan,
    RunRecord,
    Side,
)
from bot.publish import sanitize
from bot.publish.publisher import Publication
from bot.publish.render import held as in_held
from bot.publish.render import summary as in_summary
from bot.publish.render.rows import Entry, entries
from bot.publish.render.words import (
    CHECK_LIMIT,
    TITLE_LIMIT,
    commit,
    duration,
    joined,
    listed,
    plural,
    shorten,
)

FIX = CheckAction(label="Fix", description="Repair the open issues", identifier=FIX_ACTION)
_MESSAGE = 4_000
_NOTICES = 0.3
"""How much of the summary's notices the check repeats: it has less room."""
_BETWEEN = "\n\n"
"""What `joined` sets between two blocks."""

Progress = tuple[str, str, float]
"""(agent, what it is doing, seconds since it began)."""


def in_progress(plan: ReviewPlan) -> tuple[str, str]:
    """(title, summary) at the start."""
    agents = listed([agent.name for agent in plan.agents])
    title = f"{agents} reading {commit(plan.pull.head_sha)}" if agents else "starting"
    who = "One agent reads" if len(plan.agents) == 1 else f"{len(plan.agents)} agents read"
    text = f"{who} this commit. " if plan.agents else ""
    return sanitize.plain(title, limit=TITLE_LIMIT - 40), f"{text}The verdict follows here."


def progress(agents: Sequence[Progress]) -> str:
    """``claude-code reading (2:10), codex done, ruff done``; of very many, those at work first."""
    words = [
        f"{name} {doing}" + (f" ({duration(seconds)})" if seconds >= 1 else "")
        for name, doing, seconds in agents
    ]
    limit = TITLE_LIMIT - 40
    line = ", ".join(words) or "starting"
    if len(line) > limit:
        line = _crowd(agents, words, limit)
    return sanitize.plain(line, limit=limit)


def _crowd(agents: Sequence[Progress], words: Sequence[str], limit: int) -> str:
    """As many agents by name as fit, the others counted by what they do."""
    ranked = sorted(range(len(agents)), key=lambda n: (agents[n][1] != "reading", n))
    for named in range(len(agents) - 1, -1, -1):
        rest = Counter(agents[n][1] for n in ranked[named:])
        counts = [f"{count} {'more ' if named else ''}{doing}" for doing, count in rest.items()]
        line = ", ".join([*(words[n] for n in ranked[:named]), *counts])
        if len(line) <= limit:
            return line
    return f"{len(agents)} agents at work"


def title(decision: Decision, secrets: Iterable[str] = ()) -> str:
    """The verdict, as short as a check's title must be."""
    return sanitize.plain(decision.title, limit=TITLE_LIMIT - 40, secrets=secrets)


def cancelled(why: str) -> tuple[str, str]:
    """(title, summary) of a run that was ended before it could say anything."""
    words = sanitize.plain(why, limit=TITLE_LIMIT - 40)
    return words, f"{sanitize.inline(why, limit=500)}. This commit has no verdict."


def without_review(plan: ReviewPlan, decision: Decision) -> str:
    """The summary of a check that has nothing but a reason to tell."""
    return joined(
        f"**{sanitize.inline(decision.title, limit=600)}**",
        *(
            f"- {sanitize.inline(reason, limit=600)}"
            for reason in decision.reasons
            if reason not in decision.title
        ),
        in_summary.withheld(plan.withheld) if plan.withheld and not plan.approved else "",
        "A maintainer can ask for a review with the comment `/harness review`.",
    )


def texts(publication: Publication) -> tuple[str, str]:
    """(summary, text). Together they name every issue, those first that the comment leaves out."""
    everything = entries(publication)
    # Without a comment there is nothing that it names.
    commented = bool(publication.summary_url)
    elsewhere = in_summary.shown(publication).rest if commented else everything
    left_out = {entry.id for entry in elsewhere}
    ranked = [*elsewhere, *(e for e in everything if e.id not in left_out)]
    shown = in_summary.held_shown(publication) if commented else 0
    held = in_held.in_check(publication, shown, in_held.ROOM)
    text, after = _lines(ranked, CHECK_LIMIT - len(held) - len(_BETWEEN))
    # What the issues leave is for those held back: the same list, or a longer one.
    held = in_held.in_check(publication, shown, CHECK_LIMIT - len(text) - len(_BETWEEN))
    lead = joined(
        f"**{in_summary.headline(publication)}**",
        in_summary.notices(publication, _NOTICES),
        in_summary.numbers(publication),
        f"[The summary]({publication.summary_url})" if publication.summary_url else "",
    )
    lead = lead if len(lead) < CHECK_LIMIT // 2 else in_summary.numbers(publication)
    more, lost = _lines([e for e in after if e.id in left_out], CHECK_LIMIT - len(lead) - 200)
    note = f"{plural(len(lost), 'more issue')}: see the page of this run." if lost else ""
    return joined(lead, more, note), joined(text, held)


def _lines(found: Sequence[Entry], limit: int) -> tuple[str, list[Entry]]:
    """As many lines as fit, and the entries that do not."""
    lines: list[str] = []
    for number, entry in enumerate(found):
        limit -= len(entry.line) + 1
        if limit < 0:
            return "\n".join(lines), list(found[number:])
        lines.append(entry.line)
    return "\n".join(lines), []


def marks(publication: Publication) -> tuple[Annotation, ...]:
    """One mark for every open issue that has lines in the head, worst first."""
    fail_on = publication.plan.fail_on
    return tuple(
        _annotation(issue, fail_on, publication.secrets)
        for issue in publication.result.issues
        if issue.line is not None
        and issue.side is Side.RIGHT
        and issue.state is not IssueState.DISMISSED
        and _can_be_named(issue.file)
    )


def _annotation(issue: Issue, fail_on: FailOn, secrets: tuple[str, ...]) -> Annotation:
    line = issue.line if issue.line is not None else 1
    found_by = f"{issue.id} · {issue.severity.value} · found by {listed(issue.agents)}"
    text = sanitize.plain(issue.description, limit=_MESSAGE, secrets=secrets)
    return Annotation(
        path=issue.file,
        start_line=line,
        end_line=issue.end_line if issue.end_line is not None else line,
        level="failure" if fail_on.fails(issue.severity) else "warning",
        message=f"{text}\n\n{sanitize.plain(found_by, limit=500)}",
        title=sanitize.plain(issue.title, limit=TITLE_LIMIT - 40, secrets=secrets),
    )


def _can_be_named(path: str) -> bool:
    """GitHub takes paths as text: one that is not UTF-8 cannot be sent."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def merge_group(number: int | None, run: RunRecord | None) -> tuple[str, str]:
    """(title, summary) for a merge queue's commit: the pull request's verdict, repeated."""
    where = f"pull request {number}" if number is not None else "the pull request"
    if run is None:
        return (
            "not reviewed",
            f"{where.capitalize()} has no finished review of the commit it has now."
            " Comment `/harness review` there.",
        )
    verdict = sanitize.plain(shorten(run.title, 150) or run.conclusion, limit=150)
    return (
        verdict,
        f"The verdict of {where} on {commit(run.head_sha)}, repeated:"
        f" {sanitize.inline(verdict, limit=300)}.",
    )


def buttons(publication: Publication) -> tuple[CheckAction, ...]:
    """What can be pressed: a repair, where there is something to repair and somebody who can."""
    result = publication.result
    still = [i for i in result.issues if i.state in OPEN] + list(result.carried)
    return (FIX,) if still and publication.plan.repairable else ()
