"""Who may do what: authors, maintainers, outsiders, bots; and what they are answered."""

from tests.acceptance.conftest import scripted
from tests.acceptance.test_review import BUGGY


async def both(make_stage, **settings):
    agents = [{"name": "ruff", "kind": "ruff"}, scripted("reader")]
    return await make_stage(agents=agents, sandbox="off", **settings)


async def test_a_draft_is_left_alone_until_it_is_ready(stage):
    pull = await stage.pull(BUGGY, draft=True)
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "neutral"
    assert "draft" in stage.check(pull).title
    assert stage.inline(pull) == []
    assert stage.conversation(pull) == []
    await stage.github.ready_for_review(pull)
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "failure"
    assert len(stage.inline(pull)) == 1


async def test_a_label_switches_the_review_off_and_a_person_can_ask_all_the_same(stage):
    pull = await stage.pull(BUGGY, labels=["skip-review"])
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "neutral"
    assert "skip-review" in stage.check(pull).title
    await stage.comment(pull, "/harness review", by="ada")
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "failure"


async def test_an_outsider_gets_the_analyzers_and_a_maintainer_approves_the_head(make_stage):
    stage = await both(make_stage)
    pull = await stage.pull(BUGGY, author="rita")
    await stage.reviewed(pull)
    check = stage.check(pull)
    assert check.conclusion == "action_required"
    assert "reader" in (check.summary or "") + (check.text or "") + stage.summary(pull)
    assert "/harness review" in stage.summary(pull)
    assert stage.inline(pull) == []

    refused = await stage.comment(pull, "/harness review", by="rita")
    await stage.settled()
    assert "needs write permission" in stage.answers(pull)[-1]
    assert stage.reactions(refused) == ["eyes", "confused"]
    assert stage.check(pull).conclusion == "action_required"

    approved = await stage.comment(pull, "/harness review", by="ada")
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "failure"
    assert len(stage.inline(pull)) == 1
    assert stage.reactions(approved) == ["eyes", "rocket"]


async def test_an_approval_does_not_count_for_the_next_push(make_stage):
    stage = await both(make_stage)
    pull = await stage.pull({"app.py": "x = 1\n"}, author="rita")
    await stage.reviewed(pull)
    await stage.comment(pull, "/harness review", by="ada")
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "success"
    await stage.push(pull, {"app.py": "x = 2\n"})
    await stage.reviewed(pull, times=3)
    assert stage.check(pull).conclusion == "action_required"


async def test_an_approval_of_a_head_that_nobody_saw_reviewed_is_refused(make_stage):
    stage = await both(make_stage)
    pull = await stage.pull(BUGGY, author="rita")
    await stage.reviewed(pull)
    seen = pull.head_sha
    stage.github.faults.drop_delivery("pull_request", "synchronize")
    await stage.push(pull, {"app.py": "import os  # the swap\n"})
    await stage.comment(pull, "/harness review", by="ada")
    await stage.settled()
    (answer,) = stage.answers(pull)
    assert seen[:7] in answer
    assert pull.head_sha[:7] in answer
    assert len(await stage.runs(pull)) == 1


async def test_help_lists_the_commands_and_an_unknown_one_is_answered(stage):
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    await stage.comment(pull, "/harness help", by="rita")
    await stage.settled()
    await stage.comment(pull, "/harness fly", by="rita")
    await stage.settled()
    helped, unknown = stage.answers(pull)
    assert "/harness review [full]" in helped
    assert "/harness fly" in unknown
    assert len(await stage.runs(pull)) == 1


async def test_two_commands_in_one_comment_have_two_answers(stage):
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    await stage.comment(pull, "/harness help\n/harness fly\n/harness help", by="rita")
    await stage.settled()
    helped, unknown = stage.answers(pull)
    assert "There is no command" not in helped
    assert "There is no command" in unknown


async def test_nobody_is_answered_who_did_not_ask(stage):
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    for words in ("looks good", "> /harness review", "```\n/harness review\n```"):
        await stage.comment(pull, words, by="ada")
    await stage.settled()
    assert stage.answers(pull) == []
    assert len(await stage.runs(pull)) == 1


