"""The life of issues over long histories: what is believed is what is true."""

from __future__ import annotations

import pytest

from tests.fakes.histories import History, Score

STEPS = 100


@pytest.fixture(scope="module")
def played():
    """Three histories; ``make bench`` plays more of them and prints the figures."""
    score = Score()
    for seed in (1, 2, 3):
        score.add(History(seed).play(STEPS))
    return score


def test_nearly_every_state_is_right_after_every_push(played):
    assert played.states > 1000
    assert played.right >= 0.95 * played.states, played.wrong


def test_an_issue_found_again_has_its_own_id(played):
    assert played.found > 500
    assert played.kept >= 0.95 * played.found


def test_no_id_is_ever_used_for_two_issues(played):
    assert played.reused == 0


def test_every_anchor_is_one_that_github_takes(played):
    assert played.anchors > 500
    assert played.valid == played.anchors
    assert played.exact >= 0.99 * played.anchors


def test_the_same_history_comes_out_the_same(played):
    assert History(5).play(10) == History(5).play(10)
