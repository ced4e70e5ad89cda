"""Findings of any tools are read whole or refused with the place, and merged group by group."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.exchange import Entry, Unreadable, merge_entries, read_entries
from bot.models import Finding, Severity

TWICE = (
    '{"id": 1, "agent": "a", "text": "`eval` runs the input of the form"}\n'
    '\n{"id": "two", "agent": "b", "text": "the form input reaches `eval`"}\n'
    '{"agent": "c", "title": "Pool leaks", "description": "the pool is never closed"}\n'
)
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": name}},
            "results": [
                {
                    "ruleId": "X1",
                    "level": "error",
                    "message": {"text": "the form input reaches `eval`"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "src/app.py"},
                                "region": {"startLine": 7},
                            }
                        }
                    ],
                }
            ],
        }
        for name in ("one", "two")
    ],
}


def test_json_lines_become_findings_and_lines_without_an_id_get_one() -> None:
    entries = read_entries(TWICE, "mine")
    assert [entry.id for entry in entries] == [1, "two", "mine#4"]
    assert [entry.finding.agent for entry in entries] == ["a", "b", "c"]
    assert entries[2].finding.title == "Pool leaks"
    assert entries[0].finding.severity is Severity.MINOR


@pytest.mark.parametrize("key", ["text", "title", "description"])
def test_a_line_needs_no_more_than_words(key: str) -> None:
    (entry,) = read_entries(json.dumps({key: "eval runs input"}), "mine")
    assert entry.finding.description == "eval runs input"


def test_all_that_a_line_may_say_is_kept() -> None:
    line = {
        "id": "x", "text": "t", "file": "./src/a.py", "line": "7-9", "severity": "HIGH",
        "group": "g", "category": "Security", "rule": "B307", "confidence": 0.5,
    }  # fmt: skip
    (entry,) = read_entries(json.dumps(line), "mine")
    assert entry == Entry(
        id="x",
        group="g",
        finding=Finding(
            agent="mine", severity=Severity.MAJOR, file="src/a.py", line=7, end_line=9,
            description="t", category="security", rule="B307", confidence=0.5,
        ),
    )  # fmt: skip


def test_equal_problems_share_a_cluster_and_others_do_not() -> None:
    merged = merge_entries(read_entries(TWICE, "mine"))
    first, second, third = merged.clusters
    assert first == second != third
    assert {first, third} == {issue.id for issue in merged.issues}
    assert sorted(len(issue.sources) for issue in merged.issues) == [1, 2]


def test_only_findings_of_one_group_are_merged() -> None:
    lines = [json.loads(line) for line in TWICE.splitlines() if line]
    lines[0]["group"] = "other"
    text = "\n".join(map(json.dumps, lines))
    merged = merge_entries(read_entries(text, "mine"))
    assert len(set(merged.clusters)) == 3
    assert merged.clusters[0].startswith("other:")


def test_sarif_names_its_tools() -> None:
    entries = read_entries(json.dumps(SARIF), "file")
    assert [(e.id, e.finding.agent, e.finding.line) for e in entries] == [
        ("file#1", "one", 7),
        ("file#2", "two", 7),
    ]
    assert len(set(merge_entries(entries).clusters)) == 1


def test_the_answer_of_an_agent_is_read_too() -> None:
    answer = {"issues": [{"severity": "major", "file": "a.py", "description": "d"}]}
    assert read_entries(json.dumps(answer), "claude")[0].finding.agent == "claude"
    named = {**answer, "agent": "codex"}
    assert read_entries(json.dumps(named, indent=2), "x")[0].finding.agent == "codex"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"text": "a"}\nnonsense\n', "line 2 is no JSON object"),
        ('{"text": "a"}\n[1]\n', "line 2 is no JSON object"),
        ('{"text": "a"}\n{"id": 1}\n', 'line 2 has no "text"'),
        ('{"text": "a", "severity": "odd"}', "line 1: its severity is 'odd'"),
        ('{"text": "a", "file": "../x"}', "line 1: its file: '../x' leaves the tree"),
        ('{"text": "a", "file": 7}', "line 1: its file"),
        ('{"a": 1}', "neither SARIF nor"),
        ('{"issues": [{"severity": "major"}]}', "issue 1:"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, where: str) -> None:
    with pytest.raises(Unreadable, match=where):
        read_entries(text, "mine")


def test_an_empty_file_has_no_findings() -> None:
    assert merge_entries(read_entries("\n", "mine")).clusters == ()


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_nothing_breaks_the_reader(text: str) -> None:
    try:
        entries = read_entries(text, "mine")
    except Unreadable:
        return
    assert len(merge_entries(entries).clusters) == len(entries)


texts = st.sampled_from(["eval runs input", "input reaches eval", "pool leaks", "x", ""])
rows = st.lists(
    st.fixed_dictionaries(
        {"text": texts, "agent": st.sampled_from("abc")}, optional={"group": st.sampled_from("gh")}
    ),
    max_size=8,
)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_no_cluster(
    found: list[dict[str, str]], random: object
) -> None:
    named = [{**row, "id": n} for n, row in enumerate(found)]
    mixed = list(named)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis's own random

    def clusters(lines: list[dict[str, object]]) -> set[frozenset[object]]:
        entries = read_entries("\n".join(map(json.dumps, lines)), "x")
        by: dict[str, set[object]] = {}
        for entry, name in zip(entries, merge_entries(entries).clusters, strict=True):
            by.setdefault(name, set()).add(entry.id)
        return {frozenset(ids) for ids in by.values()}

    assert clusters(list(named)) == clusters(mixed)


@pytest.mark.parametrize("run", [3, {"tool": [], "results": []}, {"tool": {"driver": 3}}])
def test_a_run_of_no_tool_that_there_is_breaks_nothing(run: object) -> None:
    log = {**SARIF, "runs": [*SARIF["runs"], run]}
    assert [entry.finding.agent for entry in read_entries(json.dumps(log), "f")] == ["one", "two"]


def test_a_run_that_names_no_tool_is_the_files() -> None:
    (first, _) = SARIF["runs"]
    log = {**SARIF, "runs": [{**first, "tool": []}]}  # type: ignore[dict-item]  # as above
    assert [entry.finding.agent for entry in read_entries(json.dumps(log), "f")] == ["f"]


MERGED = {
    "severity": "major", "file": "app.py", "line": 5, "title": "eval", "description": "runs it",
    "agents": ["bandit", "ruff"],
}  # fmt: skip


class TestAReviewThatWasMergedBefore:
    def said(self, **more):
        text = json.dumps({"issues": [{**MERGED, **more}]})
        return [entry.finding for entry in read_entries(text, "report")]

    def test_each_agent_keeps_its_own_words(self):
        sources = [
            {"agent": "bandit", "rule": "B307", "title": "", "description": "unsafe function"},
            {"agent": "ruff", "rule": "S307", "title": "insecure", "description": ""},
        ]
        one, other = self.said(sources=sources)
        assert (one.agent, one.rule, one.title, one.description, one.line) == (
            "bandit", "B307", "eval", "unsafe function", 5,
        )  # fmt: skip
        assert (other.agent, other.title, other.description) == ("ruff", "insecure", "runs it")
        assert one.severity is Severity.MAJOR

    @pytest.mark.parametrize("sources", [None, "x", [], ["x"], [{"agent": 3}], [{"agent": ""}]])
    def test_what_names_nobody_is_the_files_own_word(self, sources):
        (one,) = self.said(sources=sources)
        assert one.agent == "report"

    def test_agents_are_bounded(self):
        assert len(self.said(sources=[{"agent": f"a{n}"} for n in range(300)])) == 100
