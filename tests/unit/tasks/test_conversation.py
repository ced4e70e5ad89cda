"""Which issue is meant by the words of a command."""

import pytest

from bot.tasks.conversation import meant

NAMES = ("h-7KQ2", "h-3WXM")


@pytest.mark.parametrize(
    ("words", "begun", "expected"),
    [
        (("h-7KQ2", "known", "since", "May"), "", ("h-7KQ2", "known since May")),
        (("H-7kq2",), "", ("h-7KQ2", "")),
        (("`h-7KQ2`:", "known"), "", ("h-7KQ2", "known")),
        (("#h-7KQ2",), "h-3WXM", ("h-7KQ2", "")),
        (("known", "h-7KQ2"), "h-3WXM", ("h-3WXM", "known h-7KQ2")),
        ((), "h-3WXM", ("h-3WXM", "")),
        ((), "", ("", "")),
        (("h-ZZZZ", "x"), "", ("", "h-ZZZZ x")),
    ],
)
def test_an_id_counts_and_in_a_thread_its_own_issue(words, begun, expected):
    assert meant(words, NAMES, begun) == expected
