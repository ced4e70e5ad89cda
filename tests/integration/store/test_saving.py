"""What a run says of issues is written once, by the table of states, beside what people did."""

from __future__ import annotations

from bot.models import Act, Closing, Issue, IssueState, Placement
from bot.store import Store
from tests.integration.store.test_store import REPO, issue, run, saved

EVERY = list(IssueState)


async def closes(store: Store, name: str, state: IssueState, issue_id: str = "A") -> None:
    known = {k.id: k for k in await store.known_issues(REPO, 7, EVERY)}
    closing = Closing(issue=known[issue_id], state=state, reason="its lines changed", commit="h9")
    await store.add_run(run(name))
    await store.save_issues(name, REPO, 7, "h9", (), {}, [closing])


async def told(store: Store, name: str, head: str, *found: Issue) -> None:
    posted = {i.id: Placement.INLINE for i in found}
    await store.add_run(run(name, head=head))
    await store.save_issues(name, REPO, 7, head, found, posted)


async def life(store: Store) -> list[tuple[str, str, str]]:
    events = await store.issue_history(REPO, 7, "A")
    return [(event.act.value, event.after.value, event.by) for event in events]


async def state(store: Store) -> tuple[str, str]:
    (known,) = await store.known_issues(REPO, 7, EVERY)
    return known.state.value, known.reason


async def test_a_whole_life_stands_in_the_history(store: Store) -> None:
    await told(store, "r1", "h1", issue("A"))
    await told(store, "r2", "h2", issue("A", state=IssueState.PERSISTENT))
    await told(store, "r3", "h3", issue("A", state=IssueState.PERSISTENT))
    await closes(store, "r4", IssueState.ADDRESSED)
    assert await state(store) == ("addressed", "its lines changed")
    await told(store, "r5", "h5", issue("A", state=IssueState.REOPENED))
    assert await state(store) == ("reopened", "")
    await closes(store, "r6", IssueState.STALE)
    assert await life(store) == [
        ("found", "new", "r1"),
        ("found", "persistent", "r2"),
        ("fixed", "addressed", "r4"),
        ("found", "reopened", "r5"),
        ("left", "stale", "r6"),
    ]
    assert (await store.issue_history(REPO, 7, "A"))[2].commit == "h9"


async def test_a_step_that_is_repeated_adds_nothing(store: Store) -> None:
    for _ in range(3):
        await told(store, "r1", "h1", issue("A"))
    for _ in range(3):
        await closes(store, "r2", IssueState.ADDRESSED)
    assert [who for _act, _after, who in await life(store)] == ["r1", "r2"]


async def test_a_repeated_step_does_not_undo_what_a_person_did(store: Store) -> None:
    await told(store, "r1", "h1", issue("A"))
    await store.act_on_issue(REPO, 7, "A", Act.DISMISSED, by="@mo", reason="a fake")
    await told(store, "r1", "h1", issue("A"))
    assert await state(store) == ("dismissed", "a fake")
    await store.act_on_issue(REPO, 7, "A", Act.RESTORED, by="@mo")
    await closes(store, "r2", IssueState.ADDRESSED)
    await store.act_on_issue(REPO, 7, "A", Act.RESTORED, by="@mo", reason="no, it is not")
    await closes(store, "r2", IssueState.ADDRESSED)
    assert await state(store) == ("reopened", "no, it is not")


async def test_what_is_dismissed_while_a_run_reads_stays_dismissed(store: Store) -> None:
    await told(store, "r1", "h1", issue("A"))
    await store.act_on_issue(REPO, 7, "A", Act.DISMISSED, by="@mo", reason="a fake")
    await told(store, "r2", "h2", issue("A", state=IssueState.PERSISTENT))
    await closes(store, "r3", IssueState.ADDRESSED)
    assert await state(store) == ("dismissed", "a fake")
    await told(store, "r4", "h4", issue("A", state=IssueState.REOPENED))
    assert await state(store) == ("reopened", "")
    assert (await life(store))[-1] == ("found in changed code", "reopened", "r4")


async def test_what_nobody_was_told_is_new_again(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A"))
    await saved(store, "r2", "h2", issue("A"))
    assert await state(store) == ("new", "")
    assert await life(store) == [("found", "new", "r1")]


async def test_whether_its_file_was_in_the_diff_is_remembered(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A"))
    (known,) = await store.known_issues(REPO, 7)
    (found,) = await store.issues_of_run("r1")
    assert known.in_diff == (found.anchor.placement is not Placement.SUMMARY)
