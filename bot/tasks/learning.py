"""What a repository learns from what people do with its issues."""

from __future__ import annotations

from bot.findings.memory import lesson_text
from bot.models import (
    Act,
    AgentSpec,
    Closing,
    Issue,
    IssueEvent,
    IssueState,
    Lesson,
    LessonKind,
    Repo,
    ReviewPlan,
)
from bot.tasks.services import Services


async def from_closings(
    services: Services, plan: ReviewPlan, closings: tuple[Closing, ...]
) -> None:
    """Fixed after it was reported: accepted, and so were the words that its finders were given."""
    pull = plan.pull
    for closing in closings:
        if closing.state is not IssueState.ADDRESSED:
            continue
        issue = await services.store.issue(pull.repo, pull.number, closing.issue.id)
        if issue is None:
            continue
        lesson = _lesson(services, LessonKind.ACCEPTED, issue, pull.number, by=f"@{pull.author}")
        await services.store.learn(pull.repo, lesson)
        for spec in _finders(plan, issue):
            await services.store.learn(
                pull.repo,
                Lesson(
                    kind=LessonKind.PROMPT,
                    text=spec.prompt,
                    at=services.clock.now(),
                    category=issue.category,
                    by=spec.name,
                    number=pull.number,
                    issue=issue.id,
                ),
            )


async def from_act(
    services: Services, repo: Repo, number: int, issue: Issue, event: IssueEvent
) -> None:
    """A person dismissed it, or took that back."""
    if event.act is Act.DISMISSED:
        lesson = _lesson(services, LessonKind.DISMISSED, issue, number, event.by, event.reason)
        await services.store.learn(repo, lesson)
    elif event.act is Act.RESTORED:
        await services.store.unlearn(repo, LessonKind.DISMISSED, number, issue.id)


def _finders(plan: ReviewPlan, issue: Issue) -> list[AgentSpec]:
    return [spec for spec in plan.agents if spec.prompt and spec.name in issue.agents]


def _lesson(
    services: Services, kind: LessonKind, issue: Issue, number: int, by: str, reason: str = ""
) -> Lesson:
    return Lesson(
        kind=kind,
        text=lesson_text(issue),
        at=services.clock.now(),
        path=issue.file,
        category=issue.category,
        reason=reason,
        by=by,
        number=number,
        issue=issue.id,
    )
