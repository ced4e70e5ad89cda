"""The table of states: every cell, and what is refused."""

from __future__ import annotations

import inspect
from itertools import product

import pytest

from bot.findings import states
from bot.findings.states import OPEN, TABLE, NotPossible, after
from bot.models import Act, IssueState


def test_the_documented_table_is_the_one_in_the_code() -> None:
    assert states.table_markdown() in (inspect.getdoc(states) or "")


@pytest.mark.parametrize(("state", "act"), list(product([None, *IssueState], Act)))
def test_every_cell_leads_somewhere_or_is_refused(state: IssueState | None, act: Act) -> None:
    if act in TABLE[state]:
        assert after(state, act) is TABLE[state][act]
        return
    with pytest.raises(NotPossible, match=f"cannot be {act.value}"):
        after(state, act)


def test_the_open_states_are_those_that_people_have_to_look_at() -> None:
    assert {IssueState.NEW, IssueState.PERSISTENT, IssueState.REOPENED} == OPEN


@pytest.mark.parametrize("state", list(IssueState))
def test_nothing_is_closed_for_ever(state: IssueState) -> None:
    assert after(state, Act.CHANGED) in OPEN


def test_what_a_person_dismissed_only_a_person_or_a_change_of_the_code_brings_back() -> None:
    dismissed = TABLE[IssueState.DISMISSED]
    assert {act for act, then in dismissed.items() if then is not IssueState.DISMISSED} == {
        Act.CHANGED,
        Act.RESTORED,
    }


def test_people_are_told_what_cannot_happen_to_an_issue() -> None:
    with pytest.raises(NotPossible) as refused:
        after(IssueState.ADDRESSED, Act.FIXED)
    assert str(refused.value) == "an issue that is addressed cannot be fixed"
    with pytest.raises(NotPossible) as refused:
        after(None, Act.LEFT)
    assert str(refused.value) == "an issue that nobody found cannot be left"
