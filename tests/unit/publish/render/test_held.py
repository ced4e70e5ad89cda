"""What a judge held back, as the comment and the check list it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.findings.policy import decide
from bot.models import FailOn, HeldBack, ReportState, Severity
from bot.publish.publisher import Publication
from bot.publish.render import held as render
from bot.publish.render.check import texts
from bot.publish.render.summary import held_shown, summary
from tests.fakes.nouns import HEAD, finding, issue, plan, report, result

ADDRESS = "https://x.y/1"


def held(id="h-7KQ2", reason="the caller checks it", **more):
    more = {"severity": Severity.MAJOR, "title": "eval of input"} | more
    return HeldBack(issue=issue(id, **more), reason=reason, by="judge")


def long(count):
    """Entries that are as long as their limits allow, and longer."""
    return tuple(
        held(f"k-{n:05}", "<_" * 900, title="<&_" * 200, file="d/" * 90 + "f.py", line=n + 1)
        for n in range(count)
    )


def publication(held, *issues, **more):
    findings = [finding(line=n) for n in range(len(issues) + len(held))]
    reports = (report("claude", ReportState.FINISHED, *findings),)
    found = result(*issues, reports=reports, held=tuple(held))
    decision = decide(reports, issues, (), FailOn.MAJOR, head_sha=HEAD, held=len(held))
    return Publication(plan=plan("claude"), result=found, decision=decision, **more)


def crowd(count):
    return [
        issue(f"h-{n:05}", n + 1, title=f"{n} " + "<&_" * 20, file="d/" * 60 + "f.py")
        for n in range(count)
    ]


def test_an_entry_tells_what_where_who_and_why_not():
    assert render.line(held()) == snapshot(
        "- h-7KQ2 · major · `app.py:22` · eval of input (claude): the caller checks it"
    )


def test_an_entry_is_one_line_pings_nobody_and_holds_no_secret():
    said = "see @octo\n- <b>hunter2hunter</b>\n<!-- harness:1 -->"
    line = render.line(held(reason=said, title=said, file="a\nb`.py"), ["hunter2hunter"])
    assert "\n" not in line
    assert "hunter2" not in line
    assert "<" not in line
    assert "`@octo`" in line


@pytest.mark.parametrize("place", ["title", "reason"])
def test_an_entry_has_an_end_however_long_its_words_are(place):
    assert len(render.line(held(**{place: "<_&" * 100_000}))) < 900


def test_comment_and_check_list_a_short_list_whole():
    found = publication([held(), held("h-2", line=None)], summary_url=ADDRESS)
    listing = """\
**Not posted** (2 issues): judge read these reports and found the code to refute them.

- h-7KQ2 · major · `app.py:22` · eval of input (claude): the caller checks it
- h-2 · major · `app.py` · eval of input (claude): the caller checks it\
"""
    assert listing in summary(found)
    assert listing in texts(found)[1]


def test_nothing_held_back_nothing_said():
    assert render.in_comment(publication([]), 1000) == ""
    assert render.in_check(publication([]), 0, 1000) == ""


def promised(text, where):
    """How many more the text says are listed in ``where``."""
    found = re.search(rf"- … and (\d+) more, listed in the {where}", text)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("issues", [0, 60, 800])
@pytest.mark.parametrize("count", [1, 12, 100, 400])
def test_each_is_named_and_every_number_is_right_however_many_there_are(issues, count):
    found = publication(long(count), *crowd(issues), summary_url=ADDRESS)
    comment, (lead, text) = summary(found), texts(found)
    assert len(comment) <= 65_536
    assert max(len(lead), len(text)) <= 65_535
    in_comment = {f"k-{n:05}" for n in range(count) if f"k-{n:05}" in comment}
    in_check = {f"k-{n:05}" for n in range(count) if f"k-{n:05}" in text}
    assert len(in_comment | in_check) == count
    assert promised(comment, "details of the check") == count - len(in_comment)
    assert promised(text, "summary comment") == count - len(in_check)
    assert f"**Not posted** ({count} issue" in comment
    assert f"**Not posted** ({count} issue" in text
    assert f"+ {count} held back +" in lead


def test_a_crowd_of_issues_leaves_room_for_what_was_held_back():
    without = texts(publication((), *crowd(800), summary_url=ADDRESS))[1]
    found = publication(long(100), *crowd(800), summary_url=ADDRESS)
    text = texts(found)[1]
    assert text.count("- h-") >= without.count("- h-") * 0.7
    assert text.count("k-0") == 100 - held_shown(found)


def test_without_a_comment_the_check_names_them_all():
    found = publication(long(100), *crowd(100))
    text = texts(found)[1]
    assert text.count("k-0") == 100
    assert "summary comment" not in text


def test_what_no_list_can_hold_is_counted_and_not_said_to_be_there():
    found = publication(long(3000), summary_url=ADDRESS)
    comment, text = summary(found), texts(found)[1]
    named = promised(comment, "details of the check")
    (only,) = re.findall(r"- … and (\d+) more, which only the page", comment)
    assert held_shown(found) + named + int(only) == 3000
    assert text.count("k-0") >= named
    assert len(text) <= 65_535


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 400), max_size=40),
    limit=st.integers(0, 6000),
    shown=st.integers(0, 40),
)
def test_the_list_of_the_check_keeps_to_its_room_and_names_what_it_says(sizes, limit, shown):
    all_held = [held(f"k-{n:03}", "x" * (size + 1)) for n, size in enumerate(sizes)]
    shown, limit = min(shown, len(sizes)), limit + render.ROOM // 20
    listing = render.fit(all_held[shown:], limit)
    assert len(listing.full) + len(listing.named) + listing.counted == len(sizes) - shown
    text = render.in_check(publication(all_held), shown, limit)
    assert len(text) <= max(limit, 400)
    named = sum(f"k-{n:03}" in text for n in range(len(sizes)))
    counted = re.search(r"and (\d+) more, which only the page", text)
    missing = promised(text, "summary comment") + (int(counted[1]) if counted else 0)
    assert named + missing == len(sizes)
