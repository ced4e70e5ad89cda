"""What frameworks say to people is read from their summary lines, whole; nothing else counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.testrun.frameworks import Framework
from bot.testrun.output import READERS, read_output
from bot.testrun.spoken.lines import lines
from bot.testrun.tally import Tally

F = Framework
JEST = """\
PASS src/sum.test.js
  ✓ handles 3 failed attempts (2 ms)

Test Suites: 1 passed, 1 total
Tests:       {tests}
Snapshots:   0 total
Time:        0.5 s
Ran all test suites.
"""
VITEST = """
 \x1b[32m✓\x1b[39m src/sum.test.ts (3 tests) 4ms

 Test Files  {files}
      Tests  {tests}
   Start at  10:00:00
   Duration  301ms
"""
MINITEST = """\
Run options: --seed 1

# Running:

...

Finished in 0.001s, 3000 runs/s, 3000 assertions/s.

{summary}
"""
GREEN = {
    "vitest passed": (
        F.VITEST, VITEST.format(files="1 passed (1)", tests="3 passed (3)"), Tally(passed=3),
    ),
    "vitest with skipped and todo": (
        F.VITEST,
        VITEST.format(files="2 passed (2)", tests="3 passed | 1 skipped | 1 todo (5)"),
        Tally(passed=3, skipped=2),
    ),
    "vitest with no tests": (
        F.VITEST, "\nNo test files found, exiting with code 0\n", Tally(),
    ),
    "vitest all skipped": (
        F.VITEST, VITEST.format(files="1 skipped (1)", tests="2 skipped (2)"), Tally(skipped=2),
    ),
    "minitest 0 failures": (
        F.MINITEST,
        MINITEST.format(summary="3 runs, 3 assertions, 0 failures, 0 errors, 0 skips"),
        Tally(passed=3),
    ),
    "test-unit": (
        F.MINITEST,
        MINITEST.format(
            summary="3 tests, 3 assertions, 0 failures, 0 errors, 1 pendings, 0 omissions,"
            " 0 notifications"
        ),
        Tally(passed=2, skipped=1),
    ),
    "mocha title with fails": (
        F.MOCHA,
        "  parser\n    ✔ fails on 2 failing inputs\n\n\n  1 passing (4ms)\n",
        Tally(passed=1),
    ),
    "mocha with pending": (
        F.MOCHA, "\n  2 passing (4ms)\n  1 pending\n", Tally(passed=2, skipped=1),
    ),
    "jest passed": (F.JEST, JEST.format(tests="3 passed, 3 total"), Tally(passed=3)),
    "jest with todo": (
        F.JEST, JEST.format(tests="1 todo, 2 passed, 3 total"), Tally(passed=2, skipped=1),
    ),
    "jest all skipped": (
        F.JEST,
        JEST.format(tests="3 skipped, 3 total").replace("1 passed", "1 skipped"),
        Tally(skipped=3),
    ),
    "jest no tests": (F.JEST, "No tests found, exiting with code 0\n", Tally()),
    "pytest id 3 failed attempts": (
        F.PYTEST,
        "test_a.py::test_lock[3 failed attempts] PASSED [100%]\n\n"
        "============ 1 passed, 2 warnings in 0.01s ============\n",
        Tally(passed=1),
    ),
    "pytest quiet": (F.PYTEST, "..x\n2 passed, 1 xfailed in 0.01s\n", Tally(passed=2, skipped=1)),
    "pytest long": (F.PYTEST, "= 1 passed in 99.01s (0:01:39) =\n", Tally(passed=1)),
    "pytest no tests": (F.PYTEST, "===== no tests ran in 0.00s =====\n", Tally()),
    "go log with FAIL": (
        F.GO,
        "2026/01/01 FAIL: this is logged\nFAIL\n    a_test.go:3: --- FAIL: not a test\n"
        "--- PASS: TestA (0.00s)\nPASS\nok  \texample.com/a\t0.004s\n",
        Tally(passed=1),
    ),
    "go without -v": (
        F.GO,
        "?   \texample.com/cmd\t[no test files]\nok  \texample.com/a\t(cached)\n",
        Tally(passed=None),
    ),
    "go no tests": (F.GO, "ok  \texample.com/a\t0.004s [no tests to run]\n", Tally()),
    "go coverage": (
        F.GO,
        "\texample.com/b\t\tcoverage: 0.0% of statements\n\tan indented log\n"
        "ok  \texample.com/a\t0.1s\tcoverage: 80.0% of statements\n",
        Tally(passed=None),
    ),
    "rspec": (F.RSPEC, "..*\n\n3 examples, 0 failures, 1 pending\n", Tally(passed=2, skipped=1)),
    "unittest": (
        F.UNITTEST, "...\n" + "-" * 70 + "\nRan 3 tests in 0.001s\n\nOK (skipped=1)\n",
        Tally(passed=2, skipped=1),
    ),
    "unittest no tests": (F.UNITTEST, "\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n", Tally()),
    "cargo": (
        F.CARGO,
        "test it_fails ... ok\n"
        "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n"
        "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        Tally(passed=3, skipped=1),
    ),
    "maven": (
        F.MAVEN,
        "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s\n"
        "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 1\n[INFO] BUILD SUCCESS\n",
        Tally(passed=1, skipped=1),
    ),
    "node": (
        F.NPM, "ℹ tests 2\nℹ suites 0\nℹ pass 1\nℹ fail 0\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\n",
        Tally(passed=1, skipped=1),
    ),
}  # fmt: skip

RED = {
    "pytest": (
        F.PYTEST,
        "= short test summary info =\nFAILED of another run\n= 1 passed in 1s =\n"
        "=========================== short test summary info ============================\n"
        "FAILED tests/test_a.py::test_b - assert 1 == 2\n"
        "FAILED tests/test_a.py::test_c[a - b] - ValueError: no\n"
        "FAILED tests/test_a.py::test_d[x - y]\n"
        "FAILED tests/test_a.py::test_e[z]\n"
        "ERROR tests/test_z.py - ImportError: no\n"
        "==== 4 failed, 5 passed, 1 skipped, 1 error in 3.10s ====\n",
        Tally(
            passed=5, failed=4, errors=1, skipped=1,
            names=(
                "tests/test_a.py::test_b", "tests/test_a.py::test_c[a - b]",
                "tests/test_a.py::test_d[x - y]", "tests/test_a.py::test_e[z]", "tests/test_z.py",
            ),
        ),
    ),
    "unittest": (
        F.UNITTEST,
        "=" * 70 + "\nFAIL: test_a (tests.test_m.Case.test_a) (i=1)\n" + "-" * 70 + "\n"
        + "=" * 70 + "\nERROR: test_b (tests.test_m.Case)\n" + "-" * 70 + "\n"
        + "=" * 70 + "\nERROR: tests.test_x (unittest.loader._FailedTest.tests.test_x)\n"
        + "FAIL: test_z (said.in.the.log)\n"
        + "Ran 4 tests in 0.001s\n\nFAILED (failures=1, errors=2)\n",
        Tally(
            passed=1, failed=1, errors=2,
            names=("tests.test_m.Case.test_a", "tests.test_m.Case.test_b", "tests.test_x"),
        ),
    ),
    "unittest without counts": (
        F.UNITTEST, "Ran 1 test in 0.001s\n\nFAILED\n", Tally(failed=1),
    ),
    "unittest unexpected success": (
        F.UNITTEST, "Ran 1 test in 0.001s\n\nFAILED (unexpected successes=1)\n", Tally(failed=1),
    ),
    "jest": (
        F.JEST,
        "FAIL src/a.test.js\n  ● Console\n\n  ● sum › adds\n\n    expect(received)\n\n"
        "Test Suites: 1 failed, 1 passed, 2 total\nTests:       1 failed, 3 passed, 4 total\n",
        Tally(passed=3, failed=1, names=("sum › adds",)),
    ),
    "jest file that cannot be loaded": (
        F.JEST,
        "FAIL src/a.test.js\n  ● Test suite failed to run\n\n"
        "Test Suites: 1 failed, 1 total\nTests:       0 total\n",
        Tally(errors=1),
    ),
    "vitest": (
        F.VITEST,
        " FAIL  src/a.test.ts > sum > adds\n FAIL  src/b.test.ts [ src/b.test.ts ]\n"
        + VITEST.format(files="2 failed | 1 passed (3)", tests="1 failed | 5 passed (6)"),
        Tally(
            passed=5, failed=1, errors=1, names=("src/a.test.ts > sum > adds", "src/b.test.ts"),
        ),
    ),
    "vitest file that cannot be loaded": (
        F.VITEST,
        " FAIL  src/b.test.ts [ src/b.test.ts ]\n"
        + VITEST.format(files="1 failed (1)", tests="no tests"),
        Tally(errors=1, names=("src/b.test.ts",)),
    ),
    "mocha": (
        F.MOCHA,
        "  Array\n    1) returns -1\n\n\n  2 passing (5ms)\n  2 failing\n\n"
        "  1) Array\n       returns -1:\n     AssertionError\n\n  2) top level\n\n",
        Tally(passed=2, failed=2, names=("Array returns -1", "top level")),
    ),
    "go": (
        F.GO,
        "--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/sub (0.00s)\n--- SKIP: TestS (0.00s)\n"
        "FAIL\nFAIL\texample.com/a\t0.1s\nFAIL\texample.com/b [build failed]\n"
        "ok  \texample.com/c\t1s\n",
        Tally(passed=None, failed=1, errors=1, skipped=1, names=("TestA/sub", "example.com/b")),
    ),
    "cargo": (
        F.CARGO,
        "test tests::adds ... FAILED\ntest tests::subs ... ok\n"
        "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n",
        Tally(passed=1, failed=1, names=("tests::adds",)),
    ),
    "cargo that does not compile": (
        F.CARGO, "error: could not compile `a` (lib test) due to 1 previous error\n",
        Tally(errors=1),
    ),
    "rspec": (
        F.RSPEC,
        "F\n\n3 examples, 1 failure, 1 error occurred outside of examples\n\nFailed examples:\n\n"
        "rspec ./spec/a_spec.rb:3 # Foo adds\n",
        Tally(passed=2, failed=1, errors=1, names=("spec/a_spec.rb Foo adds",)),
    ),
    "minitest": (
        F.MINITEST,
        "  1) Failure:\nFooTest#test_adds 1 [test/foo_test.rb:5]:\nExpected: 1\n\n"
        "  2) Error:\nFooTest#test_subs:\nRuntimeError: no\n\n"
        "Failure: test_unit(BarTest): no\n"
        "4 runs, 4 assertions, 2 failures, 1 errors, 0 skips\n",
        Tally(
            passed=1, failed=2, errors=1,
            names=("FooTest#test_adds 1", "FooTest#test_subs", "BarTest#test_unit"),
        ),
    ),
    "maven": (
        F.MAVEN,
        "[ERROR] a.FooTest.adds -- Time elapsed: 0.01 s <<< FAILURE!\n"
        "[ERROR] subs(a.FooTest)  Time elapsed: 0.01 s  <<< ERROR!\n"
        "[ERROR] Tests run: 3, Failures: 1, Errors: 1, Skipped: 0\n",
        Tally(passed=1, failed=1, errors=1, names=("a.FooTest.adds", "a.FooTest.subs")),
    ),
    "gradle": (
        F.GRADLE,
        "FooTest > adds() FAILED\n\n3 tests completed, 1 failed, 1 skipped\n",
        Tally(passed=1, failed=1, skipped=1, names=("FooTest.adds()",)),
    ),
    "node": (
        F.NPM,
        "not ok 1 - adds\nnot ok 2 - later # TODO\n✖ subs (0.3ms)\n"
        "# tests 3\n# pass 1\n# fail 1\n# cancelled 1\n",
        Tally(passed=1, failed=2, names=("adds", "subs")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GREEN.values(), ids=GREEN.keys())
def test_green_is_read_as_green(case):
    framework, text, tally = case
    assert read_output(text, framework) == tally
    assert read_output(text) == tally, "and without knowing who speaks"
    assert not tally.bad


@pytest.mark.parametrize("case", RED.values(), ids=RED.keys())
def test_red_is_read_as_red_with_its_names(case):
    framework, text, tally = case
    assert read_output(text, framework) == tally
    assert read_output(text) == tally
    assert tally.bad


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FAIL\n",
        "Everything passed!\n3 failed attempts\n1 passing fancy\n",
        "Run options: exclude {slow: true}\n...\nFinished in 0.1 seconds\n",  # rspec, cut off
        "Ran 3 tests in 0.001s\n\nsomething else\n",
        "Tests: 3 failed, 4 total, or so\n",
        "# tests 3\n# pass 3\n",
        "x" * 5000 + " 1 passed in 0.1s",
    ],
)
def test_prose_is_no_summary(text):
    assert read_output(text) is None


def test_an_output_of_mocha_may_be_cut_off():
    tally = read_output("  1 passing (1ms)\n  1 failing\n\n  1) Array\n       sorts")
    assert tally is not None
    assert tally.names == ("Array sorts",)


def test_the_names_of_vitest_are_on_its_other_stream():
    summary = VITEST.format(files="1 failed (1)", tests="1 failed (1)")
    tally = read_output(f"{summary}\n FAIL  a.test.ts > adds\n")
    assert tally is not None
    assert tally.names == ("a.test.ts > adds",)


@pytest.mark.parametrize("framework", READERS)
def test_a_framework_that_did_not_speak_is_not_heard(framework):
    assert read_output("all is well", framework) is None


def test_the_last_summary_counts():
    first, second = GREEN["jest passed"][1], RED["pytest"][1]
    assert read_output(second + first) == Tally(passed=3)
    assert read_output(first + second) == RED["pytest"][2]


def test_names_are_not_taken_from_a_green_run():
    green = "1) top\n  ● red › herring\ntest a ... FAILED\nFooTest > a FAILED\n"
    green += "[ERROR] a.B.c -- Time elapsed: 0.01 s <<< FAILURE!\n"
    for ending in (
        JEST.format(tests="3 passed, 3 total"),
        "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\n",
        "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0\n",
        "3 tests completed, 0 failed\n",
    ):
        tally = read_output(green + ending)
        assert tally is not None
        assert tally.names == ()
        assert not tally.bad


def test_colours_and_line_ends_are_no_matter():
    assert lines("\x1b[1;32mok\x1b[0m \r\n\x1b]8;;http://x\x07a\x1b]8;;\x07\rb") == ["ok", "a", "b"]


@given(st.text())
def test_any_text_can_be_read(text):
    read_output(text)


@given(st.lists(st.sampled_from([t for _, t, _ in (*GREEN.values(), *RED.values())])), st.data())
def test_any_mixture_and_any_cut_can_be_read(texts, data):
    text = "".join(texts)
    cut = data.draw(st.integers(0, len(text)))
    for framework in (None, *Framework):
        tally = read_output(text[:cut], framework)
        if tally is not None:
            counts = (tally.passed, tally.failed, tally.errors, tally.skipped)
            assert all(count is None or count >= 0 for count in counts)
