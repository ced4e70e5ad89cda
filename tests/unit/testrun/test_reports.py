"""Reports in JSON: jest's and rspec's files, go's stream of events."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.testrun.go_events import GoEvents
from bot.testrun.reports import MAX_BYTES, read_jest, read_rspec
from bot.testrun.tally import MAX_NAMES, Tally

JEST = {
    "numPassedTests": 2,
    "numFailedTests": 1,
    "numPendingTests": 1,
    "numTodoTests": 1,
    "numRuntimeErrorTestSuites": 1,
    "testResults": [
        {
            "name": "/work/src/a.test.js",
            "status": "failed",
            "assertionResults": [
                {"fullName": "sum adds", "status": "failed"},
                {"fullName": "sum subs", "status": "passed"},
                "nonsense",
            ],
        },
        {"name": "/work/src/b.test.js", "status": "failed", "assertionResults": []},
        {"name": "/elsewhere/../c.js", "status": "failed"},
        "nonsense",
    ],
}
RSPEC = {
    "examples": [
        {"full_description": "Foo adds", "status": "failed", "file_path": "./spec/a_spec.rb"},
        {"full_description": "Foo subs", "status": "passed", "file_path": "./spec/a_spec.rb"},
    ],
    "summary": {
        "example_count": 3,
        "failure_count": 1,
        "pending_count": 1,
        "errors_outside_of_examples_count": 0,
    },
}


def test_jest():
    assert read_jest(json.dumps(JEST).encode()) == Tally(
        passed=2,
        failed=1,
        errors=2,
        skipped=2,
        names=("src/a.test.js sum adds", "src/b.test.js", "/elsewhere/../c.js"),
    )


def test_rspec():
    assert read_rspec(json.dumps(RSPEC).encode()) == Tally(
        passed=1, failed=1, skipped=1, names=("spec/a_spec.rb Foo adds",)
    )


@pytest.mark.parametrize("read", [read_jest, read_rspec])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"numPassedTests": "2"}',
        b'{"summary": {"example_count": -1}, "numTodoTests": true}',
        b" " * (MAX_BYTES + 1),
        b'{"summary": 1, "numPassedTests": 1' + b"0" * 5000 + b"}",
    ],
)
def test_what_cannot_be_read_is_refused(read, data):
    with pytest.raises(ValueError):
        read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*JEST, *RSPEC]), inner),
)


@given(JSON)
def test_any_json_is_read_or_refused(value):
    for read in (read_jest, read_rspec):
        try:
            read(json.dumps(value).encode())
        except ValueError:
            continue


def go(*events: dict[str, object] | str) -> tuple[GoEvents, str]:
    stream = GoEvents()
    said = [stream.line(e if isinstance(e, str) else json.dumps(e)) for e in events]
    return stream, "\n".join(line for line in said if line)


def test_go():
    a, b, c = "example.com/a", "example.com/b", "example.com/c"
    stream, said = go(
        {"Action": "run", "Package": a, "Test": "TestX"},
        {"Action": "output", "Package": a, "Test": "TestX", "Output": "--- FAIL: TestX\n"},
        {"Action": "fail", "Package": a, "Test": "TestX/sub"},
        {"Action": "fail", "Package": a, "Test": "TestX"},
        {"Action": "pass", "Package": a, "Test": "TestY"},
        {"Action": "skip", "Package": a, "Test": "TestZ"},
        {"Action": "fail", "Package": a},
        {"Action": "pass", "Package": b},
        {"Action": "build-output", "ImportPath": c, "Output": "undefined: x\n"},
        {"Action": "fail", "Package": c},
        "go: warning",
        "{ no event",
        '{"other": 1}',
        '{"Action": 3, "Output": 4}',
    )
    assert stream.seen
    assert stream.tally() == Tally(
        passed=1, failed=1, errors=1, skipped=1, names=(f"{a} TestX/sub", c)
    )
    assert said.splitlines() == [
        "--- FAIL: TestX", "undefined: x", "go: warning", "{ no event", '{"other": 1}',
    ]  # fmt: skip


def test_a_stream_of_go_keeps_no_more_than_it_tells():
    many: list[dict[str, object]] = [
        {"Action": "fail", "Package": "p", "Test": f"T{n}"} for n in range(MAX_NAMES + 5)
    ]
    tally = go(*many)[0].tally()
    assert tally.failed == MAX_NAMES + 5
    assert len(tally.names) == MAX_NAMES
    assert not go("{" + "x" * 99_999, "{" + "[" * 50_000)[0].seen


@given(st.lists(st.text() | JSON.map(json.dumps)))
def test_any_stream_can_be_read(lines):
    stream = GoEvents()
    for line in lines:
        stream.line(line)
    stream.tally()
