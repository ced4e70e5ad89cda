"""Pairs of findings that trackers by words and hashes get wrong: what is one, and what is two.

The pairs follow measurements of an older tracker, which merged the first kind and kept the second
apart. Each is asked in one review, where two agents or one say both, and over two reviews, where
the second is said about a later head.
"""

from __future__ import annotations

import pytest

from bot.findings.identity import follow
from bot.findings.merge import merge
from bot.models import Severity
from tests.fakes.nouns import added, diff, finding, known

DIFF = diff(added("app.py", 320), added("util.py", 320))
LINES = {
    path: [f"    value_{n} = {path[:-3]}_compute({n})" for n in range(1, 321)]
    for path in ("app.py", "util.py")
}
KEY = "A password is hard-coded here; read it from the environment"
SQL = "The user's name is put into the SQL text, so anybody can inject a statement"
SQL_2 = "SQL injection: `name` is concatenated into the query instead of bound as a parameter"
NIL = "`resp` may be nil when the request failed, and `resp.Body` is dereferenced all the same"
NIL_2 = "nil pointer dereference: `resp.Body` is read before the error of the request is checked"


def one(words, line=10, *, file="app.py", severity=Severity.MAJOR):
    return {"description": words, "line": line, "file": file, "severity": severity}


TWO = {
    "the same words about two files": (one(KEY), one(KEY, file="util.py")),
    "the same words about lines 10 and 210": (one(KEY), one(KEY, 210)),
    "other variables, other lines": (
        one("user_id may be None when the session has expired", 10),
        one("org_id may be None when the session has expired", 80),
    ),
    "the other order of two calls": (
        one("close is called before flush", None),
        one("flush is called before close", None),
    ),
    "past the end and before the end": (
        one("off-by-one: the loop reads one element past the end", 5),
        one("off-by-one: the loop stops one element before the end", 300),
    ),
    "two Chinese findings on one line": (one("密码以明文形式保存"), one("循环变量从未被更新")),
    "two Russian findings without a line": (
        one("пароль хранится в открытом виде", None),
        one("переменная цикла никогда не меняется", None),
    ),
}
ONE = {
    "SQL injection in other words": (one(SQL), one(SQL_2)),
    "a nil dereference in other words": (one(NIL), one(NIL_2)),
    "another severity, one line below": (
        one(KEY, severity=Severity.CRITICAL),
        one(KEY, 11, severity=Severity.MAJOR),
    ),
    "an order and a complaint": (
        one("Unused imports should be removed"),
        one("Remove unused import"),
    ),
    "the same words one line below": (one(KEY), one(KEY, 11)),
}


def said(agent, words):
    return finding(
        agent, words["line"], words["description"], file=words["file"], severity=words["severity"]
    )


def merged(*findings):
    return merge(findings, diff=DIFF, lines=LINES)


def followed(before, after):
    """The ids of both, where the second is said about a head on which no line has moved."""
    (first,), (second,) = merged(said("a", before)), merged(said("a", after))
    stored = known(
        first.id, first.line, file=first.file, title=first.title, description=first.description,
        severity=first.severity, code=first.code, agents=("a",),
    )  # fmt: skip
    (issue,) = follow([second], [stored], {}, LINES).issues
    return first.id, issue.id


@pytest.mark.parametrize("pair", TWO)
class TestTwo:
    def test_of_one_agent(self, pair):
        before, after = TWO[pair]
        assert len(merged(said("a", before), said("a", after))) == 2

    def test_over_two_reviews(self, pair):
        first, second = followed(*TWO[pair])
        assert first != second


@pytest.mark.parametrize("pair", ONE)
class TestOne:
    def test_of_two_agents(self, pair):
        before, after = ONE[pair]
        (issue,) = merged(said("a", before), said("b", after))
        assert issue.agents == ("a", "b")
        assert issue.severity is min(before["severity"], after["severity"], key=lambda s: s.rank)

    def test_over_two_reviews(self, pair):
        first, second = followed(*ONE[pair])
        assert first == second


def test_two_agents_who_say_the_same_words_in_another_order_mean_two():
    before, after = TWO["the other order of two calls"]
    assert len(merged(said("a", before), said("b", after))) == 2


def test_twelve_files_with_the_same_mistake_are_twelve_issues_each_in_its_place():
    paths = [f"part{n}.py" for n in range(12)]
    whole = diff(*(added(path, 20) for path in paths))
    issues = merge([finding("a", 3, KEY, file=path) for path in paths], diff=whole, lines={})
    assert sorted(issue.file for issue in issues) == sorted(paths)
    assert len({issue.id for issue in issues}) == 12
