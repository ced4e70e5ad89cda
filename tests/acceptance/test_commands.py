"""Slash commands in odd moments: while a run goes, several at once, on a closed pull request."""

import pytest

from tests.acceptance.conftest import developer, reporting, scripted

BUGGY = {"app.py": "def one():\n    return 1\n\n\nx = y  # BUG alpha\n"}


@pytest.fixture
def staged(make_stage, desk):
    async def make(mode="nothing", **settings):
        settings = {"agents": [scripted("reader")], "developer": developer(mode, desk), **settings}
        return await make_stage(sandbox="off", **settings)

    return make


async def first_issue(stage, pull):
    run = await stage.reviewed(pull)
    (issue,) = await stage.harness.store.issues_of_run(run.id)
    return issue.id


async def test_status_while_a_review_runs(make_stage, desk):
    desk.hold("late")
    stage = await make_stage(agents=[reporting("late", desk)], sandbox="off")
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    await stage.comment(pull, "/harness status", by="rita")

    async def answered():
        return bool(stage.answers(pull))

    await stage.until(answered, "the status is told")
    answer = stage.answers(pull)[-1]
    assert f"Running now: a review of {pull.head_sha[:7]}" in answer
    assert "no verdict yet" in answer
    assert "No open issue" in answer
    await desk.release()
    await stage.reviewed(pull)


async def test_status_names_the_open_issues(staged):
    stage = await staged()
    pull = await stage.pull(BUGGY)
    issue = await first_issue(stage, pull)
    await stage.comment(pull, "/harness status", by="rita")
    await stage.settled()
    answer = stage.answers(pull)[-1]
    assert "**1 open issue**: 1 major" in answer
    assert f"| {issue} | major | new | `app.py:5` | the alpha problem is here |" in answer


async def test_config_tells_where_each_value_comes_from(staged):
    stage = await staged(fail_on="major")
    files = {".github/harness.yml": "fail_on: minor\ntest_command: make check\nnonsense: 1\n"}
    repo = await stage.repository(files)
    pull = await stage.pull(BUGGY, repo=repo)
    await stage.reviewed(pull)
    await stage.comment(pull, "/harness config", by="rita")
    await stage.settled()
    answer = stage.answers(pull)[-1]
    assert "reader" in answer
    assert "Mistakes in `.github/harness.yml`" in answer
    assert "nonsense" in answer
    await stage.github.commit(repo, "main", {".github/harness.yml": "fail_on: minor\n"})
    await stage.comment(pull, "/harness config", by="rita")
    await stage.settled()
    (row,) = [line for line in stage.answers(pull)[-1].split("\n") if "minor" in line]
    assert "default branch" in row


async def test_several_commands_of_one_comment_are_all_carried_out(staged):
    stage = await staged()
    pull = await stage.pull(BUGGY)
    issue = await first_issue(stage, pull)
    await stage.comment(pull, f"/harness status\n/harness explain {issue}\nthanks", by="ada")
    await stage.settled()
    text = "\n".join(stage.answers(pull))
    assert "### harness: status" in text
    assert "confidence" in text


async def test_twice_at_once_is_one_repair_and_one_word_that_nothing_is_open(staged, desk):
    stage = await staged("repair")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    desk.hold("repair")
    await stage.comment(pull, "/harness refactor", by="ada")
    await stage.begun(desk)
    await stage.github.comment(pull, "/harness refactor", by="ada")
    await desk.release()
    await stage.settled()
    commits = await stage.github.git.text(
        stage.repo(pull).path, "log", "--format=%H", "main..change"
    )
    assert len(commits.split()) == 2
    assert [name for name, _given in desk.started] == ["repair"]
    # The second one was written for the head before the repair.
    assert any("the head moved" in a for a in stage.answers(pull))


async def test_on_a_closed_pull_request_everything_that_costs_is_declined(staged, desk):
    stage = await staged("repair")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await stage.github.close_pull(pull, by="ada")
    await stage.settled()
    for words in ("review", "refactor"):
        await stage.comment(pull, f"/harness {words}", by="ada")
        await stage.settled()
        assert "is closed" in stage.answers(pull)[-1]
    assert desk.started == []
