"""Which of today's issues is known already?"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.findings.identity import follow
from bot.models import FileStatus, IssueState
from tests.fakes.nouns import added, changed, diff, finding, hunk, issue, known

REWORDED = {
    "title": "Arbitrary code through `eval`",
    "description": "the argument reaches `eval` as the caller sent it and runs code",
}
OTHER = {
    "title": "Connections leak",
    "description": "the pool is never closed after a failed commit",
}
TEMPLATE = {"title": "Possibly insecure function", "description": "Consider `literal_eval`"}
CODE = "    return eval(x)"


def states(followed):
    return {i.line: (i.id, i.state.value) for i in followed.issues}


def after(*issues, known=(), since=None, lines=None):
    return follow(issues, known, since or {}, lines or {})


UNCHANGED = {"old": diff()}


class TestTheSame:
    def test_unchanged(self):
        followed = after(issue("h-NEW2", code=CODE), known=[known()], since=UNCHANGED)
        assert states(followed) == {22: ("h-7KQ2", "persistent")}
        assert followed.missing == ()

    def test_in_other_words_on_the_same_line(self):
        followed = after(issue("h-NEW2", code=CODE, **REWORDED), known=[known()], since=UNCHANGED)
        assert states(followed) == {22: ("h-7KQ2", "persistent")}

    def test_two_hundred_lines_below(self):
        shifted = {"old": diff(changed("app.py", hunk(1, 1, " a", *("+n",) * 200, " b")))}
        new = issue("h-NEW2", 222, code=CODE, **REWORDED)
        assert states(after(new, known=[known()], since=shifted))[222] == ("h-7KQ2", "persistent")

    def test_in_a_renamed_file(self):
        renamed = {"old": diff(changed("b.py", old_path="app.py", status=FileStatus.RENAMED))}
        new = issue("h-NEW2", file="b.py", code=CODE, **REWORDED)
        assert after(new, known=[known()], since=renamed).issues[0].id == "h-7KQ2"

    def test_its_line_edited_and_still_wrong(self):
        edited = {"old": diff(changed("app.py", hunk(21, 21, " a", "-x", "+y", " b")))}
        new = issue("h-NEW2", code="    return eval(y)", **REWORDED)
        assert after(new, known=[known()], since=edited).issues[0].id == "h-7KQ2"

    def test_its_code_moved_elsewhere_in_the_file(self):
        moved = {
            "old": diff(
                changed("app.py", hunk(21, 21, " a", "-x", " b"), hunk(70, 69, " c", "+x", " d"))
            )
        }
        new = issue("h-NEW2", 70, code=CODE, **REWORDED)
        assert after(new, known=[known()], since=moved).issues[0].id == "h-7KQ2"

    def test_its_function_moved_to_another_file_in_hardly_the_same_words(self):
        code = ["+def f5(x):", f"+{CODE}", "+", "+x"]
        moved = {
            "old": diff(
                changed("app.py", hunk(21, 21, *(f"-{line[1:]}" for line in code))),
                changed("calc.py", hunk(40, 41, " a", *code)),
            )
        }
        new = issue("h-NEW2", 43, file="calc.py", code=CODE, **REWORDED)
        assert after(new, known=[known()], since=moved).issues[0].id == "h-7KQ2"

    def test_its_code_moved_to_another_file(self):
        gone = {"old": diff(changed("app.py", hunk(21, 21, " a", "-x", " b")))}
        new = issue("h-NEW2", 3, file="calc.py", code=CODE)
        assert after(new, known=[known()], since=gone).issues[0].id == "h-7KQ2"

    def test_after_a_force_push_by_its_code(self):
        lines = {"app.py": ["a", "b", CODE]}
        new = issue("h-NEW2", 3, code=CODE, **REWORDED)
        assert after(new, known=[known()], lines=lines).issues[0].id == "h-7KQ2"

    def test_a_line_next_to_it_in_nearly_the_same_words(self):
        new = issue("h-NEW2", 24, code="other")
        assert after(new, known=[known()], since=UNCHANGED).issues[0].id == "h-7KQ2"

    def test_about_the_whole_file(self):
        new = issue("h-NEW2", None)
        old = known(line=None, code="")
        assert after(new, known=[old], since=UNCHANGED).issues[0].id == "h-7KQ2"
        assert after(new, known=[known()], since=UNCHANGED).issues[0].id == "h-7KQ2"

    def test_what_a_person_dismissed_stays_dismissed(self):
        old = known(state=IssueState.DISMISSED)
        (new,) = after(issue("h-NEW2", code=CODE), known=[old], since=UNCHANGED).issues
        assert (new.id, new.state) == ("h-7KQ2", IssueState.DISMISSED)

    def test_what_nobody_was_told_of_yet_is_as_new_as_before(self):
        cut_off = known(posted=False)
        (new,) = after(issue("h-NEW2", code=CODE), known=[cut_off], since=UNCHANGED).issues
        assert (new.id, new.state) == ("h-7KQ2", IssueState.NEW)

    def test_a_range_that_holds_the_line(self):
        new = issue("h-NEW2", 20, end_line=24, code="a\nb\n" + CODE, **REWORDED)
        old = known(end_line=23)
        assert after(new, known=[old], since=UNCHANGED).issues[0].id == "h-7KQ2"


class TestFromEveryState:
    """What is closed is known as well; the table of states says what finding it again means."""

    def state(self, old, new=None, since=UNCHANGED):
        new = new if new is not None else issue("h-NEW2", code=CODE)
        (followed,) = after(new, known=[old], since=since).issues
        assert followed.id == "h-7KQ2"
        return followed.state.value

    def test_what_was_addressed_or_had_left_is_reopened(self):
        for closed in (IssueState.ADDRESSED, IssueState.STALE):
            assert self.state(known(state=closed)) == "reopened"

    def test_what_was_reopened_persists(self):
        assert self.state(known(state=IssueState.REOPENED)) == "persistent"

    def test_what_was_dismissed_comes_back_when_its_code_changes(self):
        edited = {
            "old": diff(changed("app.py", hunk(21, 21, " a", f"-{CODE}", "+    return eval(y)")))
        }
        old, new = known(state=IssueState.DISMISSED), issue("h-NEW2", code="    return eval(y)")
        assert self.state(old, new, edited) == "reopened"

    def test_what_was_dismissed_does_not_come_back_with_a_comment_or_by_moving(self):
        old = known(state=IssueState.DISMISSED)
        said = f"{CODE}  # words"
        commented = {"old": diff(changed("app.py", hunk(22, 22, f"-{CODE}", f"+{said}")))}
        assert self.state(old, issue("h-NEW2", code=said), commented) == "dismissed"
        moved = {"old": diff(changed("app.py", hunk(22, 22, f"-{CODE}"), hunk(70, 69, f"+{CODE}")))}
        assert self.state(old, issue("h-NEW2", 69, code=CODE), moved) == "dismissed"

    def test_what_is_open_goes_before_what_is_closed(self):
        old = [known("h-AAAA", state=IssueState.ADDRESSED), known("h-BBBB")]
        followed = after(issue("h-NEW2", code=CODE), known=old, since=UNCHANGED)
        assert followed.issues[0].id == "h-BBBB"

    def test_what_a_judge_held_back_is_new(self):
        assert self.state(known(state=IssueState.STALE, posted=False)) == "new"


class TestAfterAForcePush:
    """The earlier commit is gone: only the text of the lines is left to compare."""

    OLD = (
        known("h-AAAA", 5, code="    eval(x)", **TEMPLATE),
        known("h-BBBB", 50, code="    eval(x)", **TEMPLATE),
        known("h-CCCC", 20, code="    only_here(x)", title="Only here", description="only_here"),
    )

    def test_equal_lines_move_with_the_others_of_their_file(self):
        text = ["-"] * 300
        text[204] = text[249] = "    eval(x)"
        text[219] = "    only_here(x)"
        new = [issue(f"h-{n}", n, code="    eval(x)", **TEMPLATE) for n in (250, 205)]
        followed = after(*new, known=self.OLD, lines={"app.py": text})
        assert {i.line: i.id for i in followed.issues} == {205: "h-AAAA", 250: "h-BBBB"}

    def test_a_line_that_stands_in_another_file_now(self):
        words = {"title": "Only here", "description": "only_here"}
        new = issue("h-NEW2", 3, file="b.py", code="    only_here(x)", **words)
        text = {"b.py": ["a", "b", "    only_here(x)"], "app.py": ["x"]}
        assert after(new, known=self.OLD, lines=text).issues[0].id == "h-CCCC"


class TestAnother:
    def fresh(self, new, old=None, **more):
        old = old if old is not None else known()
        followed = after(new, known=[old], **({"since": UNCHANGED} | more))
        assert followed.issues[0].state is IssueState.NEW
        assert followed.missing == (old,)
        return followed.issues[0]

    def test_other_words_on_the_same_line(self):
        assert self.fresh(issue("h-NEW2", code=CODE, **OTHER)).id == "h-NEW2"

    def test_the_same_words_far_away_while_the_known_line_stands(self):
        self.fresh(issue("h-NEW2", 40, code=CODE))

    def test_the_same_words_on_other_code(self):
        self.fresh(issue("h-NEW2", 30, code="    return eval(y)"))

    def test_the_same_words_in_another_file(self):
        self.fresh(issue("h-NEW2", file="calc.py", code="    return eval(y)"))

    def test_a_removed_line_is_not_the_next_one(self):
        gone = {"old": diff(changed("app.py", hunk(21, 21, " a", "-x", " b", " c")))}
        self.fresh(issue("h-NEW2", 22, code="    return eval(y)"), since=gone)

    def test_what_is_hardly_alike_on_a_line_that_was_edited(self):
        words = {
            "title": "Unsafe call",
            "description": "the parser hands text of the request to `eval` unchecked",
        }
        new = issue("h-NEW2", code="    return eval(y)", **words)
        assert after(new, known=[known()], since=UNCHANGED).issues[0].id == "h-7KQ2"
        edited = {"old": diff(changed("app.py", hunk(21, 21, " a", "-x", "+y", " b")))}
        self.fresh(new, since=edited)

    def test_what_is_only_near_to_something_closed_that_was_edited(self):
        edited = {"old": diff(changed("app.py", hunk(21, 21, " a", "-x", "+y", " b")))}
        closed = known(state=IssueState.ADDRESSED, code="")
        self.fresh(issue("h-NEW2", code="y", **OTHER), closed, since=edited)

    def test_an_analyzers_next_line(self):
        found = finding("ruff", 23, "x", rule="S307")
        self.fresh(issue("h-NEW2", 23, code="other", sources=(found,)))

    def test_an_analyzers_other_rule_on_the_line(self):
        found = finding("ruff", 22, "x", rule="E501")
        words = {"title": "Line too long", "description": "Line too long, `eval` ends at 120"}
        self.fresh(issue("h-NEW2", code=CODE, sources=(found,), **words))

    def test_a_line_and_the_whole_file_in_other_words(self):
        self.fresh(issue("h-NEW2", None, **OTHER))

    def test_it_never_takes_a_known_id_by_chance(self):
        new = self.fresh(issue("h-7KQ2", 40, code=CODE))
        assert new.id != "h-7KQ2"
        assert len(new.id) >= 6

    def test_nothing_known(self):
        assert after(issue()).issues == (issue(),)


class TestTwoAlike:
    """Analyzers say the same words about every line: only lines and code tell them apart."""

    def test_each_keeps_its_own(self):
        old = [
            known("h-AAAA", 10, code="a = eval(x)", **TEMPLATE),
            known("h-BBBB", 20, code="b = eval(y)", **TEMPLATE),
        ]
        new = [
            issue("h-2222", 20, code="b = eval(y)", **TEMPLATE),
            issue("h-3333", 10, code="a = eval(x)", **TEMPLATE),
        ]
        followed = after(*new, known=old, since=UNCHANGED)
        assert {i.line: i.id for i in followed.issues} == {10: "h-AAAA", 20: "h-BBBB"}

    def test_one_fixed_the_other_shifted_onto_its_line(self):
        old = [
            known("h-AAAA", 10, code="eval(x)", **TEMPLATE),
            known("h-BBBB", 11, code="eval(x)", **TEMPLATE),
        ]
        first_gone = {"old": diff(changed("app.py", hunk(9, 9, " a", "-eval(x)", " eval(x)")))}
        followed = after(issue("h-2", 10, code="eval(x)", **TEMPLATE), known=old, since=first_gone)
        assert followed.issues[0].id == "h-BBBB"
        assert [k.id for k in followed.missing] == ["h-AAAA"]

    def test_equal_code_after_a_force_push(self):
        old = [
            known("h-AAAA", 5, code="eval(x)", **TEMPLATE),
            known("h-BBBB", 50, code="eval(x)", **TEMPLATE),
        ]
        lines = {"app.py": ["-"] * 49 + ["eval(x)"]}
        followed = after(issue("h-2", 50, code="eval(x)", **TEMPLATE), known=old, lines=lines)
        assert followed.issues[0].id == "h-BBBB"

    def test_the_unchanged_line_goes_before_the_edited_one(self):
        old = [
            known("h-AAAA", 10, code="eval(x)", **TEMPLATE),
            known("h-BBBB", 11, code="eval(y)", **TEMPLATE),
        ]
        first_edited = {"old": diff(changed("app.py", hunk(10, 10, "-eval(x)", "+eval(z)")))}
        new = issue("h-2", 11, code="eval(y)", **TEMPLATE)
        assert after(new, known=old, since=first_edited).issues[0].id == "h-BBBB"

    def test_a_line_goes_before_the_whole_file(self):
        old = [known("h-AAAA", None, code="", **TEMPLATE), known("h-BBBB", code="", **TEMPLATE)]
        for mixed in (old, old[::-1]):
            new = issue("h-2", code="eval(y)", **TEMPLATE)
            assert after(new, known=mixed, since=UNCHANGED).issues[0].id == "h-BBBB"

    def test_the_agents_own_goes_before_anothers(self):
        old = [
            known("h-AAAA", code="", agents=("codex",), **TEMPLATE),
            known("h-BBBB", code="", agents=("claude",), **TEMPLATE),
        ]
        for mixed in (old, old[::-1]):
            new = issue("h-2", code="eval(y)", **TEMPLATE)
            assert after(new, known=mixed, since=UNCHANGED).issues[0].id == "h-BBBB"

    def test_the_nearer_line_goes_first(self):
        old = [known("h-AAAA", 20, code="", **TEMPLATE), known("h-BBBB", 23, code="", **TEMPLATE)]
        new = issue("h-2", 22, code="eval(y)", **TEMPLATE)
        assert after(new, known=old, since=UNCHANGED).issues[0].id == "h-BBBB"

    def test_one_to_one(self):
        twins = [issue(f"h-{n}222", code=CODE) for n in range(3)]
        followed = after(*twins, known=[known()], since=UNCHANGED)
        assert [i.state.value for i in followed.issues].count("persistent") == 1
        assert len({i.id for i in followed.issues}) == 3


words = st.sampled_from(
    [("eval", "eval of caller input runs code"), ("pool", "the pool is never closed"),
     ("loop", "the loop over caller input never ends")]
)  # fmt: skip
lines = st.none() | st.integers(1, 20)
codes = st.sampled_from(["", "eval(x)", "pool()", "loop()"])


@st.composite
def histories(draw):
    new = [
        issue(f"h-N{n}", draw(lines), title=t, description=d, code=draw(codes))
        for n, (t, d) in enumerate(draw(st.lists(words, max_size=6)))
    ]
    old = [
        known(f"h-K{n}", draw(lines), title=t, description=d, code=draw(codes))
        for n, (t, d) in enumerate(draw(st.lists(words, max_size=6)))
    ]
    since = draw(st.sampled_from([{}, UNCHANGED, {"old": diff(added("app.py", 4))}]))
    return new, old, since


@given(histories(), st.randoms(use_true_random=False))
def test_one_to_one_and_independent_of_order(history, rnd):
    new, old, since = history
    followed = follow(new, old, since, {})
    ids = [i.id for i in followed.issues]
    assert len(set(ids)) == len(ids) == len(new)
    kept = {i.id for i in followed.issues if i.state is IssueState.PERSISTENT}
    assert kept | {k.id for k in followed.missing} == {k.id for k in old}
    assert kept.isdisjoint(k.id for k in followed.missing)
    mixed_new, mixed_old = list(new), list(old)
    rnd.shuffle(mixed_new)
    rnd.shuffle(mixed_old)
    again = follow(mixed_new, mixed_old, since, {})
    assert sorted(map(str, again.issues)) == sorted(map(str, followed.issues))


@given(histories())
def test_what_did_not_change_is_recognised_whole(history):
    new, _old, _since = history
    different = {(i.title, i.line, i.code): i for i in new if i.line is not None}.values()
    old = [
        known(i.id, i.line, title=i.title, description=i.description, code=i.code)
        for i in different
    ]
    followed = follow(list(different), old, UNCHANGED, {})
    assert {i.id for i in followed.issues} == {k.id for k in old}
    assert all(i == replace(n, state=IssueState.PERSISTENT)
               for i, n in zip(followed.issues, different, strict=True))  # fmt: skip


def test_what_nobody_was_told_is_as_new_as_before_under_its_old_id():
    untold = after(issue(), known=[known(posted=False)], since=UNCHANGED)
    assert [(i.id, i.state.value) for i in untold.issues] == [("h-7KQ2", "new")]
