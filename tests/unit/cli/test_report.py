"""A local review in its four formats: what a judge held back is in every one of them."""

from __future__ import annotations

import json

import pytest

from bot.cli.report import FORMATS
from bot.findings.policy import decide
from bot.models import FailOn, HeldBack, ReportState, Severity
from tests.fakes.nouns import HEAD, finding, issue, report, result

REPORTS = (report("claude", ReportState.FINISHED, finding(), finding()), report("codex"))


def written(format_, *held, judge=None):
    found = result(issue(), reports=REPORTS, held=held, judge=judge)
    decision = decide(REPORTS, found.issues, (), FailOn.MAJOR, head_sha=HEAD, held=len(held))
    return FORMATS[format_](found, decision)


def held(**more):
    values = {"id": "h-HELD", "line": 9, "severity": Severity.MINOR, "title": "os is unused"}
    return HeldBack(issue=issue(**(values | more)), reason="line 30 uses it", by="arbiter")


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_it_is_listed_with_its_place_reason_and_who_decided(format_):
    text = written(format_, held())
    for word in ("h-HELD", "app.py", "os is unused", "line 30 uses it", "arbiter"):
        assert word in text


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_neither_a_long_path_nor_long_words_push_id_and_reason_out(format_):
    text = written(format_, held(file="d/" * 3000 + "x.py", title="words " * 400))
    assert "h-HELD" in text
    assert "line 30 uses it" in text


def test_the_markdown_is_one_line_for_each_that_pings_nobody():
    text = written("markdown", held(title="@octo\n- <b>"))
    assert "**Not posted** (1 issue): arbiter read these reports" in text
    assert sum("h-HELD" in line for line in text.splitlines()) == 1
    assert "`@octo`" in text
    assert "<b>" not in text


def test_the_json_has_it_apart_from_the_issues_and_whole():
    data = json.loads(written("json", held()))
    assert [i["id"] for i in data["issues"]] == ["h-7KQ2"]
    (item,) = data["held_back"]
    assert (item["id"], item["line"], item["reason"], item["by"]) == (
        "h-HELD", 9, "line 30 uses it", "arbiter",
    )  # fmt: skip
    assert item["description"]


def test_the_sarif_has_it_as_a_suppressed_result():
    (run,) = json.loads(written("sarif", held()))["runs"]
    posted, suppressed = run["results"]
    assert posted["suppressions"] == []
    (suppression,) = suppressed["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")


def test_a_judge_that_did_not_finish_is_said_in_every_format():
    judge = report("arbiter", ReportState.FAILED, reason="rate limit: 429", required=False)
    for format_ in FORMATS:
        assert "rate limit: 429" in written(format_, judge=judge)
