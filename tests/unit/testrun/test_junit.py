"""JUnit XML is counted case by case, and refused where it is a trap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.testrun.junit import MAX_BYTES, read_junit
from bot.testrun.tally import MAX_NAME, MAX_NAMES, Tally, names, text, total

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="1"
tests="5" time="0.1">
<testcase classname="tests.test_a.TestB" name="test_c[1]" file="tests/test_a.py" line="3">
<failure message="assert">def test_c</failure></testcase>
<testcase classname="tests.test_a" name="test_d" file="tests/test_a.py"><failure/></testcase>
<testcase classname="" name="tests.test_z"><error message="collection failure"/></testcase>
<testcase classname="tests.test_a" name="test_e"><skipped/></testcase>
<testcase classname="tests.test_a" name="test_f"><system-out><![CDATA[<!DOCTYPE html>]]>
</system-out></testcase>
</testsuite></testsuites>"""
SUREFIRE = b"""<testsuite name="a.FooTest" tests="2" errors="0" failures="1" skipped="0">
<testcase name="adds" classname="a.FooTest"><failure/></testcase>
<testcase name="subs" classname="a.FooTest"><flakyFailure/></testcase></testsuite>"""


def test_names_of_pytest_are_those_that_people_type():
    assert read_junit(PYTEST) == Tally(
        passed=1,
        failed=2,
        errors=1,
        skipped=1,
        names=("tests/test_a.py::TestB::test_c[1]", "tests/test_a.py::test_d", "tests.test_z"),
    )


def test_names_of_others_are_joined_as_they_write_them():
    assert read_junit(SUREFIRE) == Tally(passed=1, failed=1, names=("a.FooTest.adds",))
    assert read_junit(SUREFIRE, separator=" > ").names == ("a.FooTest > adds",)
    one = b'<testsuite><testcase name="m.C.t" classname="m.C"><error/></testcase></testsuite>'
    assert read_junit(one).names == ("m.C.t",)
    file = b'<testsuite><testcase classname="" name="a.b" file="a/b.py"><error/></testcase>'
    assert read_junit(file + b"</testsuite>").names == ("a/b.py",)
    other = b'<testsuite><testcase classname="x" file="a/b.py" name="t"><error/></testcase>'
    assert read_junit(other + b"</testsuite>").names == ("a/b.py::t",)


def test_a_test_that_fails_and_then_leaves_a_mess_is_one_test():
    case = '<testcase classname="a" file="a.py" name="t">{}</testcase>'
    both = case.format("<failure/>") + case.format("<error/>")
    tally = read_junit(f"<testsuite failures='1' errors='1'>{both}</testsuite>".encode())
    assert tally == Tally(failed=1, names=("a.py::t",))
    twice = '<testcase classname="C" name="t"><failure/></testcase>' * 2
    tally = read_junit(f"<testsuite>{twice}</testsuite>".encode())
    assert tally == Tally(failed=2, names=("C.t",)), "others run one name with several parameters"


def test_a_suite_that_broke_as_a_whole_is_not_green():
    assert read_junit(b'<testsuite errors="1" tests="0"/>') == Tally(errors=1)
    assert read_junit(b'<testsuites><testsuite failures="2"/></testsuites>') == Tally(failed=2)
    assert read_junit(b"<testsuites/>") == Tally()


BOMB = b"""<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<testsuite><testcase name="&b;"/></testsuite>"""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JUnit XML"),
        (b"<testsuite>", "no JUnit XML"),
        (b"<html/>", "no JUnit XML"),
        (b"\xff\xfe<\x00", "utf-8"),
        (BOMB, "document type"),
        (BOMB.decode().encode("utf-16"), "utf-8"),
        (b'<?xml version="1.0" encoding="utf-7"?>' + BOMB[21:], "document type"),
        (b"<testsuite>" * 50 + b"</testsuite>" * 50, "nests deeper"),
        (b" " * (MAX_BYTES + 1), "larger"),
        (b'<testsuite errors="many"/>', "invalid literal"),
        (b"<testsuite>&other;</testsuite>", "no JUnit XML"),
    ],
)
def test_what_cannot_be_read_or_could_be_a_trap_is_refused(data, said):
    with pytest.raises(ValueError, match=said):
        read_junit(data)


def may_refuse(read, data):
    try:
        assert read(data).names == names(read(data).names)
    except ValueError:
        return


@given(st.binary())
def test_any_bytes_are_read_or_refused(data):
    may_refuse(read_junit, data)


@given(st.integers(0, len(PYTEST)), st.integers(0, len(PYTEST)), st.binary(max_size=8))
def test_any_damage_is_read_or_refused(start, end, between):
    may_refuse(read_junit, PYTEST[:start] + between + PYTEST[end:])


def test_names_are_one_line_of_text_each_and_bounded():
    assert names(["a\nb\x1b[0m", " a ", "a", "", "\ud800"]) == ("a b [0m", "a", "?")
    assert names(["x" * 9999]) == ("x" * MAX_NAME,)
    assert len(names(str(number) for number in range(9999))) == MAX_NAMES
    assert text("a\udcff") == "a?"


def test_what_is_unknown_in_one_is_unknown_in_all():
    assert total([Tally(passed=1, names=("a",)), Tally(passed=None, errors=2)]) == Tally(
        passed=None, errors=2, names=("a",)
    )
    assert total([]) == Tally()
    assert not Tally().ran
    assert Tally(passed=None).ran
    assert Tally(names=("a",)).bad
