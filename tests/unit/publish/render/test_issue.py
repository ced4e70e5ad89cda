"""One issue as a comment."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from bot.models import Severity, Side
from bot.publish.marker import Marker, read
from bot.publish.render.issue import Voice, file_comment, inline_comment, suggestion
from tests.fakes.nouns import anchor_at, finding, issue

VOICE = Voice(run_id="r-1", agents=3, commands=("review", "dismiss", "refactor"))
BANDIT = finding(
    "bandit", 22, "Use of possibly insecure function.", rule="B307", severity=Severity.MINOR
)
CLAUDE = finding(
    "claude-code",
    22,
    "`f5` passes its argument to `eval`, so anybody who reaches it runs code. Ask @octocat.",
    title="`eval` runs whatever the caller sends",
    severity=Severity.CRITICAL,
)


def test_two_agents_and_a_fix_that_can_be_committed():
    found = issue(
        category="security",
        description=CLAUDE.description,
        replacement="    return ast.literal_eval(x)\n",
        suggestion="Use `ast.literal_eval`.",
        sources=(BANDIT, CLAUDE),
    )
    assert inline_comment(found, VOICE) == snapshot("""\
**`eval` runs whatever the caller sends** · critical · security

`f5` passes its argument to `eval`, so anybody who reaches it runs code. Ask `@octocat`.

```suggestion
    return ast.literal_eval(x)
```

<details><summary>Found by 2 of 3 agents</summary>

**bandit** (B307), minor:

Use of possibly insecure function.

**claude-code**, critical: its words are above.

</details>

<sub>h-7KQ2 · wrong? `/harness dismiss h-7KQ2 reason` · fix it: `/harness refactor h-7KQ2`</sub>
<!-- harness:1 kind=inline issue=h-7KQ2 run=r-1 -->\
""")


def test_one_agent_on_a_file():
    found = issue(
        line=125,
        end_line=130,
        title="f20 hides every failure",
        description="The bare `except` swallows `KeyboardInterrupt` too.",
        suggestion="Catch `OSError` and log it.",
        severity=Severity.MAJOR,
        anchor=anchor_at(),
    )
    assert file_comment(found, Voice(run_id="r-1")) == snapshot("""\
**f20 hides every failure** · major

Lines 125–130 of this file.

The bare `except` swallows `KeyboardInterrupt` too.

Catch `OSError` and log it.

<sub>Found by **claude**.</sub>

<sub>h-7KQ2</sub>
<!-- harness:1 kind=file issue=h-7KQ2 run=r-1 -->\
""")


def test_on_a_whole_file_or_on_one_line_of_it():
    whole, line = issue(line=None), issue(line=9, anchor=anchor_at())
    assert "this file." not in file_comment(whole, VOICE)
    assert "\n\nLine 9 of this file.\n\n" in file_comment(line, VOICE)


def test_a_replacement_that_does_not_fit_is_shown_as_code():
    beside = issue(line=22, end_line=24, replacement="x = 1", suggestion="Do it.")
    written = inline_comment(beside, VOICE)
    assert "```suggestion" not in written
    assert "Do it.\n\n```\nx = 1\n```" in written


def test_no_suggestion_on_the_base_or_on_a_file():
    left = issue(side=Side.LEFT, anchor=anchor_at(22, side=Side.LEFT), replacement="x")
    assert "suggestion" not in inline_comment(left, VOICE)
    assert "suggestion" not in file_comment(issue(replacement="x"), VOICE)


@pytest.mark.parametrize("text", ["a\r\nb", "x = '\u202e'", "t = 'ghp_" + "a" * 30 + "'"])
def test_no_suggestion_that_would_commit_something_else_than_it_shows(text):
    written = inline_comment(issue(replacement=text), VOICE)
    assert "```suggestion" not in written
    assert "```\n" in written


def test_suggestions():
    assert suggestion("a\nb\n") == "```suggestion\na\nb\n```"
    assert suggestion("a\nb") == "```suggestion\na\nb\n```"
    assert suggestion("```\n") == "````suggestion\n```\n````"
    assert suggestion("") == "```suggestion\n```"
    assert suggestion("\n") == "```suggestion\n\n```"


def test_only_commands_that_exist_are_advertised():
    assert "/harness" not in inline_comment(issue(), Voice(run_id="r-1"))
    assert "`/harness dismiss h-7KQ2 reason`" in inline_comment(issue(), VOICE)


def test_secrets_are_never_repeated():
    said = "the token hunter2hunter is in the log"
    found = issue(
        title=said, description=said, suggestion=said, category="hunter2hunter",
        sources=(finding("a", 22, said), finding("b", 22, said + "!", title=said)),
    )  # fmt: skip
    written = inline_comment(found, Voice(run_id="r-1", secrets=("hunter2hunter",)))
    assert "hunter2" not in written
    assert written.count("redacted") >= 5


@pytest.mark.parametrize("sources", [10, 100, 600])
def test_many_long_words_fit_and_keep_the_marker(sources):
    said = tuple(finding(f"agent-{n}", 22, f"{n} " + "<&>" * 3000) for n in range(sources))
    found = issue(description="<" * 9000, suggestion="&a" * 9000, replacement="z" * 20_000,
                  sources=said)  # fmt: skip
    written = inline_comment(found, VOICE)
    assert len(written) <= 65_536
    assert read(written) == Marker(kind="inline", issue="h-7KQ2", run="r-1")
    assert ("did not fit here" in written) == (sources == 600)
    assert "h-7KQ2 · wrong?" in written
