"""SARIF 2.1.0, both ways."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from bot.findings.parse import parse_answer
from bot.findings.sarif import is_sarif, read_sarif, write_sarif
from bot.models import HeldBack, Placement, ReportState, Severity, Side, Skipped, Tokens
from tests.fakes.nouns import BASE, HEAD, anchor_at, finding, issue, report, result

SCHEMA = Path(__file__).parents[2] / "samples" / "sarif-schema-2.1.0.json"


@cache
def validator():
    schema = json.loads(SCHEMA.read_text())
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def place(uri="src/app.py", **region):
    physical = {"artifactLocation": {"uri": uri}}
    return {"physicalLocation": physical | ({"region": region} if region else {})}


def log(*results, rules=(), **run):
    driver = {"name": "tool", "rules": list(rules)}
    return {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": list(results), **run}],
    }


def hit(text="it breaks", uri="src/app.py", **more):
    return {"message": {"text": text}, "locations": [place(uri, startLine=3)], **more}


def one(*args, **more):
    (found,) = read_sarif(log(*args, **more), "tool").findings
    return found


class TestRead:
    def test_a_result_with_its_rule(self):
        rule = {
            "id": "B307",
            "shortDescription": {"text": "eval  used"},
            "properties": {"tags": ["security", "x"]},
        }
        found = one(hit(ruleId="B307", level="error"), rules=[rule])
        assert (found.file, found.line, found.rule) == ("src/app.py", 3, "B307")
        assert (found.title, found.description) == ("eval used", "it breaks")
        assert (found.severity, found.category) == (Severity.MAJOR, "security")

    @pytest.mark.parametrize(
        ("result", "rule", "severity"),
        [
            ({"level": "error"}, {}, "major"),
            ({"level": "warning"}, {}, "minor"),
            ({"level": "note"}, {}, "minor"),
            ({"level": "odd"}, {}, "minor"),
            ({}, {}, "minor"),
            ({}, {"defaultConfiguration": {"level": "error"}}, "major"),
            ({"level": "error", "rank": 95}, {}, "critical"),
            ({"level": "error", "rank": 90}, {}, "critical"),
            ({"level": "error", "rank": 89.9}, {}, "major"),
            ({"level": "warning", "rank": 95}, {}, "minor"),
            ({"level": "error", "rank": 10}, {}, "major"),
            ({}, {"properties": {"security-severity": "9.1"}}, "critical"),
            ({}, {"properties": {"security-severity": "7.0"}}, "major"),
            ({"level": "error"}, {"properties": {"security-severity": "4.0"}}, "minor"),
        ],
    )
    def test_severity(self, result, rule, severity):
        found = one(hit(ruleId="R", **result), rules=[{"id": "R", **rule}])
        assert found.severity is Severity(severity)

    def test_security_severity_means_security(self):
        rule = {"id": "R", "properties": {"security-severity": "5"}}
        assert one(hit(ruleId="R"), rules=[rule]).category == "security"
        assert one(hit()).category == ""

    @pytest.mark.parametrize(
        "word", ["security", "correctness", "performance", "tests", "maintainability", "docs"]
    )
    def test_a_tag_that_names_a_category_is_one(self, word):
        rule = {"id": "R", "properties": {"tags": [3, "x", word]}}
        assert one(hit(ruleId="R"), rules=[rule]).category == word

    def test_rules_by_index_and_in_extensions(self):
        rules = [{"id": "A"}, {"id": "B"}]
        assert one(hit(ruleIndex=1), rules=rules).rule == "B"
        assert one(hit(rule={"index": 0}), rules=rules).rule == "A"
        assert one(hit(rule={"id": "B"}), rules=rules).rule == "B"
        extended = log(hit(rule={"index": 0, "toolComponent": {"index": 0}}))
        extended["runs"][0]["tool"]["extensions"] = [{"rules": [{"id": "X"}]}]
        assert read_sarif(extended, "t").findings[0].rule == "X"
        assert one(hit(ruleIndex=99), rules=rules).rule == ""

    def test_messages_by_id_with_arguments(self):
        rule = {"id": "R", "messageStrings": {"m": {"text": "{0} breaks {1}"}}}
        message = {"id": "m", "arguments": ["this", "that"]}
        assert one(hit(ruleId="R", message=message), rules=[rule]).description == "this breaks that"

    def test_without_a_message_the_rule_speaks(self):
        rule = {"id": "R", "shortDescription": {"text": "short"}}
        assert one(hit(ruleId="R", message={}), rules=[rule]).description == "short"
        assert one(hit(ruleId="R", message={})).description == "R"

    def test_lines(self):
        def lines(**region):
            found = one({"message": {"text": "x"}, "locations": [place(**region)]})
            return found.line, found.end_line

        assert lines(startLine=3, endLine=5) == (3, 5)
        assert lines(startLine=3, endLine=5, endColumn=1) == (3, 4)
        assert lines(startLine=3, endLine=4, endColumn=1) == (3, None)
        assert lines() == (None, None)

    @pytest.mark.parametrize(
        ("uri", "path"),
        [
            ("src/a%20b.py", "src/a b.py"),
            ("file:///work/src/app.py", "src/app.py"),
            ("file:/work/src/app.py", "src/app.py"),
            ("./src/app.py", "src/app.py"),
            ("caf%E9.py", "caf\udce9.py"),
            ("a:b.py", "a:b.py"),
        ],
    )
    def test_addresses(self, uri, path):
        assert one(hit(uri=uri)).file == path

    @pytest.mark.parametrize("uri", ["https://evil/x", "file:///etc/passwd", "../x", 3, None])
    def test_addresses_outside_the_tree(self, uri):
        read = read_sarif(log(hit(uri=uri), hit()), "t")
        assert len(read.findings) == 1
        assert read.complete
        (problem,) = read.problems
        assert problem.startswith("result 1: ")

    def test_addresses_relative_to_a_base(self):
        bases = {"SRC": {"uri": "file:///work/src/"}, "HOME": {"uri": "file:///home/ci/"}}

        def path(base):
            location = {"uri": "app.py", "uriBaseId": base}
            result = {
                "message": {"text": "x"},
                "locations": [{"physicalLocation": {"artifactLocation": location}}],
            }
            return one(result, originalUriBaseIds=bases).file

        assert path("SRC") == "src/app.py"
        assert path("HOME") == "app.py"
        assert path("NONE") == "app.py"

    def test_an_address_from_the_root_has_no_base(self):
        location = {"uri": "/work/src/app.py", "uriBaseId": "SRC"}
        hit = {
            "message": {"text": "x"},
            "locations": [{"physicalLocation": {"artifactLocation": location}}],
        }
        bases = {"SRC": {"uri": "file:///work/lib/"}}
        assert one(hit, originalUriBaseIds=bases).file == "src/app.py"

    def test_addresses_by_index(self):
        result = {
            "message": {"text": "x"},
            "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}}}],
        }
        assert one(result, artifacts=[{"location": {"uri": "x.py"}}]).file == "x.py"

    def test_a_fix_in_words(self):
        assert one(hit(fixes=[{"description": {"text": "do it"}}])).suggestion == "do it"

    @pytest.mark.parametrize(
        "more",
        [
            {"kind": "pass"},
            {"baselineState": "absent"},
            {"suppressions": [{"kind": "inSource"}]},
            {"suppressions": [{"kind": "external", "status": "accepted"}]},
        ],
    )
    def test_what_is_no_problem(self, more):
        read = read_sarif(log(hit(**more)), "t")
        assert read.findings == ()
        assert read.complete

    def test_a_suppression_under_review_hides_nothing(self):
        assert one(hit(suppressions=[{"kind": "external", "status": "underReview"}]))

    def test_no_results_is_clean(self):
        assert read_sarif(log(), "t").complete

    @pytest.mark.parametrize(
        "broken",
        [
            {"version": "2.1.0", "runs": []},
            {"version": "2.1.0", "runs": [{}]},
            {"version": "2.1.0", "runs": [{"results": None}]},
            {"version": "2.1.0", "runs": [3]},
            log(hit(), invocations=[{"executionSuccessful": False}]),
            log("x"),
            log({"locations": [place()]}),
        ],
    )
    def test_what_is_not_a_clean_answer(self, broken):
        assert not read_sarif(broken, "t").complete
        assert not parse_answer(json.dumps(broken), agent="t").readable

    def test_findings_of_a_failed_run_are_kept(self):
        read = read_sarif(log(hit(), invocations=[{"executionSuccessful": False}]), "t")
        assert len(read.findings) == 1
        assert read.problems == ("a run of its SARIF log failed or holds no results",)

    def test_as_the_answer_of_an_agent(self):
        answer = parse_answer(f"done\n{json.dumps(log(hit()))}", agent="t")
        assert answer.readable
        assert len(answer.findings) == 1

    def test_an_object_with_runs_is_not_sarif_by_itself(self):
        assert not is_sarif({"runs": []})
        assert not is_sarif({"version": "2.1.0"})
        assert is_sarif({"runs": [], "$schema": "https://x/sarif-2.1.0.json"})


class TestWrite:
    def log(self, *issues, **more):
        written = write_sarif(result(*issues, **more))
        validator().validate(json.loads(json.dumps(written)))
        return written["runs"][0]

    def test_an_empty_review(self):
        assert self.log()["results"] == []

    def test_a_result_says_who_found_what(self):
        sources = (
            finding("claude", 22, severity=Severity.CRITICAL, confidence=0.9),
            finding("bandit", 22, "eval", rule="B307", severity=Severity.MINOR),
        )
        run = self.log(issue(sources=sources, end_line=23, code="eval(x)", suggestion="use ast"))
        (written,) = run["results"]
        assert (written["ruleId"], written["level"]) == ("B307", "error")
        assert run["tool"]["driver"]["rules"][written["ruleIndex"]]["id"] == "B307"
        assert written["partialFingerprints"] == {"harnessIssue/v1": "h-7KQ2"}
        assert written["message"]["text"].endswith("use ast")
        region = written["locations"][0]["physicalLocation"]["region"]
        assert region == {"startLine": 22, "endLine": 23, "snippet": {"text": "eval(x)"}}
        assert [s["agent"] for s in written["properties"]["sources"]] == ["claude", "bandit"]

    def test_the_properties_of_a_result_hold_all_that_is_known(self):
        source = finding(
            "claude", 22, "it breaks", end_line=23, title="t", rule="B307", confidence=0.9
        )
        (written,) = self.log(issue(sources=(source,), confidence=0.9, category="docs"))["results"]
        assert written["properties"] == {
            "id": "h-7KQ2",
            "severity": "critical",
            "state": "new",
            "category": "docs",
            "confidence": 0.9,
            "placement": "inline",
            "agents": ["claude"],
            "sources": [
                {
                    "agent": "claude",
                    "severity": "major",
                    "rule": "B307",
                    "title": "t",
                    "description": "it breaks",
                    "line": 22,
                    "endLine": 23,
                    "confidence": 0.9,
                }
            ],
        }

    def test_an_agent_is_told_with_what_it_did(self):
        tokens = Tokens(input=5, output=7)
        claude = report(
            "claude", ReportState.FINISHED, finding(), tokens=tokens, duration=1.23456, reason="so"
        )
        (written,) = self.log(issue(), reports=(claude,))["properties"]["agents"]
        assert written == {
            "name": "claude",
            "state": "finished",
            "required": True,
            "reason": "so",
            "findings": 1,
            "seconds": 1.235,
            "inputTokens": 5,
            "outputTokens": 7,
            "costUsd": None,
        }

    def test_the_run_says_which_commits_were_compared(self):
        run = self.log(issue())
        assert run["properties"]["headSha"] == HEAD
        assert run["properties"]["baseSha"] == BASE
        assert run["properties"]["found"] == 1
        assert run["properties"]["judge"] is None
        assert run["columnKind"] == "unicodeCodePoints"
        assert run["tool"]["driver"]["name"] == "harness"
        assert run["tool"]["driver"]["rules"] == [
            {"id": "review", "name": "review", "shortDescription": {"text": "review"}}
        ]

    def test_a_fix_says_what_it_is_for(self):
        run = self.log(issue(replacement="x", suggestion="so"), issue("h-3", replacement="x"))
        said = [r["fixes"][0]["description"]["text"] for r in run["results"]]
        assert said == ["so", issue().title]

    def test_rules_are_categories_where_no_analyzer_has_a_code(self):
        run = self.log(issue(category="security"), issue("h-2222", severity=Severity.MINOR))
        assert [r["ruleId"] for r in run["results"]] == ["security", "review"]
        assert [r["level"] for r in run["results"]] == ["error", "warning"]
        assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["review", "security"]

    def test_replacements_are_fixes(self):
        run = self.log(issue(replacement="x = 1", suggestion="so"), issue("h-3", replacement=""))
        change, deletion = (r["fixes"][0]["artifactChanges"][0] for r in run["results"])
        assert change["replacements"][0] == {
            "deletedRegion": {"startLine": 22, "endLine": 22},
            "insertedContent": {"text": "x = 1"},
        }
        assert deletion["replacements"][0]["deletedRegion"] == {
            "startLine": 22, "startColumn": 1, "endLine": 23, "endColumn": 1,
        }  # fmt: skip

    def test_lines_of_the_base_are_no_region(self):
        left = issue(side=Side.LEFT, anchor=anchor_at(22, side=Side.LEFT))
        whole = issue("h-2", line=None)
        for written in self.log(left, whole)["results"]:
            assert "region" not in written["locations"][0]["physicalLocation"]

    def test_odd_names_and_texts(self):
        odd = issue(
            file="caf\udce9 ü/#%?.py", title="\ud800", description="\ud800\0", code="\udce9"
        )
        written = self.log(odd)["results"][0]
        location = written["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location["uri"] == "caf%E9%20%C3%BC/%23%25%3F.py"
        assert read_sarif(write_sarif(result(odd)), "x").findings[0].file == odd.file

    def test_what_a_judge_held_back_is_a_suppressed_result(self):
        held = (
            HeldBack(issue=issue("h-HELD", 9, category="docs"), reason="no \ud800", by="judge"),
            HeldBack(issue=issue("h-HEL2", 8, category="tests"), reason="nor this", by="judge"),
        )
        run = self.log(issue(), held=held, judge=report("judge", cost=Decimal("0.10")))
        posted, first, second = run["results"]
        assert posted["suppressions"] == []
        assert first["suppressions"] == [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "no ?",
                "properties": {"by": "judge"},
            }
        ]
        assert second["suppressions"][0]["justification"] == "nor this"
        assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["docs", "review", "tests"]
        assert (first["ruleId"], first["ruleIndex"]) == ("docs", 0)
        assert run["properties"]["heldBack"] == 2
        assert run["properties"]["judge"]["costUsd"] == "0.10"

    def test_what_was_held_back_is_no_finding_of_whoever_reads_the_log(self):
        held = (HeldBack(issue=issue("h-HELD", 9), reason="no", by="judge"),)
        found = read_sarif(write_sarif(result(issue(), held=held)), "x").findings
        assert [f.line for f in found] == [22]

    def test_without_anything_held_back_no_result_speaks_of_it(self):
        assert "suppressions" not in self.log(issue())["results"][0]

    def test_a_judge_that_did_not_finish_is_told_and_fails_nothing(self):
        judge = report("judge", ReportState.FAILED, reason="crashed", required=False)
        (invocation,) = self.log(issue(), judge=judge)["invocations"]
        assert invocation["executionSuccessful"]
        (notification,) = invocation["toolExecutionNotifications"]
        assert notification["message"]["text"] == "judge did not finish: crashed"

    def test_agents_that_did_not_finish(self):
        reports = (
            report("codex", ReportState.FAILED, reason="rate limit", cost=Decimal("0.10")),
            report("claude"),
        )
        run = self.log(reports=reports, skipped=(Skipped(path="x.lock", reason="ignored"),))
        (invocation,) = run["invocations"]
        assert not invocation["executionSuccessful"]
        (notification,) = invocation["toolExecutionNotifications"]
        assert notification["message"]["text"] == "codex did not finish: rate limit"
        assert [a["costUsd"] for a in run["properties"]["agents"]] == ["0.10", None]
        assert run["properties"]["skipped"] == [{"path": "x.lock", "reason": "ignored"}]

    def test_an_optional_agent_fails_no_invocation(self):
        optional = report("codex", ReportState.FAILED, required=False)
        (invocation,) = self.log(reports=(optional,))["invocations"]
        assert invocation["executionSuccessful"]
        assert invocation["toolExecutionNotifications"][0]["level"] == "warning"

    def test_what_is_written_can_be_read(self):
        assert issue().anchor.placement is Placement.INLINE
        (read,) = read_sarif(write_sarif(result(issue())), "harness").findings
        assert (read.file, read.line, read.severity) == ("app.py", 22, Severity.MAJOR)