async def test_what_bots_write_commands_nothing(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    stage.github.state.user("other[bot]", "Bot")
    stage.github.set_permission(stage.repo(pull), "other[bot]", "write")
    await stage.comment(pull, "/harness review", by="other[bot]")
    await stage.settled()
    assert stage.answers(pull) == []
    assert len(await stage.runs(pull)) == 1


async def test_rerun_beside_the_check_reviews_again_and_repeats_nothing(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await stage.github.rerequest_check(stage.check(pull), by="ada")
    await stage.reviewed(pull, times=2)
    assert len(stage.inline(pull)) == 1
    await stage.github.rerequest_suite(stage.repo(pull), pull.head_sha, by="ada")
    await stage.reviewed(pull, times=3)
    assert len(stage.inline(pull)) == 1
    assert stage.check(pull).conclusion == "failure"


async def test_rerun_finds_the_pull_request_of_a_fork(stage):
    repo = await stage.repository()
    fork = await stage.github.fork(repo, "rita")
    await stage.github.commit(fork, "change", BUGGY, author="rita")
    pull = await stage.github.open_pull(repo, head="change", head_repo=fork, author="ada")
    await stage.reviewed(pull)
    assert len(stage.inline(pull)) == 1
    await stage.github.rerequest_check(stage.check(pull), by="ada")
    await stage.reviewed(pull, times=2)
    await stage.github.rerequest_suite(repo, pull.head_sha, by="ada")
    await stage.reviewed(pull, times=3)


async def test_a_merge_queue_gets_the_verdict_of_the_pull_request(stage):
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    group = await stage.github.queue_merge(pull)
    await stage.settled()
    (check,) = stage.github.state.checks_of(stage.repo(pull), group)
    assert (check.name, check.status, check.conclusion) == ("harness", "completed", "success")
    assert f"pull request {pull.number}" in check.summary


async def test_a_merge_queue_gets_no_verdict_for_a_head_that_was_not_reviewed(stage):
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    stage.github.faults.drop_delivery("pull_request", "synchronize")
    await stage.push(pull, {"app.py": "x = 2\n"})
    group = await stage.github.queue_merge(pull)
    await stage.settled()
    (check,) = stage.github.state.checks_of(stage.repo(pull), group)
    assert check.conclusion == "action_required"


async def test_another_base_is_another_review_and_another_title_is_not(stage):
    repo = await stage.repository()
    await stage.github.commit(repo, "stable", {"OLD.md": "old\n"})
    pull = await stage.pull(BUGGY, repo=repo)
    await stage.reviewed(pull)
    await stage.github.edit_pull(pull, title="Better words")
    await stage.settled()
    assert len(await stage.runs(pull)) == 1
    await stage.github.edit_pull(pull, base="stable")
    await stage.reviewed(pull, times=2)


async def test_a_mistake_in_the_repositorys_file_is_told_with_its_line(stage):
    repo = await stage.repository({".github/harness.yml": "drafts: true\nfail_on: sometimes\n"})
    pull = await stage.pull(BUGGY, repo=repo)
    await stage.reviewed(pull)
    assert ".github/harness.yml:2: fail_on" in stage.summary(pull).replace("\\", "")
    assert stage.check(pull).conclusion == "failure"


async def test_the_head_of_a_pull_request_configures_nothing(stage):
    harmless = "fail_on: never\nagents: []\nignore: ['*']\n"
    pull = await stage.pull({**BUGGY, ".github/harness.yml": harmless})
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "failure"


async def test_the_default_branch_chooses_agents_and_the_base_branch_ignores_paths(make_stage):
    stage = await make_stage(agents=[scripted("reader"), scripted("second")], sandbox="off")
    files = {".github/harness.yml": "agents: [second]\nignore: ['docs/']\nfail_on: minor\n"}
    repo = await stage.repository(files)
    pull = await stage.pull({"app.py": "x = 1  # NIT one\n", "docs/a.py": "# BUG\n"}, repo=repo)
    await stage.reviewed(pull)
    assert "reader" not in stage.summary(pull)
    assert [c.path for c in stage.inline(pull)] == ["app.py"]
    assert "docs/a.py" in stage.summary(pull)
    assert stage.check(pull).conclusion == "failure"
