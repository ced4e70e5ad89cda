"""What people say about single issues: explain, dismiss, and threads resolved by hand.

Said and done at once, also while a review runs; the verdict follows in a job of its own, which
waits for that review.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from bot.findings.states import OPEN
from bot.jobs import Step, recipe
from bot.models import (
    Act,
    Issue,
    IssueEvent,
    IssueRequest,
    IssueState,
    Permission,
    Thread,
    ThreadRequest,
)
from bot.publish import existing, render
from bot.publish.turns import Turn, end, say
from bot.tasks import learning, reconsider, reply
from bot.tasks.services import Services

BY_HAND = "its thread was resolved by hand"
AGAIN = "opened its thread again after it had been closed; resolving that closes it"
DECIDES = Permission.WRITE
"""What a thread resolved by hand needs to count: it can turn a failing check green."""
MAX_NAMED = 20


@recipe("explain", version=1)
async def explain(services: Services, step: Step, request: IssueRequest) -> None:
    """Everything that is known of one issue, where it was asked for."""
    await step("explain", partial(_explain, services, request))


@recipe("dismiss", version=1)
async def dismiss(services: Services, step: Step, request: IssueRequest) -> None:
    """The issue stays away until its code changes; the verdict does without it."""
    if await step("dismiss", partial(_dismiss, services, request)):
        await step("reconsider", partial(reconsider.later, services, step.job_id, request))


@recipe("thread", version=1)
async def thread(services: Services, step: Step, request: ThreadRequest) -> None:
    """Resolved by hand is dismissed; opened again by hand takes it back."""
    if await step("thread", partial(_by_hand, services, request)):
        await step("reconsider", partial(reconsider.later, services, step.job_id, request))


async def _explain(services: Services, request: IssueRequest) -> None:
    client = await services.client(request.installation_id, request.repo)
    await reply.seen(services, request)
    inside = request.asker.thread
    threads = await existing.issue_threads(client, request.number) if inside else {}
    issue, _reason = await _meant(services, request, threads)
    if issue is None:
        return
    history = await services.store.issue_history(request.repo, request.number, issue.id)
    text = render.explanation(issue, history, services.secrets)
    await reply.say(services, reply.to(request, "explain", issue.id), text)


async def _dismiss(services: Services, request: IssueRequest) -> bool:
    """Whether it is dismissed. Repeated after a crash it says so again, and does nothing twice."""
    client = await services.client(request.installation_id, request.repo)
    await reply.seen(services, request)
    held = await client.permission(request.asker.login)
    if not held.allows(request.asker.needs):
        needed = reply.to(request, "not-permitted", request.asker.needs.value)
        await reply.answer(services, needed)
        return False
    threads = await existing.issue_threads(client, request.number)
    issue, reason = await _meant(services, request, threads)
    if issue is None:
        return False
    by = f"@{request.asker.login}"
    event = await _act(services, request, issue, Act.DISMISSED, by=by, reason=reason)
    there = threads.get(issue.id)
    text = render.dismissed(
        event.by.removeprefix("@"), event.reason, services.secrets, thread=there is not None
    )
    if there is None or services.policy.dry_run:
        await reply.say(services, reply.to(request, "dismiss", issue.id), text)
        await reply.done(services, request, well=True)
        return True
    turn = Turn(issue=issue.id, words=text, occasion=str(request.asker.comment_id))
    await say(client, request.number, there, turn)
    await end(client, there)  # where that is not allowed, the answer tells
    await reply.done(services, request, well=True)
    return True


async def _by_hand(services: Services, request: ThreadRequest) -> bool:
    """Whether the thread's issue changed its state."""
    client = await services.client(request.installation_id, request.repo)
    threads = await existing.issue_threads(client, request.number)
    begun = _begun(threads, request.comment_id)
    if not begun or threads[begun].resolved is not request.resolved:
        return False  # a thread of people, or one that was opened and resolved in turn
    issue = await services.store.issue(request.repo, request.number, begun)
    if issue is None or not _means_something(issue.state, resolved=request.resolved):
        return False
    occasion = f"{'resolved' if request.resolved else 'opened'}:{request.login}"
    turn = partial(Turn, issue=begun, occasion=occasion)
    held = await client.permission(request.login)
    if not held.allows(DECIDES):
        if request.resolved and not services.policy.dry_run:
            words = render.not_dismissed(request.login, DECIDES.value)
            await say(client, request.number, threads[begun], turn(words=words))
        return False
    act = Act.DISMISSED if request.resolved else Act.RESTORED
    closed = issue.state in (IssueState.ADDRESSED, IssueState.STALE)
    reason = BY_HAND if request.resolved else f"@{request.login} {AGAIN}" if closed else ""
    await _act(services, request, issue, act, by=f"@{request.login}", reason=reason)
    return True


def _means_something(state: IssueState, *, resolved: bool) -> bool:
    """What is closed is only tidied up, and what is open already is open; but after a crash the
    act may be done, and its verdict not asked for.
    """
    done = IssueState.DISMISSED if resolved else IssueState.REOPENED
    return (state in OPEN) is resolved or state is done


async def _act(
    services: Services,
    request: IssueRequest | ThreadRequest,
    issue: Issue,
    act: Act,
    *,
    by: str,
    reason: str,
) -> IssueEvent:
    """The act, or the earlier one that brought the issue where it is."""
    repo, number = request.repo, request.number
    wanted = IssueState.DISMISSED if act is Act.DISMISSED else IssueState.REOPENED
    if issue.state is not wanted:
        await services.store.act_on_issue(repo, number, issue.id, act, by=by, reason=reason)
    event = (await services.store.issue_history(repo, number, issue.id))[-1]
    await learning.from_act(services, repo, number, issue, event)
    return event


async def _meant(
    services: Services, request: IssueRequest, threads: Mapping[str, Thread]
) -> tuple[Issue | None, str]:
    """The issue, and the rest of the words; whoever means none is told what there is."""
    every = await services.store.known_issues(request.repo, request.number, list(IssueState))
    begun = _begun(threads, request.asker.thread) if request.asker.thread else ""
    name, reason = meant(request.words, [issue.id for issue in every], begun)
    issue = await services.store.issue(request.repo, request.number, name) if name else None
    if issue is None:
        still = [known.id for known in every if known.state in OPEN][:MAX_NAMED]
        detail = " ".join([*request.words[:1], *still] if request.words else ["-", *still])
        await reply.answer(services, reply.to(request, "no-such-issue", detail))
    return issue, reason


def meant(words: tuple[str, ...], names: Collection[str], begun: str) -> tuple[str, str]:
    """(issue, reason). An id that is named counts; in a thread (``begun`` about an issue) its own
    issue is meant without one.
    """
    by_word = {name.casefold(): name for name in names}
    first = words[0].strip("`#.,:;").casefold() if words else ""
    if first in by_word:
        return by_word[first], " ".join(words[1:])
    return begun, " ".join(words)


def _begun(threads: Mapping[str, Thread], comment_id: int) -> str:
    return next((n for n, t in threads.items() if t.comments[0].id == comment_id), "")
