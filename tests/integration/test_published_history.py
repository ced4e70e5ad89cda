"""Long histories with a database and publishers: comments and threads say what is true."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot.store import Store
from tests.fakes.histories import Score
from tests.fakes.published import PublishedHistory

STEPS = 100


@pytest.fixture(scope="module")
def histories(tmp_path_factory):
    place = tmp_path_factory.mktemp("histories")
    played = []
    with asyncio.Runner() as runner:
        for seed in (1, 2, 3, 4):
            database = runner.run(Store.open(f"sqlite:///{place / f'{seed}.db'}"))
            history = PublishedHistory(seed, database, runner)
            history.play(STEPS)
            runner.run(database.close())
            played.append(history)
    return played


def test_no_thread_is_resolved_wrongly_and_nothing_is_said_twice(histories):
    problems: Counter[str] = sum((history.problems for history in histories), Counter())
    assert {what: count for what, count in problems.items() if count} == {}


def test_it_was_worth_looking(histories):
    assert sum(history.resolved for history in histories) > 50
    assert sum(history.opened for history in histories) > 20
    assert sum(len(history.client.on_code) for history in histories) > 50


def test_states_and_anchors_are_right_with_a_database_too(histories):
    score = Score()
    for history in histories:
        score.add(history.score)
    assert score.right >= 0.95 * score.states, score.wrong
    assert (score.valid, score.reused) == (score.anchors, 0)
