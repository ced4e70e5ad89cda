"""A judge beside the reviewers: what it holds back, and that people see it."""

import re

from bot.models import IssueState
from tests.acceptance.conftest import scripted

TWO = {"app.py": "x = 1  # BUG alpha\n", "lib.py": "y = 2  # BUG beta\n"}
AGENTS = [scripted("one", "only", "alpha"), scripted("two", "only", "beta")]


async def test_what_the_judge_rejects_gets_no_comment_and_is_listed(make_stage):
    stage = await make_stage(agents=AGENTS, judge=scripted("judge", "reject"), sandbox="off")
    pull = await stage.pull(TWO)
    run = await stage.reviewed(pull)
    assert stage.inline(pull) == []
    check = stage.check(pull)
    assert check.conclusion == "success"
    assert check.title == f"nothing to fix in {pull.head_sha[:7]} · 2 held back"
    summary = re.sub(r"\*\*|`", "", stage.summary(pull))
    assert "Not posted" in summary
    assert summary.count("the code says otherwise") == 2
    assert "found 2 = 0 inline + 0 file + 0 summary + 2 held back + 0 merged" in summary
    assert "judge (judge)" in summary
    stored = await stage.harness.store.issues_of_run(run.id)
    assert {issue.state for issue in stored} == {IssueState.STALE}


async def test_what_was_held_back_is_new_when_nobody_rejects_it_any_more(make_stage):
    stage = await make_stage(agents=AGENTS, judge=scripted("judge", "reject"), sandbox="off")
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    # Now both agents say both: agreement outvotes the judge.
    await stage.stop()
    agents = [scripted("one"), scripted("two")]
    judge = scripted("judge", "reject")
    stage.settings = type(stage.settings)(
        _env_file=None, **{**stage.settings.model_dump(), "agents": agents, "judge": judge}
    )
    await stage.start()
    await stage.push(pull, {name: f"import os\n{text}" for name, text in TWO.items()})
    await stage.reviewed(pull, times=2)
    assert {(c.path, c.line) for c in stage.inline(pull)} == {("app.py", 2), ("lib.py", 2)}
    assert stage.check(pull).title == "2 to fix before merging"


async def test_a_judge_that_fails_changes_nothing_but_its_row(make_stage):
    stage = await make_stage(agents=AGENTS, judge=scripted("judge", "garbage"), sandbox="off")
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    assert len(stage.inline(pull)) == 2
    assert stage.check(pull).title == "2 to fix before merging"
    assert "the judge judge did not finish" in stage.summary(pull)
