"""What happens to issues is remembered, refused where it makes no sense, and never lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.findings.states import NotPossible
from bot.models import Act, IssueState, Verified
from bot.store import Store
from tests.integration.store.test_store import REPO, issue, saved


async def test_an_act_changes_the_state_and_stands_in_the_history(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A"))
    done = await store.act_on_issue(REPO, 7, "A", Act.DISMISSED, by="@mo", reason="a test fake")
    assert done is not None
    assert (done.before, done.after) == (IssueState.NEW, IssueState.DISMISSED)
    (known,) = await store.known_issues(REPO, 7, [IssueState.DISMISSED])
    assert known.reason == "a test fake"
    found = await store.issue(REPO, 7, "A")
    assert found is not None
    assert (found.id, found.state) == ("A", IssueState.DISMISSED)
    await store.act_on_issue(REPO, 7, "A", Act.RESTORED, by="@mo", commit="c1")
    events = await store.issue_history(REPO, 7, "A")
    assert [(e.act, e.after, e.by, e.commit) for e in events] == [
        (Act.FOUND, IssueState.NEW, "r1", "h1"),
        (Act.DISMISSED, IssueState.DISMISSED, "@mo", ""),
        (Act.RESTORED, IssueState.REOPENED, "@mo", "c1"),
    ]


async def test_what_the_table_refuses_changes_nothing(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A", state=IssueState.ADDRESSED))
    with pytest.raises(NotPossible, match="addressed cannot be fixed"):
        await store.act_on_issue(REPO, 7, "A", Act.FIXED, by="r2")
    assert await store.issue_history(REPO, 7, "A") == []
    assert await store.act_on_issue(REPO, 7, "nobody", Act.DISMISSED, by="@mo") is None
    assert await store.issue(REPO, 7, "nobody") is None


async def test_of_two_who_dismiss_at_once_one_is_refused(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A"))
    done = await asyncio.gather(
        *(store.act_on_issue(REPO, 7, "A", Act.DISMISSED, by=f"@{n}") for n in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(item, NotPossible) for item in done) == 3
    acts = [event.act for event in await store.issue_history(REPO, 7, "A")]
    assert acts == [Act.FOUND, Act.DISMISSED]


async def test_what_verification_said_comes_back(store: Store) -> None:
    said = replace(issue("A"), verified=Verified.CONFIRMED, notes=("seen before",))
    await saved(store, "r1", "h1", said)
    assert await store.issues_of_run("r1") == [said]
