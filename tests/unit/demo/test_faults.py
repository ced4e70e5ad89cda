"""Trouble strikes as often as asked, where asked."""

from __future__ import annotations

from bot.demo.faults import Fault, Faults


def test_a_fault_is_used_up() -> None:
    faults = Faults()
    faults.fail(Fault(method="POST", path="/repos/.*/reviews", status=502, times=2))
    assert faults.strike("GET", "/repos/a/b/pulls/1/reviews") is None
    assert faults.strike("POST", "/repos/a/b/pulls/1/comments") is None
    struck = [faults.strike("POST", "/repos/a/b/pulls/1/reviews") for _ in range(3)]
    assert [fault is not None for fault in struck] == [True, True, False]


def test_deliveries_are_lost_or_doubled_once() -> None:
    faults = Faults()
    faults.drop_delivery("pull_request", "opened")
    faults.duplicate_delivery("issue_comment")
    assert faults.copies("pull_request", {"action": "closed"}) == 1
    assert [faults.copies("pull_request", {"action": "opened"}) for _ in range(2)] == [0, 1]
    assert [faults.copies("issue_comment", {"action": "created"}) for _ in range(2)] == [2, 1]
