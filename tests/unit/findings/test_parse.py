"""Reading an agent's answer."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.parse import MAX_FINDINGS, MAX_PROBLEMS, parse_answer
from bot.models import Severity, Side

ONE = {"severity": "major", "file": "src/app.py", "line": 3, "description": "it breaks"}


def parse(value, **more):
    return parse_answer(value if isinstance(value, str) else json.dumps(value), agent="a", **more)


def only(item, **more):
    """The finding of an answer with one item besides a good one, or None; and the problems."""
    answer = parse({"issues": [{**ONE, **item}]}, **more)
    return (answer.findings[0] if answer.findings else None), answer.problems


class TestWhichObjectCounts:
    def test_a_bare_object(self):
        answer = parse({"summary": " fine ", "issues": [ONE], "praise": ["a", 3, "b"]})
        assert answer.readable
        assert answer.summary == "fine"
        assert answer.praise == ("a", "b")
        assert [(f.agent, f.file, f.line) for f in answer.findings] == [("a", "src/app.py", 3)]

    def test_a_fenced_object_with_words_around_it(self):
        text = f"I read it.\n\n```json\n{json.dumps({'issues': [ONE]}, indent=1)}\n```\nThat's all."
        assert len(parse(text).findings) == 1

    def test_the_last_answer_counts(self):
        text = json.dumps({"issues": [ONE, ONE]}) + " no, rather: " + json.dumps({"issues": [ONE]})
        assert len(parse(text).findings) == 1

    def test_a_later_object_that_is_no_answer_does_not_count(self):
        text = json.dumps({"issues": [ONE]}) + ' tokens: {"used": 3} {"issues": "none"}'
        assert len(parse(text).findings) == 1

    def test_an_answer_inside_another_object_is_not_one(self):
        assert not parse({"example": {"issues": []}}).readable

    def test_braces_and_answers_inside_texts_are_texts(self):
        item = {**ONE, "description": 'prints }{ and {"issues": []} and \\" too'}
        (finding,) = parse({"issues": [item]}).findings
        assert finding.description == item["description"]

    def test_code_with_braces_before_the_answer(self):
        text = 'The code `{"a": foo, {b}` and {not json} … ' + json.dumps({"issues": [ONE]})
        assert len(parse(text).findings) == 1

    @pytest.mark.parametrize(
        "text",
        ["", "I found nothing.", "{}", '{"issues": {}}', '{"issues": [', "[]", '{"a": 1}', "null"],
    )
    def test_anything_else_is_unreadable_never_no_findings(self, text):
        answer = parse(text)
        assert not answer.readable
        assert answer.problems == ("there is no JSON object with a list of issues",)

    def test_no_issues_is_an_answer(self):
        assert parse({"issues": []}).readable

    def test_an_answer_without_one_readable_item_is_unreadable(self):
        answer = parse({"issues": ["bad", 3]})
        assert not answer.readable
        assert answer.problems == ("issue 1: it is no object", "issue 2: it is no object")


class TestItems:
    def test_a_bad_item_costs_only_itself(self):
        answer = parse({"issues": [{"severity": "odd"}, ONE, None]})
        assert answer.readable
        assert len(answer.findings) == 1
        assert answer.problems == ("issue 1: its severity is 'odd'", "issue 3: it is no object")

    def test_everything_that_an_item_may_hold(self):
        found, problems = only(
            {
                "end_line": 5,
                "title": " A\n title ",
                "suggestion": "do it",
                "replacement": "x = 1\n",
                "category": "Security",
                "confidence": 0.8,
                "rule": "B307",
                "side": "left",
            }
        )
        assert problems == ()
        assert (found.line, found.end_line, found.side) == (3, 5, Side.LEFT)
        assert (found.title, found.suggestion, found.replacement) == ("A title", "do it", "x = 1\n")
        assert (found.category, found.confidence, found.rule) == ("security", 0.8, "B307")

    @pytest.mark.parametrize(
        ("word", "severity"),
        [
            ("critical", "critical"), (" Critical ", "critical"), ("BLOCKER", "critical"),
            ("major", "major"), ("high", "major"), ("error", "major"),
            ("minor", "minor"), ("medium", "minor"), ("low", "minor"), ("nit", "minor"),
        ],
    )  # fmt: skip
    def test_well_known_severities(self, word, severity):
        assert only({"severity": word})[0].severity is Severity(severity)

    @pytest.mark.parametrize(
        ("item", "problem"),
        [
            ({"severity": None}, "its severity is missing"),
            ({"severity": 3}, "its severity is '3'"),
            ({"description": ""}, "it has no description"),
            ({"description": ["x"]}, "it has no description"),
            ({"file": None}, "it names no file"),
            ({"file": 7}, "it names no file"),
            ({"file": ""}, "'' names no file"),
            ({"file": "./"}, "'./' names no file"),
            ({"file": "../etc/passwd"}, "'../etc/passwd' leaves the tree"),
            ({"file": "src/../../x"}, "'src/../../x' leaves the tree"),
            ({"file": "/etc/passwd"}, "'/etc/passwd' is outside the tree"),
            ({"file": "a\0b"}, "'a\\x00b' is no path"),
            ({"file": "\ud800"}, "'\\ud800' is no path"),
        ],
    )
    def test_what_an_item_cannot_do_without(self, item, problem):
        assert only(item) == (None, (f"issue 1: {problem}",))

    def test_a_path_of_endless_length(self):
        found, (problem,) = only({"file": "x" * 5000})
        assert found is None
        assert problem.endswith("xxx…' is no path")
        assert len(problem) < 120

    def test_a_title_alone_is_a_description(self):
        found, _ = only({"description": None, "title": "It breaks"})
        assert (found.title, found.description) == ("It breaks", "It breaks")

    @pytest.mark.parametrize(
        ("written", "path"),
        [
            ("./src//app.py", "src/app.py"),
            ("a/src/app.py", "src/app.py"),
            ("b/src/app.py", "src/app.py"),
            ("/work/src/app.py", "src/app.py"),
            ("/workspace/src/app.py", "src/app.py"),
            ("a", "a"),
            (" src/app.py ", "src/app.py"),
            ("src/ä b.py", "src/ä b.py"),
            ("@scope/[id].tsx", "@scope/[id].tsx"),
        ],
    )
    def test_paths_as_agents_write_them(self, written, path):
        assert only({"file": written})[0].file == path

    @pytest.mark.parametrize("path", ["a/app.py", " odd ", "b/b/x", "x/../y"])
    def test_a_path_of_the_diff_is_left_as_it_is(self, path):
        assert only({"file": path}, paths={path})[0].file == path

    def test_a_known_path_behind_a_prefix(self):
        assert only({"file": "./a/app.py"}, paths={"a/app.py"})[0].file == "a/app.py"

    @pytest.mark.parametrize(
        ("item", "lines"),
        [
            ({"line": 21, "end_line": 23}, (21, 23)),
            ({"line": "21", "end_line": "23"}, (21, 23)),
            ({"line": "21-23"}, (21, 23)),
            ({"line": "L21–L23"}, (21, 23)),
            ({"line": 21.0}, (21, None)),
            ({"line": 23, "end_line": 21}, (21, 23)),
            ({"line": 21, "end_line": 21}, (21, None)),
            ({"line": 21, "end_line": "x"}, (21, None)),
            ({"line": 21, "end_line": 0}, (21, None)),
            ({"line": None, "end_line": 9}, (None, None)),
        ],
    )
    def test_lines(self, item, lines):
        found, problems = only(item)
        assert (found.line, found.end_line) == lines
        assert problems == ()

    @pytest.mark.parametrize(
        "line", [0, -1, True, "x", 1.5, 10**12, float("nan"), float("inf"), [], "0x", int("9" * 60)]
    )
    def test_a_line_that_is_none_is_told(self, line):
        found, (problem,) = only({"line": line})
        assert found.line is None
        assert problem.startswith("issue 1: its line is ")
        assert problem.endswith("so it is about the whole file")

    @pytest.mark.parametrize(
        ("value", "confidence"),
        [
            (0.5, 0.5), (1, 1.0), ("0.7", 0.7), (7, 1.0), (-1, 0.0), (float("inf"), 1.0),
            (float("nan"), None), (True, None), ("high", None), (None, None), ([], None),
        ],
    )  # fmt: skip
    def test_confidence(self, value, confidence):
        assert only({"confidence": value})[0].confidence == confidence

    def test_a_replacement_is_whole_or_none(self):
        assert only({"replacement": ""})[0].replacement == ""
        assert only({"replacement": "x", "line": None})[0].replacement is None
        assert only({"replacement": 3})[0].replacement is None
        found, (problem,) = only({"replacement": "x" * 30_000})
        assert found.replacement is None
        assert problem == "issue 1: its replacement is too long, or binary"
        assert only({"replacement": "\0"})[0].replacement is None

    def test_long_texts_are_cut_visibly(self):
        found, _ = only({"description": "x" * 9_000 + "\0"})
        assert found.description == "x" * 8_000 + " … (1000 characters left out)"

    def test_texts_of_the_answer_of_other_types(self):
        answer = parse({"issues": [], "summary": 3, "praise": "good", "guidance": ["x"]})
        assert (answer.summary, answer.praise, answer.guidance) == ("", ("good",), "")
        assert parse({"issues": [], "praise": {"x": 1}}).praise == ()


class TestBounds:
    def test_the_most_severe_are_kept_and_the_rest_is_told(self):
        minor, critical = {**ONE, "severity": "minor"}, {**ONE, "severity": "critical"}
        answer = parse({"issues": [minor] * MAX_FINDINGS + [critical]})
        assert len(answer.findings) == MAX_FINDINGS
        assert answer.findings[-1].severity is Severity.CRITICAL
        assert answer.problems == ("it reported 501 issues; the 500 most severe were kept",)

    def test_endless_problems_are_counted(self):
        answer = parse({"issues": [ONE] + [3] * 100})
        assert len(answer.problems) == MAX_PROBLEMS + 1
        assert answer.problems[-1] == "70 more of its items could not be read"

    @pytest.mark.parametrize(
        "hostile",
        [
            "{" * 1_000_000, '{"a":' * 200_000, '[{"a":' * 150_000, '{"issues":[' * 90_000,
            '{"a":"' * 150_000, '{"a":' + "1" * 1_000_000 + "}", '{"a":"x' + '{"b' * 300_000,
            '{"a":{"b":1},' * 70_000, '{"' * 500_000, "{}" * 400_000,
            ('{"a":"' + "x" * 600) * 1600,
        ],
        ids=range(11),
    )  # fmt: skip
    def test_hostile_text_before_the_answer_costs_little_and_hides_nothing(self, hostile):
        started = time.perf_counter()
        answer = parse(hostile + "\n" + json.dumps({"issues": [ONE]}))
        assert len(answer.findings) == 1
        assert time.perf_counter() - started < 10  # quadratic ways took minutes

    def test_hostile_text_without_an_answer(self):
        assert not parse('{"a":"x' + '{"b' * 300_000).readable


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = ["severity", "file", "line", "end_line", "title", "description", "suggestion", "rule",
        "replacement", "category", "confidence", "side"]  # fmt: skip


@given(st.text())
def test_no_text_makes_it_raise(text):
    assert parse(text).findings == () or parse(text).readable


@given(
    st.dictionaries(st.sampled_from(["issues", "summary", "praise", "guidance"]), json_like),
    st.lists(st.dictionaries(st.sampled_from(KEYS), json_like) | json_like),
)
def test_no_answer_makes_it_raise(answer, items):
    for found in (parse({**answer, "issues": items}), parse(answer)):
        assert found.findings == () or found.readable


@given(st.text(), st.text())
def test_an_answer_is_found_whatever_stands_around_it(before, after):
    text = before.replace("{", "(") + json.dumps({"issues": [ONE]}) + after.replace("{", "(")
    assert len(parse(text).findings) == 1
