"""Two witnesses have to agree on a pass, and what could not be run is no failing test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import SuiteCounts, SuiteOutcome, SuiteState
from bot.testrun.frameworks import Framework
from bot.testrun.output import read_output
from bot.testrun.tally import Tally
from bot.testrun.verdict import below, judge, together, with_left_out

S = SuiteState
GREEN, RED, NONE = Tally(passed=2), Tally(passed=1, failed=1, names=("a",)), Tally()


@pytest.mark.parametrize(
    ("code", "tally", "state", "reason"),
    [
        (0, GREEN, S.PASSED, ""),
        (0, Tally(passed=None), S.PASSED, ""),
        (1, RED, S.FAILED, ""),
        (0, RED, S.FAILED, "it ended with 0 although tests failed"),
        (1, GREEN, S.FAILED, "it ended with 1 although no test failed"),
        (-11, GREEN, S.FAILED, "it ended with -11 although no test failed"),
        (0, NONE, S.NOT_RUN, "no test ran"),
        (0, Tally(skipped=3), S.NOT_RUN, "no test ran: 3 skipped"),
        (1, NONE, S.NOT_RUN, "no test ran; it ended with 1"),
        (0, None, S.NOT_RUN, "it ended with 0 and told of no test"),
        (2, None, S.FAILED, "it ended with 2 and did not say which tests failed"),
        (137, None, S.NOT_RUN, "it was killed, as happens at a limit of memory"),
        (-9, GREEN, S.NOT_RUN, "it was killed, as happens at a limit of memory"),
        (-9, RED, S.FAILED, ""),
        (1, Tally(errors=None), S.FAILED, ""),
    ],
)
def test_the_verdict(code, tally, state, reason):
    assert judge(code, tally, "some words") == (state, reason)


@pytest.mark.parametrize("tally", [NONE, None])
def test_a_configured_command_is_believed_its_0_but_not_its_silence(tally):
    assert judge(0, None, "all is well", configured=True)[0] is S.PASSED
    assert judge(0, tally, " \n", configured=True)[0] is S.NOT_RUN
    assert judge(0, NONE, "no tests ran in 0.1s", configured=True)[0] is S.NOT_RUN
    assert judge(1, tally, "", configured=True)[0] is not S.PASSED


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (1, "/usr/bin/python3: No module named pytest", "pytest is not installed here"),
        (127, "\n> test\n> jest\n\nsh: 1: jest: not found", "jest is not installed here"),
        (127, "sh: line 1: mocha: command not found", "mocha is not installed here"),
        (1, "Error: Cannot find module '/work/node_modules/ava/x.js'", "ava is not installed here"),
        (1, "bwrap: Can't mkdir /x", "the sandbox could not be made: bwrap: Can't mkdir /x"),
        (100, "java.nio.file.NoSuchFileException: /x/m2.conf", "Maven has no configuration here"),
        (1, "dial tcp: lookup proxy.golang.org", "what it depends on is not installed here"),
        (127, "env: ‘x’: No such file\n", "a program is missing or cannot be executed: env: ‘x’"),
        (126, "", "a program is missing or cannot be executed: "),
    ],
)
def test_what_could_not_be_run_is_no_failing_test(code, text, reason):
    state, said = judge(code, None, text)
    assert state is S.NOT_RUN
    assert said.startswith(reason)


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (5, "no tests ran in 0.1s", "no test ran: pytest found none"),
        (
            4,
            "ERROR: usage: x\nx -m pytest: error: unrecognized arguments: --cov",
            "pytest could not be used as configured: x -m pytest: error: unrecognized"
            " arguments: --cov",
        ),
        (3, "INTERNALERROR>", "pytest had an error of its own"),
    ],
)
def test_what_pytest_means_by_its_exit_status(code, text, reason):
    assert judge(code, None, text, framework=Framework.PYTEST) == (S.NOT_RUN, reason)
    assert judge(code, None, "words", framework=Framework.GO)[0] is S.FAILED


def test_missing_packages_are_no_failing_test_unless_the_tree_is_to_blame():
    text = "E   ModuleNotFoundError: No module named 'flask'\n" * 2
    text += "E   ModuleNotFoundError: No module named 'shop.cart'\n"
    broken = Tally(errors=2, names=("tests/test_a.py",))
    assert judge(2, broken, text, own=("shop",)) == (S.NOT_RUN, "not installed here: flask")
    assert judge(2, broken, text, own=("shop", "flask"))[0] is S.FAILED
    assert judge(2, Tally(errors=1, passed=1), text)[0] is S.FAILED
    assert judge(2, broken, "SyntaxError")[0] is S.FAILED


def test_dependencies_that_nobody_can_fetch_are_no_failing_test():
    text = "go: x@v1: module lookup disabled by GOPROXY=off\nFAIL\tp [setup failed]\n"
    state, reason = judge(1, Tally(errors=1, names=("p",)), text)
    assert state is S.NOT_RUN
    assert "there is no network" in reason
    assert judge(1, Tally(failed=1), text)[0] is S.FAILED


def test_names_are_told_apart_by_their_folder():
    assert below("", ["a"]) == ("a",)
    assert below("web", ["a", "web/b.js c"]) == ("web: a", "web/b.js c")


@given(st.integers(-64, 255), st.text(), st.sampled_from([None, *Framework]), st.booleans())
def test_never_a_pass_with_another_status_than_0(code, text, framework, configured):
    tally = read_output(text, framework)
    state, reason = judge(code, tally, text, framework=framework, configured=configured)
    if code != 0:
        assert state is not S.PASSED
    if state is S.NOT_RUN:
        assert reason
    if not text:
        assert state is not S.PASSED


TALLIES = st.none() | st.builds(
    Tally,
    passed=st.none() | st.integers(0, 3),
    failed=st.none() | st.integers(0, 3),
    errors=st.none() | st.integers(0, 3),
)


@given(st.integers(-15, 255), TALLIES, st.booleans())
def test_a_pass_has_two_witnesses(code, tally, configured):
    state, _ = judge(code, tally, "words", configured=configured)
    if state is S.PASSED:
        assert code == 0
        assert tally is None or (tally.ran and not tally.bad)
        assert tally is not None or configured


# ------------------------------------------------------------------ several suites


def outcome(state: SuiteState, *failed: str, name: str = "jest", reason: str = "") -> SuiteOutcome:
    return SuiteOutcome(
        state=state, failed=failed, framework=name, command=name, tail=f"of {name}", reason=reason,
        duration=1.5,
    )  # fmt: skip


def test_one_suite_is_itself():
    assert together([outcome(S.PASSED)], [GREEN]) == outcome(S.PASSED)


def test_any_failure_fails_the_whole():
    whole = together(
        [outcome(S.PASSED), outcome(S.FAILED, "a", name="pytest"), outcome(S.NOT_RUN, reason="no")],
        [GREEN, RED],
    )
    assert (whole.state, whole.failed) == (S.FAILED, ("a",))
    assert whole.counts == SuiteCounts(passed=3, failed=1, errors=0, skipped=0)
    assert whole.tail == "--- pytest\nof pytest"
    assert whole.command == "jest; pytest; jest"
    assert whole.framework == "jest, pytest"
    assert whole.reason == "jest: no"
    assert whole.duration == 4.5


def test_what_was_not_run_is_no_pass_of_the_whole():
    assert together([outcome(S.PASSED), outcome(S.NOT_RUN)], []).state is S.NOT_RUN
    assert together([outcome(S.PASSED), outcome(S.PASSED)], []).state is S.PASSED
    assert together([], []).state is S.NO_FRAMEWORK


def test_what_was_left_out_is_said():
    assert with_left_out(outcome(S.PASSED), 0).reason == ""
    assert with_left_out(outcome(S.PASSED), 1).reason == "not run: 1 more suite of this tree"
    assert with_left_out(outcome(S.PASSED, reason="x"), 2).reason.startswith(
        "x; not run: 2 more suites"
    )
