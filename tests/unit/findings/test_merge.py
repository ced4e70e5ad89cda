"""One issue for each problem, every agent's words kept."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings import merge as merging
from bot.findings.cluster import average_linkage
from bot.findings.likeness import distance
from bot.findings.merge import merge
from bot.findings.similarity import cosine, stem, vectors
from bot.models import Placement, Severity, Side
from tests.fakes.nouns import added, changed, diff, finding, hunk

DIFF = diff(added("app.py", 60), added("util.py", 60))
LINES = {
    "app.py": [f"line {n}" for n in range(1, 61)],
    "util.py": [f"util {n}" for n in range(1, 61)],
}

EVAL = "`eval` runs whatever the caller sends to the calculator, so anybody can run code"
EVAL_2 = "the calculator passes what the caller sends to `eval`, which runs arbitrary code"
LEAK = "the connection is never closed when the commit fails, so the pool runs dry"
NAME = "unused variable `total` is computed in every request"


def ruff(rule, line, text, **more):
    return finding("ruff", line, text, rule=rule, severity=Severity.MINOR, **more)


def bandit(rule, line, text, **more):
    return finding("bandit", line, text, rule=rule, severity=Severity.MINOR, **more)


S307 = "Use of possibly insecure function; consider using `ast.literal_eval`"
B307 = "Use of possibly insecure function - consider using safer ast.literal_eval."


def merged(*findings, diff=DIFF, lines=LINES):
    return merge(findings, diff=diff, lines=lines)


def sources(*findings, **more):
    return sorted(sorted((s.agent, s.line) for s in i.sources) for i in merged(*findings, **more))


class TestWhatIsOne:
    def test_two_agents_in_other_words(self):
        assert len(merged(finding("a", 5, EVAL), finding("b", 6, EVAL_2))) == 1

    def test_unlike_problems_on_one_line_stay_apart(self):
        found = (finding("a", 5, EVAL), finding("b", 5, LEAK), finding("c", 5, NAME))
        assert len(merged(*found)) == 3

    def test_an_exact_repetition_of_one_agent(self):
        assert len(merged(finding("a", 5, EVAL), finding("a", 5, EVAL))) == 1

    def test_one_agent_naming_two_places_means_two(self):
        assert len(merged(finding("a", 5, EVAL), finding("a", 9, EVAL))) == 2
        assert len(merged(finding("a", 5, EVAL), finding("a", 5, EVAL, file="util.py"))) == 2

    def test_one_agent_saying_one_thing_twice_without_a_place(self):
        assert len(merged(finding("a", None, EVAL), finding("a", 5, EVAL + "!"))) == 1

    def test_one_agent_naming_two_places_means_two_whatever_others_say_of_the_file(self):
        said = [finding(n, None, EVAL) for n in "bcd"]
        found = merged(finding("a", 5, EVAL), finding("a", 50, EVAL), *said)
        assert sorted(len(i.sources) for i in found) == [1, 4]

    def test_each_place_is_merged_with_its_own(self):
        a5, a50 = finding("a", 5, EVAL), finding("a", 50, EVAL)
        b6, b51 = finding("b", 6, EVAL_2), finding("b", 51, EVAL_2)
        assert sources(a5, a50, b6, b51) == [[("a", 5), ("b", 6)], [("a", 50), ("b", 51)]]

    def test_the_same_words_about_another_file_are_weaker_but_not_impossible(self):
        a, b = finding("a", 5, EVAL), finding("b", 9, EVAL, file="util.py")
        assert len(merged(a, b)) == 1
        weak = finding("b", 9, "eval runs code here", file="util.py")
        assert len(merged(finding("a", 5, EVAL), weak, finding("c", 3, LEAK))) == 3


class TestAnalyzers:
    def test_the_same_check_of_two_analyzers(self):
        assert len(merged(ruff("S307", 5, S307), bandit("B307", 5, B307))) == 1

    def test_the_same_number_is_enough_with_a_word_in_common(self):
        found = ruff("S110", 5, "`try`-`except`-`pass` detected, consider logging")
        other = bandit("B110", 5, "Swallowed: except with an empty body.")
        assert len(merged(found, other)) == 1

    def test_the_same_number_about_something_else(self):
        assert len(merged(ruff("E501", 5, "Line too long"), bandit("B501", 5, "TLS is off"))) == 2

    def test_another_line_is_another_issue(self):
        findings = [f(c, n, t) for n in (5, 9) for f, c, t in
                    ((ruff, "S307", S307), (bandit, "B307", B307))]  # fmt: skip
        expected = [[("bandit", 5), ("ruff", 5)], [("bandit", 9), ("ruff", 9)]]
        assert sources(*findings) == expected
        assert len(merged(ruff("S307", 5, S307), bandit("B307", 9, B307))) == 2

    def test_two_rules_on_one_line(self):
        shell = "subprocess call with shell=True identified, security issue."
        partial = "Starting a process with a partial executable path"
        findings = (
            ruff("S602", 5, "`subprocess` call with `shell=True` identified, security issue"),
            ruff("S607", 5, partial),
            bandit("B602", 5, shell),
            bandit("B607", 5, partial),
        )
        groups = [sorted(s.rule for s in i.sources) for i in merged(*findings)]
        assert sorted(groups) == [["B602", "S602"], ["B607", "S607"]]

    def test_nearly_the_same_words_under_other_numbers(self):
        found = ruff("F401", 5, "`os` imported but unused")
        other = finding("pyflakes", 5, "`os` imported but unused", rule="W0611")
        assert len(merged(found, other)) == 1

    def test_other_words_under_other_numbers(self):
        assert (
            len(merged(ruff("F401", 5, "`os` is unused"), bandit("B403", 5, "unused pickle"))) == 2
        )

    def test_a_model_and_an_analyzer_on_the_same_line(self):
        model = finding("a", 5, "the password is hardcoded in the source", severity=Severity.MAJOR)
        rule = bandit("B105", 5, "Possible hardcoded password: 'hunter2'")
        (issue,) = merged(model, rule)
        assert issue.description == model.description
        assert issue.severity is Severity.MAJOR

    def test_a_model_nearby_gets_no_bonus_from_an_analyzers_line(self):
        rule = ruff("S602", 4, "`subprocess` call with `shell=True` identified, security issue")
        assert len(merged(rule, finding("a", 6, EVAL + " by a call"))) == 2


class TestTheIssue:
    def test_the_severest_severity_and_the_clearest_text(self):
        short = finding("a", 5, "eval on caller input", severity=Severity.CRITICAL)
        clear = finding(
            "b", 5, EVAL_2, title="The calculator evaluates caller input", category="security"
        )
        (issue,) = merged(short, clear)
        assert issue.severity is Severity.CRITICAL
        assert (issue.title, issue.description) == (clear.title, clear.description)
        assert issue.category == "security"
        assert issue.agents == ("a", "b")

    def test_the_best_placed_lines_with_their_fix(self):
        outside = finding("a", 90, EVAL, title="The clearest title of all")
        inside = finding("b", 5, EVAL_2, replacement="safe()", suggestion="use safe")
        (issue,) = merged(outside, inside)
        assert (issue.line, issue.anchor.placement) == (5, Placement.INLINE)
        assert issue.replacement == "safe()"
        assert issue.suggestion == "use safe"
        assert issue.code == "line 5"

    def test_the_line_that_most_agents_name(self):
        found = [finding(n, line, EVAL) for n, line in (("a", 5), ("b", 7), ("c", 7))]
        assert merged(*found)[0].line == 7

    @pytest.mark.parametrize("other", ["eval runs code", f"{EVAL}. " * 30])
    def test_neither_the_shortest_nor_the_longest_text_is_shown(self, other):
        found = (finding("a", 5, other), finding("b", 5, EVAL), finding("c", 5, other))
        assert merged(*found)[0].description == EVAL

    def test_of_equally_many_the_line_of_the_clearest_text(self):
        long = finding("a", 5, "eval " * 400)
        clear = finding("b", 7, EVAL_2, title="The calculator evaluates caller input")
        assert merged(long, clear)[0].line == 7

    def test_where_the_clearest_text_names_no_place_the_shortest_range(self):
        clear = finding("a", 90, EVAL, title="The calculator evaluates caller input")
        long, short = finding("b", 5, EVAL, end_line=20), finding("c", 5, EVAL_2, end_line=6)
        (issue,) = merged(clear, long, short)
        assert issue.title == clear.title
        assert (issue.line, issue.end_line) == (5, 6)

    def test_the_suggestion_of_another_where_the_clearest_has_none(self):
        clear = finding("a", 5, EVAL, title="The calculator evaluates caller input")
        other = finding("b", 5, EVAL_2, suggestion="use safe", category="security")
        (issue,) = merged(clear, other)
        assert (issue.title, issue.suggestion) == (clear.title, "use safe")
        assert issue.category == "security"

    def test_a_fix_that_does_not_fit_its_comment_is_none(self):
        file = changed("app.py", hunk(1, 1, " a", "+b", " c"))
        beyond = finding("a", 3, EVAL, end_line=9, replacement="x")
        (issue,) = merged(beyond, diff=diff(file))
        assert issue.anchor.line == 3
        assert issue.replacement is None
        assert issue.sources[0].replacement == "x"

    def test_a_fix_that_changes_nothing_is_none(self):
        assert merged(finding("a", 5, EVAL, replacement="line 5"))[0].replacement is None

    def test_a_title_from_the_first_sentence(self):
        text = "The pool runs dry. It is never closed when the commit fails."
        assert merged(finding("a", 5, text))[0].title == "The pool runs dry"

    def test_a_title_of_just_the_greatest_length_is_not_cut(self):
        title = "word " * 13 + "words"
        assert merged(finding("a", 5, "x", title=title))[0].title == title
        assert merged(finding("a", 5, "x", title=f"{title}s"))[0].title == "word " * 12 + "word…"

    def test_a_long_title_is_cut_at_a_word(self):
        (issue,) = merged(finding("a", 5, "x", title="word " * 30))
        assert len(issue.title) <= 70
        assert issue.title.endswith("word…")

    def test_code_is_at_most_ten_lines(self):
        (issue,) = merged(finding("a", 5, EVAL, end_line=40))
        assert issue.code.split("\n") == [f"line {n}" for n in range(5, 15)]
        assert (issue.line, issue.end_line) == (5, 40)

    def test_code_of_the_base_comes_from_the_diff(self):
        file = changed("app.py", hunk(3, 3, " a", "-old", "-older", "+new"))
        (issue,) = merged(finding("a", 4, EVAL, end_line=5, side=Side.LEFT), diff=diff(file))
        assert (issue.side, issue.code) == (Side.LEFT, "old\nolder")

    def test_code_of_the_base_of_a_file_outside_the_diff_is_unknown(self):
        (issue,) = merged(finding("a", 4, EVAL, side=Side.LEFT, file="x.py"))
        assert issue.code == ""

    def test_no_lines_no_code(self):
        (issue,) = merged(finding("a", None, EVAL))
        assert (issue.line, issue.code, issue.anchor.placement) == (None, "", Placement.FILE)

    @pytest.mark.parametrize(
        ("said", "confidence"),
        [([None], 0.5), ([0.9], 0.9), ([None, None], 0.75), ([0.9, 0.8], 0.98), ([1, 1], 0.99),
         ([0], 0.0)],
    )  # fmt: skip
    def test_confidence_grows_with_agreement(self, said, confidence):
        found = [finding(f"a{n}", 5, EVAL, confidence=c) for n, c in enumerate(said)]
        assert merged(*found)[0].confidence == confidence

    def test_an_agent_agreeing_with_itself_is_one_voice(self):
        twice = (
            finding("a", None, EVAL, confidence=0.4),
            finding("a", 5, EVAL, confidence=0.6),
        )
        assert merged(*twice)[0].confidence == 0.6

    def test_worst_first_then_by_where_it_can_be_shown(self):
        found = merged(
            finding("a", 9, LEAK, severity=Severity.MINOR),
            finding("a", 8, NAME, file="elsewhere.py"),
            finding("a", 99, "the parser recurses without a limit"),
            finding("a", 7, EVAL),
        )
        assert [(i.severity.value, i.anchor.placement.value) for i in found] == [
            ("major", "inline"), ("major", "file"), ("major", "summary"), ("minor", "inline"),
        ]  # fmt: skip

    def test_nothing(self):
        assert merged() == ()


class TestIds:
    def test_equal_findings_have_equal_ids_wherever_the_line_is(self):
        here = merged(finding("a", 5, EVAL, title="Eval!"), lines={"app.py": ["x"] * 9})
        there = merged(finding("b", 8, LEAK, title="evals"), lines={"app.py": ["  x "] * 9})
        assert here[0].id == there[0].id
        assert len(here[0].id) == 6

    def test_equal_mistakes_on_equal_lines_are_told_apart(self):
        lines = {"app.py": ["eval(x)"] * 9}
        found = merged(ruff("S307", 3, S307), ruff("S307", 7, S307), lines=lines)
        assert len({i.id for i in found}) == 2
        first = merged(ruff("S307", 3, S307), lines=lines)
        assert {i.line: i.id for i in found}[3] == first[0].id

    def test_colliding_ids_grow_together(self, monkeypatch):
        monkeypatch.setattr(
            "bot.findings.naming.content_id", lambda _p, text, n: f"h-{text[:9]}"[: n + 2]
        )
        found = merged(finding("a", 5, EVAL), finding("a", 9, EVAL), finding("a", 5, LEAK))
        assert len({i.id for i in found}) >= 1  # a constant hash ends, too
        assert all(len(i.id) > 6 for i in found)


class TestManyFindings:
    def test_a_large_pool_is_compared_file_by_file(self, monkeypatch):
        monkeypatch.setattr(merging, "POOL", 3)
        found = [finding(n, 5, EVAL, file=f) for f in ("app.py", "util.py") for n in "abc"]
        assert [len(i.sources) for i in merged(*found)] == [3, 3]

    def test_one_file_with_too_many_is_compared_in_parts(self, monkeypatch):
        monkeypatch.setattr(merging, "POOL", 2)
        found = [finding(n, 5, EVAL) for n in "abcd"]
        assert [len(i.sources) for i in merged(*found)] == [2, 2]


WORDS = ["eval", "runs", "caller", "connection", "closed", "`total`", "parse_form", "None", "loop"]
drawn = st.builds(
    finding,
    agent=st.sampled_from("abc"),
    line=st.none() | st.integers(1, 70),
    description=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join),
    title=st.sampled_from(["", "It breaks"]),
    severity=st.sampled_from(Severity),
    file=st.sampled_from(["app.py", "util.py", "other.py"]),
    rule=st.sampled_from(["", "", "S307", "B307"]),
    confidence=st.none() | st.floats(0, 1),
    replacement=st.none() | st.just("x"),
)


@given(st.lists(drawn, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(findings, rnd):
    shuffled = list(findings)
    rnd.shuffle(shuffled)
    assert merged(*findings) == merged(*shuffled)


@given(st.lists(drawn, max_size=12))
def test_no_finding_is_lost_and_none_is_in_two_issues(findings):
    issues = merged(*findings)
    kept = [source for issue in issues for source in issue.sources]
    assert len(kept) == len(set(kept))
    assert set(kept) == set(findings)
    assert len({issue.id for issue in issues}) == len(issues)
    for issue in issues:
        assert issue.severity.rank == min(s.severity.rank for s in issue.sources)


@given(st.text(max_size=300), st.text(max_size=300))
def test_similarity_is_symmetric_and_bounded(one, other):
    a, b, *_ = vectors([one, other, "something else"])
    assert cosine(a, b) == pytest.approx(cosine(b, a))
    assert -1e-9 <= cosine(a, b) <= 1 + 1e-9
    assert not a or cosine(a, a) == pytest.approx(1)


def test_stems():
    assert [stem(w) for w in ("closing", "closed", "closes", "pass", "is")] == [
        "clos", "clos", "clos", "pas", "is",
    ]  # fmt: skip


def test_identifiers_weigh_with_their_parts():
    texts = [
        "parse_form fails", "the form cannot be parsed", "self.pool.acquire() blocks",
        "acquire blocks forever", "Foo::bar and baz->qux and fooBar",
    ]  # fmt: skip
    a, b, c, d, e = vectors(texts)
    assert cosine(a, b) > 0
    assert cosine(c, d) > 0
    assert {"i:foo::bar", "i:bar", "i:baz->qux", "i:foobar"} <= set(e)


class TestClusters:
    def table(self, *rows):
        return lambda i, j: rows[i][j]

    def test_the_mean_decides_not_the_best_pair(self):
        chain = self.table((1, 0.9, 0), (0.9, 1, 0.9), (0, 0.9, 1))
        assert average_linkage(3, chain, 0.5) == [(0, 1), (2,)]
        assert average_linkage(3, chain, 0.4) == [(0, 1, 2)]

    def test_a_mean_at_the_threshold_is_enough(self):
        pair = self.table((1, 0.5), (0.5, 1))
        assert average_linkage(2, pair, 0.5) == [(0, 1)]
        assert average_linkage(2, pair, 0.51) == [(0,), (1,)]
        chain = self.table((1, 0.75, 0.25), (0.75, 1, 0.75), (0.25, 0.75, 1))
        assert average_linkage(3, chain, 0.5) == [(0, 1, 2)]

    def test_every_member_of_a_group_counts_alike(self):
        # 0, 1 and 2 are one; 3 is near to one of the three only.
        near = {(0, 1): 0.9, (0, 2): 0.9, (1, 2): 0.9, (0, 3): 0.0, (1, 3): 0.0, (2, 3): 0.8}
        assert average_linkage(4, lambda i, j: near[i, j], 0.3) == [(0, 1, 2), (3,)]
        assert average_linkage(4, lambda i, j: near[i, j], 0.26) == [(0, 1, 2, 3)]

    def test_what_is_never_one_stays_apart_through_a_third(self):
        table = self.table((1, 0.9, -1), (0.9, 1, 0.9), (-1, 0.9, 1))
        assert average_linkage(3, table, -0.5, never=-1) == [(0, 1), (2,)]

    @given(st.integers(0, 9), st.integers(0, 10**6), st.floats(-1, 1))
    def test_every_item_is_in_exactly_one_group(self, count, seed, threshold):
        def similarity(i, j):
            return random.Random(f"{seed} {i} {j}").uniform(-1, 1)  # noqa: S311  # no secret

        groups = average_linkage(count, similarity, threshold)
        assert sorted(n for group in groups for n in group) == list(range(count))

    def test_distances(self):
        def at(line, end=None, side=Side.RIGHT):
            return finding("a", line, "x", end_line=end, side=side)

        assert distance(at(5), at(8)) == 3
        assert distance(at(8), at(5)) == 3
        assert distance(at(5, 9), at(7)) == 0
        assert distance(at(5), at(None)) is None
        assert distance(at(5), at(5, side=Side.LEFT)) is None
