"""A pull request is opened, and pushed to: what people see."""

import re

import pytest

from bot.demo import Fault
from bot.models import RunState
from tests.acceptance.conftest import scripted

BUGGY = {"app.py": "def one():\n    return 1\n\n\ndef two():\n    return 2  # BUG alpha\n"}


async def test_a_review_is_posted_with_one_comment_per_issue_a_summary_and_an_honest_check(stage):
    pull = await stage.pull({**BUGGY, "lib.py": "x = 1  # HOLE beta\ny = 2\nz = 3  # NIT gamma\n"})
    run = await stage.reviewed(pull)
    places = {(c.path, c.line, c.side) for c in stage.inline(pull)}
    assert places == {("app.py", 6, "RIGHT"), ("lib.py", 1, "RIGHT"), ("lib.py", 3, "RIGHT")}
    assert len(stage.github.state.reviews_of(stage.github.record(pull))) == 1
    check = stage.check(pull)
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert check.external_id == run.id
    assert check.title == "2 to fix before merging · 1 minor"
    assert "found 3 = 3 inline + 0 file + 0 summary" in re.sub(r"\*\*|`", "", stage.summary(pull))


async def test_the_check_is_in_progress_before_the_agents_are_done(make_stage):
    slow = scripted("reader", "slow")
    slow["argv"] = [*slow["argv"], "2"]
    stage = await make_stage(agents=[slow], sandbox="off")
    pull = await stage.pull(BUGGY)
    check = await stage.check_says(pull, "in_progress")
    assert check.details_url == f"http://127.0.0.1:1/runs/{check.external_id}"
    assert stage.inline(pull) == []
    await stage.reviewed(pull)
    assert stage.check(pull).status == "completed"
    assert stage.check(pull).id == check.id


async def test_a_clean_change_is_said_to_be_clean(stage):
    pull = await stage.pull({"app.py": "def one():\n    return 2\n"})
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "success"
    assert stage.check(pull).title == f"nothing to fix in {pull.head_sha[:7]}"
    assert stage.inline(pull) == []
    assert "nothing to fix" in stage.summary(pull)


async def test_two_agents_that_say_the_same_become_one_comment_that_names_both(make_stage):
    stage = await make_stage(agents=[scripted("reader"), scripted("second")], sandbox="off")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    (comment,) = stage.inline(pull)
    assert "reader" in comment.body
    assert "second" in comment.body


