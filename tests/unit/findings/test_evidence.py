"""Is a known issue gone? Silence and a change that concerns it, together, are the only proof."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from bot.checkout.diff import parse_diff
from bot.findings.evidence import Seen, weigh
from bot.models import Diff, IssueState, Side
from tests.fakes.nouns import HEAD, changed, diff, hunk, known
from tests.fakes.trees import compare

APP = """\
import db
from checks import clean


def unrelated(a):
    return a + 1


def find(user_id):
    connection = db.connect()
    query = f"SELECT * FROM users WHERE id = {user_id}"
    return connection.run(query)


def other(path):
    handle = open(path)
    return handle.read()
"""
CHECKS = "def clean(value):\n    return value\n\n\ndef same(a, b):\n    return a == b\n"
LINE = 11
ISSUE = known(
    "h-SQL1",
    LINE,
    title="SQL injection through `user_id`",
    description="The value of `user_id` is put into the query text, so a caller can run any SQL.",
    code='    query = f"SELECT * FROM users WHERE id = {user_id}"',
)
TREE = {"app.py": APP, "checks.py": CHECKS, "README.md": "# Users\n\nFinds users.\n"}


def verdict(before, after, issue=ISSUE, *, agents=None, finished=True, **more):
    """The state of the issue after the push, and why."""
    since = compare(before, after)
    whole = compare({}, after) if "whole" not in more else more.pop("whole")
    panel = frozenset(agents or issue.agents)
    weighed = weigh(
        [issue],
        Seen(
            head_sha=HEAD,
            diff=whole,
            since={issue.head_sha: since},
            lines={path: text.split("\n") for path, text in after.items()},
            panel=panel,
            finished=panel if finished else frozenset(),
            **more,
        ),
    )
    if weighed.closed:
        (closing,) = weighed.closed
        assert (closing.issue, closing.commit) == (issue, HEAD)
        return closing.state.value, closing.reason
    (carried,) = weighed.carried
    return "open", carried.reason


def edit(old, new, path="app.py"):
    assert old in TREE[path]
    return {**TREE, path: TREE[path].replace(old, new, 1)}


QUERY = '    query = f"SELECT * FROM users WHERE id = {user_id}"\n'
FIXED = '    query = ("SELECT * FROM users WHERE id = ?", user_id)\n'


@dataclass
class Probe:
    after: dict[str, str]
    expected: str
    issue: object = ISSUE
    before: dict[str, str] = field(default_factory=lambda: TREE)


def named(path, issue=ISSUE):
    """The same tree with the file under another name."""
    tree = {**TREE, path: APP}
    del tree["app.py"]
    return tree, replace(issue, file=path)


def fixed_under(path):
    before, issue = named(path)
    return Probe({**before, path: APP.replace(QUERY, FIXED)}, "addressed", issue, before)


CALLEE = known(
    "h-CAL1",
    LINE + 1,
    title="Unchecked value",
    description="`clean` lets every value through",
    code="    return connection.run(clean(query))",
)
CALLER = {**TREE, "app.py": APP.replace("connection.run(query)", "connection.run(clean(query))")}

PROBES = {
    "a blank line is added before it": Probe(edit(QUERY, "\n" + QUERY), "open"),
    "a comment about something else is added": Probe(
        edit(QUERY, "    # connections are pooled\n" + QUERY), "open"
    ),
    "a TODO quotes the issue": Probe(
        edit(QUERY, "    # TODO: SQL injection through user_id, clean(user_id)\n" + QUERY), "open"
    ),
    "a TODO stands behind the line": Probe(
        edit(QUERY, QUERY.rstrip() + "  # TODO: clean(user_id)\n"), "open"
    ),
    "the same line interpolates one more value": Probe(
        edit('{user_id}"', '{user_id} AND name = {name}"'), "open"
    ),
    "another line interpolates more": Probe(
        edit(QUERY, QUERY + '    query += f" AND owner = {user_id}"\n'), "open"
    ),
    "other code is deleted": Probe(edit("def unrelated(a):\n    return a + 1\n\n\n", ""), "open"),
    "its code is deleted": Probe(edit(QUERY, ""), "addressed"),
    "README is edited, and the issue is about no file": Probe(
        edit("Finds users.", "Finds `user_id`, safely.", "README.md"),
        "open",
        replace(ISSUE, file="", line=None, code=""),
    ),
    "it is fixed where it stands": Probe(edit(QUERY, FIXED), "addressed"),
    "a guard is put before it": Probe(
        edit(QUERY, "    if not user_id.isdigit():\n        raise ValueError(user_id)\n" + QUERY),
        "addressed",
    ),
    "a guard without a call is put before it": Probe(
        edit(QUERY, "    if user_id is None:\n        return None\n" + QUERY), "addressed"
    ),
    "a guard on what only its code names is put before it": Probe(
        {
            **CALLER,
            "app.py": CALLER["app.py"].replace(
                CALLEE.code, f"    if not query:\n        return None\n{CALLEE.code}"
            ),
        },
        "addressed",
        CALLEE,
        CALLER,
    ),
    "it is fixed in the file of what it calls": Probe(
        {**CALLER, "checks.py": CHECKS.replace("return value", "return int(value)")},
        "addressed",
        CALLEE,
        CALLER,
    ),
    "something else changes in the file of what it calls": Probe(
        {**CALLER, "checks.py": CHECKS.replace("a == b", "a is b")}, "open", CALLEE, CALLER
    ),
    "its file is deleted": Probe({k: v for k, v in TREE.items() if k != "app.py"}, "addressed"),
    "its file is renamed": Probe(named("users.py")[0], "open"),
    "its file is renamed, and it is fixed": Probe(
        {**named("users.py")[0], "users.py": APP.replace(QUERY, FIXED)}, "addressed"
    ),
    "a path with a space": fixed_under("my app.py"),
    "a path that git quotes": fixed_under('größe "x"\t.py'),
    "lines that end as on Windows": Probe(
        {**TREE, "app.py": APP.replace(QUERY, FIXED).replace("\n", "\r\n")},
        "addressed",
        ISSUE,
        {**TREE, "app.py": APP.replace("\n", "\r\n")},
    ),
    "only its line ends change": Probe({**TREE, "app.py": APP.replace("\n", "\r\n")}, "open"),
    "a path that begins with ./": Probe(
        edit(QUERY, FIXED), "addressed", replace(ISSUE, file="./app.py")
    ),
    "200 lines are added above": Probe({**TREE, "app.py": "x = 1\n" * 200 + APP}, "open"),
    "it is indented": Probe(edit(QUERY, "    " + QUERY), "open"),
    "it is moved to another file": Probe(
        {**edit(QUERY, ""), "queries.py": "def text(user_id):\n" + QUERY}, "open"
    ),
    "the function logs": Probe(edit(QUERY, '    log.info("for %s", user_id)\n' + QUERY), "open"),
    "nothing is changed": Probe(TREE, "open"),
    "a line is added to another function": Probe(
        edit("    handle = open", "    if not path:\n        return b''\n    handle = open"),
        "open",
    ),
    "a variable gets another name": Probe({**TREE, "app.py": APP.replace("query", "text")}, "open"),
    "the line is broken in three": Probe(
        edit(QUERY, '    query = (\n        f"SELECT * FROM users WHERE id = {user_id}"\n    )\n'),
        "open",
    ),
}


def judged(probe, **more):
    base = {"app.py": "x = 0\n"} | ({"my app.py": ""} if "my app.py" in probe.after else {})
    return verdict(probe.before, probe.after, probe.issue, whole=compare(base, probe.after), **more)


@pytest.mark.parametrize("what", PROBES)
def test_after_a_push_in_which(what):
    probe = PROBES[what]
    assert judged(probe)[0] == probe.expected, judged(probe)


REASONS = {
    "a comment about something else is added": "only spaces or comments changed",
    "the same line interpolates one more value": "its line only has more of what it had",
    "another line interpolates more": "the changes around it do not concern it",
    "the function logs": "the changes around it do not concern it",
    "its code is deleted": "its lines were removed",
    "README is edited, and the issue is about no file": (
        "it is about no file, so no change can be told to concern it"
    ),
    "it is fixed where it stands": "its lines were changed",
    "a guard is put before it": "code around it that names `user_id` changed",
    "it is fixed in the file of what it calls": "`clean` was changed in checks.py",
    "its file is deleted": "its file was deleted",
    "its file is renamed": "its file was only renamed",
    "a variable gets another name": "only a name changed in its line",
    "nothing is changed": "its code has not changed since",
}


@pytest.mark.parametrize("what", REASONS)
def test_people_are_told_why_after_a_push_in_which(what):
    state, reason = judged(PROBES[what])
    said = REASONS[what]
    assert reason == (
        f"{said}, and claude did not find it again"
        if state == "addressed"
        else f"not found again, not proved: {said}"
    )


@pytest.mark.parametrize("what", PROBES)
def test_nothing_is_closed_while_the_finder_did_not_finish_though(what):
    assert judged(PROBES[what], finished=False) == ("open", "claude did not finish")


def test_a_patch_without_the_usual_prefixes_is_read_as_any_other():
    patch = (
        b":100644 100644 1111111 2222222 M\0app.py\0\0"
        b"diff --git app.py app.py\n--- app.py\n+++ app.py\n@@ -11 +11 @@ def find(user_id):\n"
        b'-    query = f"SELECT * FROM users WHERE id = {user_id}"\n'
        b'+    query = ("SELECT * FROM users WHERE id = ?", user_id)\n'
    )
    since = Diff(base_sha="old", head_sha=HEAD, files=parse_diff(patch))
    seen = Seen(
        head_sha=HEAD, diff=since, since={"old": since}, lines={"app.py": APP.split("\n")},
        panel=frozenset({"claude"}), finished=frozenset({"claude"}),
    )  # fmt: skip
    (closing,) = weigh([ISSUE], seen).closed
    assert closing.reason == "its lines were changed, and claude did not find it again"


class TestWhoLooked:
    AFTER = edit(QUERY, FIXED)

    def reason(self, issue=ISSUE, **more):
        state, reason = verdict(TREE, self.AFTER, issue, **more)
        assert state == "open"
        return reason

    def test_nobody_who_found_it(self):
        said = "claude, who found it, did not take part in this review"
        assert self.reason(agents=("codex",)) == said

    def test_one_of_two_did_not_finish(self):
        both = replace(ISSUE, agents=("claude", "codex"))
        seen = {"agents": ("claude", "codex", "ruff"), "finished": True}
        assert verdict(TREE, self.AFTER, both, **seen)[0] == "addressed"
        assert self.reason(both, agents=("claude", "codex"), finished=False) == (
            "claude and codex did not finish"
        )

    def test_five_names_are_listed_and_no_more(self):
        names = ("a", "b", "c", "d", "e")
        five = replace(ISSUE, agents=names)
        assert self.reason(five, agents=names, finished=False) == "a, b, c, d and e did not finish"
        six = replace(ISSUE, agents=(*names, "f"))
        said = "a, b, c, d, e and 1 more did not finish"
        assert self.reason(six, agents=six.agents, finished=False) == said

    def test_its_file_is_ignored_now(self):
        said = "its file was not reviewed this time: ignored by `*.py`"
        assert self.reason(unread={"app.py": "ignored by `*.py`"}) == said

    def test_the_same_commit_again(self):
        same = replace(ISSUE, head_sha=HEAD)
        assert "nothing was pushed" in verdict(TREE, self.AFTER, same)[1]

    def test_analyzers_are_sure_whatever_changed_in_its_file(self):
        edited = {**TREE, "app.py": APP.replace("a + 1", "a + 2")}
        ruff = {"agents": ("claude",), "analyzers": frozenset({"claude"})}
        assert verdict(TREE, edited)[0] == "open"
        said = "its file was changed, and claude did not find it again"
        assert verdict(TREE, edited, **ruff) == ("addressed", said)
        silenced = edit(QUERY, QUERY.rstrip() + "  # noqa: S608\n")
        assert verdict(TREE, silenced)[0] == "open"
        assert verdict(TREE, silenced, **ruff)[0] == "addressed"


class TestAboutARange:
    """A wide one is a place to look in, and a change somewhere in it says little."""

    def state(self, height):
        body = [f"    step_{n}(total)" for n in range(height)]
        tree = {"app.py": "\n".join(["def f(total):", *body, ""])}
        changed = {"app.py": tree["app.py"].replace("step_1(total)", "other(size)")}
        words = {"title": "Steps", "description": "They run in the wrong order"}
        issue = replace(ISSUE, line=2, end_line=1 + height, code="\n".join(body), **words)
        return verdict(tree, changed, issue)

    def test_a_change_within_a_few_lines_concerns_it(self):
        assert self.state(8) == (
            "addressed", "its lines were changed, and claude did not find it again"
        )  # fmt: skip

    def test_a_change_within_many_lines_does_so_by_what_it_names(self):
        assert self.state(9)[1].startswith("code around it that names `")


class TestLeftThePullRequest:
    def test_its_file_is_as_in_the_base_again(self):
        state, reason = verdict(TREE, TREE, whole=compare({}, {"b.py": "x\n"}), finished=False)
        assert (state, reason) == ("stale", "its file is not a part of this pull request any more")

    def test_an_issue_that_was_never_in_the_diff_does_not_leave_it(self):
        outside = replace(ISSUE, in_diff=False)
        assert verdict(TREE, TREE, outside, whole=compare({}, {"b.py": "x\n"}))[0] == "open"


class TestTheEarlierCommitIsGone:
    def verdict(self, after, *, issue=ISSUE, base=None, diff=None):
        seen = Seen(
            head_sha=HEAD, diff=diff or compare(base or {}, after), since={},
            lines={path: text.split("\n") for path, text in after.items()},
            panel=frozenset({"claude"}), finished=frozenset({"claude"}),
        )  # fmt: skip
        weighed = weigh([issue], seen)
        return weighed.closed[0].state.value if weighed.closed else weighed.carried[0].reason

    def test_its_line_still_stands(self):
        assert self.verdict({**TREE, "app.py": "\n" * 9 + APP}) == (
            "not found again, not proved: its code still stands there"
        )

    def test_its_line_stands_in_another_file(self):
        moved = {"app.py": "x = 1\n", "b.py": APP}
        assert self.verdict(moved) == "not found again, not proved: its code stands elsewhere now"

    def test_its_line_is_gone(self):
        assert self.verdict(edit(QUERY, FIXED)) == "addressed"

    def test_one_of_its_two_lines_still_stands(self):
        two = replace(
            ISSUE, end_line=LINE + 1, code=f"{ISSUE.code}\n    return connection.run(query)"
        )
        said = "not found again, not proved: some of its code still stands"
        assert self.verdict(edit(QUERY, FIXED), issue=two) == said

    def test_its_line_has_more_of_what_it_had(self):
        said = "not found again, not proved: its line only has more of what it had"
        assert self.verdict(edit('{user_id}"', '{user_id} AND name = {name}"')) == said

    def test_its_file_cannot_be_read(self):
        said = (
            "not found again, not proved: "
            "the commit it was seen on is gone, and its code cannot be compared"
        )
        more = compare({}, {"b.py": "x = 1\n", "too_large.py": "x = 1\n"})
        assert self.verdict({"b.py": "x = 1\n"}, diff=more) == said
        bracket = replace(ISSUE, code=")")
        assert self.verdict(edit(QUERY, FIXED), issue=bracket) == said

    def test_its_code_is_in_none_of_the_files_of_the_pull_request(self):
        assert self.verdict({"b.py": "x = 1\n"}) == "addressed"

    def test_the_pull_request_deletes_its_file(self):
        gone = {path: text for path, text in TREE.items() if path != "app.py"}
        assert self.verdict(gone, base=TREE) == "addressed"

    def test_its_file_may_have_a_new_name_where_files_came(self):
        came = compare({}, {"b.py": "x = 1\n"})
        assert self.verdict({"b.py": "x = 1\n"}, diff=came) != "stale"
        edited = compare({"b.py": "x = 1\n"}, {"b.py": "x = 2\n"})
        assert self.verdict({"b.py": "x = 2\n"}, diff=edited) == "stale"


class TestAboutRemovedLines:
    ISSUE = replace(ISSUE, side=Side.LEFT, line=4, code="    check(user_id)")

    def test_they_are_back(self):
        after = edit(QUERY, "    check(user_id)\n" + QUERY)
        said = "the removed lines are back, and claude did not find it again"
        assert verdict(TREE, after, self.ISSUE) == ("addressed", said)

    def test_they_are_not(self):
        said = "not found again, not proved: the removed lines are not back"
        assert verdict(TREE, edit(QUERY, FIXED), self.ISSUE) == ("open", said)


NOTED = {**TREE, "app.py": APP.replace(QUERY, QUERY.rstrip() + "  # runs once\n")}


class TestAboutAComment:
    ISSUE = replace(ISSUE, title="Misleading comment", code=QUERY.rstrip() + "  # runs once")

    def test_the_comment_was_changed(self):
        assert verdict(NOTED, TREE, self.ISSUE)[0] == "addressed"

    def test_a_comment_elsewhere_was(self):
        after = {**NOTED, "app.py": "# words\n" + NOTED["app.py"]}
        assert verdict(NOTED, after, self.ISSUE)[0] == "open"

    def test_for_an_issue_of_the_code_it_proves_nothing(self):
        assert verdict(NOTED, TREE, replace(self.ISSUE, title=ISSUE.title))[0] == "open"


class TestAboutAWholeFile:
    ISSUE = replace(ISSUE, line=None, code="")

    def test_what_it_names_was_changed(self):
        said = "`user_id` was changed in its file, and claude did not find it again"
        assert verdict(TREE, edit(QUERY, FIXED), self.ISSUE) == ("addressed", said)

    def test_something_else_was(self):
        said = "the changes of its file do not name what it is about"
        state = "open", f"not found again, not proved: {said}"
        assert verdict(TREE, edit("a + 1", "a + 2"), self.ISSUE) == state


def test_what_stays_open_is_shown_where_it_lies_today():
    after = {**TREE, "app.py": "x = 1\n" * 200 + APP}
    since = compare(TREE, after)
    seen = Seen(
        head_sha=HEAD, diff=since, since={"old": since}, lines={},
        panel=frozenset({"claude"}), finished=frozenset({"claude"}),
    )  # fmt: skip
    (carried,) = weigh([ISSUE], seen).carried
    assert (carried.line, carried.end_line, carried.id) == (LINE + 200, LINE + 200, "h-SQL1")


@pytest.mark.parametrize("state", ["addressed", "dismissed", "stale"])
def test_what_is_closed_is_not_closed_again(state):
    weighed = weigh([replace(ISSUE, state=IssueState(state))], Seen(
        head_sha=HEAD, diff=diff(changed("app.py", hunk(1, 1, "-a", "+b"))), since={}, lines={},
        panel=frozenset(), finished=frozenset(),
    ))  # fmt: skip
    assert (weighed.closed, weighed.carried) == ((), ())
