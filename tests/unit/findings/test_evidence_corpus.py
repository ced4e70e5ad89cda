"""How often evidence is wrong over many fixes, and many changes that fix nothing."""

from __future__ import annotations

import pytest

from bot.models import IssueState
from tests.fakes.fixes import pushes
from tests.fakes.measures import evidence


@pytest.fixture(scope="module")
def measured():
    return evidence()


def test_the_corpus_is_large_enough():
    every = list(pushes())
    assert len({push.path for push in every}) >= 8
    assert sum(push.fixes for push in every) >= 100
    assert sum(not push.fixes for push in every) >= 100


def test_hardly_anything_is_called_addressed_that_is_not(measured):
    assert measured.false_addressed <= 0.05, measured.wrong


def test_few_fixes_go_unseen(measured):
    assert measured.false_open <= 0.15, measured.wrong


def test_nothing_is_stale_while_its_file_is_in_the_pull_request(measured):
    assert IssueState.STALE not in measured.states