async def test_a_push_that_only_shifts_lines_posts_nothing_again(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    (comment,) = stage.inline(pull)
    summary = stage.github.summary(pull)
    shifted = "# a new first line\n# and a second\n" + BUGGY["app.py"]
    await stage.push(pull, {"app.py": shifted})
    await stage.reviewed(pull, times=2)
    assert [c.id for c in stage.inline(pull)] == [comment.id]
    assert stage.github.summary(pull).id == summary.id
    assert pull.head_sha[:7] in stage.summary(pull)
    assert "still open" in stage.summary(pull)
    assert stage.check(pull).conclusion == "failure"
    assert stage.check(pull).head_sha == pull.head_sha


async def test_a_push_with_one_new_problem_posts_one_comment(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await stage.push(pull, {"new.py": "password = 1  # HOLE delta\n"})
    await stage.reviewed(pull, times=2)
    assert [(c.path, c.line) for c in stage.inline(pull)] == [("app.py", 6), ("new.py", 1)]
    assert len(stage.conversation(pull)) == 1


async def test_when_the_problem_is_gone_the_check_turns_green(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await stage.push(pull, {"app.py": "def one():\n    return 1\n\n\ndef two():\n    return 3\n"})
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "success"
    assert "**Addressed**" in stage.summary(pull)


async def test_when_only_a_comment_changed_silence_does_not_turn_the_check_green(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await stage.push(pull, {"app.py": BUGGY["app.py"].replace("  # BUG alpha", "")})
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "failure"
    assert "not found again, not proved: only spaces or comments changed" in stage.summary(pull)


async def test_more_issues_than_comments_are_allowed_are_all_in_the_summary(stage):
    lines = "".join(f"v{n} = {n}  # BUG word{n}\n" for n in range(30))
    pull = await stage.pull({"many.py": lines})
    await stage.reviewed(pull)
    assert len(stage.inline(pull)) == 12
    summary = stage.summary(pull)
    assert [n for n in range(30) if f"word{n} " not in summary] == []
    assert "found 30 = 12 inline + 0 file + 18 summary" in re.sub(r"\*\*|`", "", summary)


async def test_an_issue_outside_the_diff_is_a_comment_on_its_file(make_stage, tmp_path):
    words = tmp_path / "answer.txt"
    words.write_text(
        '{"issues": [{"severity": "major", "file": "app.py", "line": 1, "description": "far away"},'
        ' {"severity": "minor", "file": "README.md", "line": 1, "description": "elsewhere"}]}'
    )
    talker = scripted("talker", "talk")
    talker["argv"] = [*talker["argv"], str(words)]
    stage = await make_stage(agents=[talker], sandbox="off")
    long = "def one():\n    return 1\n" + "\n" * 30
    repo = await stage.repository({"app.py": long})
    pull = await stage.pull({"app.py": long + "x = 1\n"}, repo=repo)
    await stage.reviewed(pull)
    (comment,) = stage.inline(pull)
    assert (comment.path, comment.subject_type) == ("app.py", "file")
    assert "README.md:1" in stage.summary(pull)
    assert "found 2 = 0 inline + 1 file + 1 summary" in re.sub(r"\*\*|`", "", stage.summary(pull))


async def test_the_real_analyzers_review_the_sample(make_stage):
    stage = await make_stage()
    pull = stage.github.record(await stage.github.open_sample())
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "failure"
    both = [c for c in stage.inline(pull) if "bandit" in c.body and "ruff" in c.body]
    assert both, "nothing was merged"
    assert any("zizmor" in c.body for c in stage.inline(pull))


async def test_a_verdict_that_github_refuses_leaves_no_check_that_looks_busy(stage):
    refusal = Fault(method="PATCH", path="/repos/.*/check-runs/.*", status=422, message="too odd")
    stage.github.faults.fail(refusal)
    pull = await stage.pull(BUGGY)
    run = await stage.reviewed(pull)
    assert run.state is RunState.FAILED
    assert (stage.check(pull).status, stage.check(pull).conclusion) == (
        "completed",
        "action_required",
    )
    assert "verdict could not be posted" in stage.check(pull).title


async def test_a_file_that_no_analyzer_could_look_at_is_named(make_stage):
    stage = await make_stage(agents=[{"name": "bandit", "kind": "bandit"}])
    pull = await stage.pull(
        {".claude/hidden.py": "eval(input())\n", "old.py": "print 'x'; eval(input())\n"}
    )
    await stage.reviewed(pull)
    words = stage.summary(pull).replace("\\", "")
    assert re.search(r"bandit: .*hidden\.py.* was not looked at", words)
    assert re.search(r"bandit: .*old\.py.*syntax error", words)


@pytest.mark.postgres
async def test_the_same_on_postgresql(make_stage, postgres_url):
    stage = await make_stage(agents=[scripted("reader")], sandbox="off", database_url=postgres_url)
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    (comment,) = stage.inline(pull)
    await stage.push(pull, {"app.py": "# shifted\n" + BUGGY["app.py"]})
    await stage.reviewed(pull, times=2)
    assert [c.id for c in stage.inline(pull)] == [comment.id]
    assert stage.check(pull).conclusion == "failure"


async def test_the_log_says_which_delivery_run_pull_request_head_and_agent(stage, logged):
    pull = await stage.pull(BUGGY)
    run = await stage.reviewed(pull)
    lines = [line for line in logged.getvalue().splitlines() if "agent.ended" in line]
    (line,) = lines
    delivery = run.job_id.partition(":")[0]
    for words in (
        f"job={delivery}:0",
        f"run={run.id}",
        "repository=octo/shop",
        f"pull={pull.number}",
        f"head={pull.head_sha}",
        "agent=reader",
    ):
        assert words in line
