"""Ids of issues."""

from __future__ import annotations

from bot.findings.naming import content, named
from tests.fakes.nouns import issue


def test_spelling_of_a_title_and_of_white_space_do_not_matter():
    one = issue(title="`eval` runs", code="  return\teval(x) ")
    assert content(one) == content(issue(title="Eval, run!", code="return eval(x)"))
    assert content(one) != content(issue(title="`eval` runs", code="return eval(y)"))
    assert content(one) != content(issue(title="`eval` runs", code=one.code, file="b.py"))


def test_ids_are_those_of_earlier_releases():
    one = issue(title="`eval` runs", code="  return\teval(x) ")
    assert content(one) == "app.py\0eval run\0return eval(x)"
    assert [i.id for i in named([one, one])] == ["h-E8VZ", "h-N4BX"]


def test_ids_do_not_depend_on_order():
    issues = [issue(title=f"title {n}") for n in range(40)]
    forward = {i.title: i.id for i in named(issues)}
    backward = {i.title: i.id for i in named(issues[::-1])}
    assert forward == backward
    assert len(set(forward.values())) == 40


def test_one_mistake_on_equal_lines_is_told_apart_by_the_order_in_the_file():
    first, second, third = (issue(line=n) for n in (3, 5, 9))
    named_alone = named([first])[0].id
    ids = {i.line: i.id for i in named([third, first, second])}
    assert ids[3] == named_alone
    assert ids == {i.line: i.id for i in named([second, third, first])}
    assert len(set(ids.values())) == 3


def test_taken_ids_are_not_given_again():
    (first,) = named([issue()])
    (second,) = named([issue()], taken={first.id})
    assert second.id.startswith(first.id)
    assert len(second.id) == len(first.id) + 1


def test_only_colliding_ids_grow(monkeypatch):
    monkeypatch.setattr(
        "bot.findings.naming.content_id",
        lambda _prefix, text, n: "h-" + ("same" + text[-1] if "x" in text else "other")[:n],
    )
    issues = [issue(code="x1"), issue(code="x2"), issue(code="y")]
    assert [i.id for i in named(issues)] == ["h-same1", "h-same2", "h-othe"]
