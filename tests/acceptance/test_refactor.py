"""``/harness refactor``: one commit that repairs what is open, and never over anybody's work."""

import pytest

from tests.acceptance.conftest import developer, scripted

BUGGY = {"app.py": "def one():\n    return 1\n\n\nx = y  # BUG alpha\n"}
AUTOMATIC = {".github/harness.yml": "auto_refactor: [critical, major]\n"}
TWO = {**BUGGY, "other.py": "a = b  # BUG beta\n"}


@pytest.fixture
def developing(make_stage, desk):
    """A stage with a reviewer that reports lines that say BUG, and a developer that mends them."""

    async def make(mode="repair", **settings):
        settings = {"agents": [scripted("reader")], "developer": developer(mode, desk), **settings}
        return await make_stage(sandbox="off", **settings)

    return make


@pytest.fixture
def calls(desk):
    """The developer's turns."""
    return lambda: [name for name, _given in desk.started]


async def asked(stage, pull, words="/harness refactor", by="ada"):
    comment = await stage.comment(pull, words, by=by)
    await stage.settled()
    return comment


async def commits(stage, pull, ref=None):
    repo = stage.repo(pull)
    out = await stage.github.git.text(
        repo.path, "log", "--format=%H", f"main..{ref or pull.head_ref}"
    )
    return out.split()


async def message(stage, pull):
    return await stage.github.git.text(
        stage.repo(pull).path, "log", "-1", "--format=%B", pull.head_ref
    )


async def test_one_commit_repairs_the_open_issues(developing, calls):
    stage = await developing()
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    head = pull.head_sha
    assert stage.check(pull).conclusion == "failure"

    comment = await asked(stage, pull)

    assert stage.reactions(comment) == ["eyes", "rocket"]
    assert calls() == ["repair"]
    assert await commits(stage, pull) == [pull.head_sha, head]
    assert "Repaired in" in stage.answers(pull)[-1]
    text = await message(stage, pull)
    assert text.startswith("Repair 1 issue\n\n- h-")
    assert "app.py:5 the alpha problem is here" in text
    assert "Co-authored-by: ada <" in text
    assert "+ada@users.noreply." in text
    assert "\nHarness-Run: r-" in text
    # The push is reviewed as every push is, and asks for nothing more.
    assert stage.check(pull).conclusion == "success"
    assert "**Addressed**" in stage.summary(pull)
    assert calls() == ["repair"]


async def test_a_plan_and_the_bases_instructions_reach_the_developer(developing, desk, tmp_path):
    """The developer says at the desk which names it read in its prompt."""
    words = tmp_path / "plan.txt"
    words.write_text("1. Mend it as h-PLAN9 says.")
    words.chmod(0o644)
    stage = await developing(planner=scripted("thinker", "talk", words))
    repo = await stage.repository({"AGENTS.md": "See h-GUIDE7.\n"})
    pull = await stage.pull(BUGGY, repo=repo)
    await stage.reviewed(pull)

    await asked(stage, pull)

    ((_mode, given),) = desk.started
    assert {"h-PLAN9", "h-GUIDE7"} < set(given.split(","))
    assert "Repaired in" in stage.answers(pull)[-1]
    logged = [
        event for run in await stage.runs() for event in await stage.harness.store.events(run.id)
    ]
    assert "thinker (planner)" in {event.agent for event in logged}


async def test_only_the_named_issue_is_asked_for(developing, desk):
    stage = await developing()
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    known = await stage.harness.store.issues_of_run((await stage.runs(pull))[0].id)
    beta = next(issue for issue in known if "beta" in issue.title)

    await asked(stage, pull, f"/harness refactor {beta.id}")

    assert desk.started == [("repair", beta.id)]
    assert "Repair 1 issue" in await message(stage, pull)


async def test_what_the_developer_may_not_change_is_left_out_and_named(developing):
    stage = await developing("stray")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    head = pull.head_sha

    await asked(stage, pull)

    names = await stage.github.git.text(
        stage.repo(pull).path, "diff", "--name-only", head, pull.head_ref
    )
    assert names.split() == ["app.py"]
    answer = stage.answers(pull)[-1]
    for left in ("CLAUDE.md", "extra.py", ".github/workflows/ci.yml"):
        assert left in answer


async def test_nothing_changed_is_said_and_nothing_is_pushed(developing):
    stage = await developing("nothing")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    head = pull.head_sha
    comment = await asked(stage, pull)
    assert pull.head_sha == head
    assert "Not repaired: the developer changed nothing" in stage.answers(pull)[-1]
    assert stage.reactions(comment) == ["eyes", "confused"]


async def test_a_developer_that_fails_is_told(developing):
    stage = await developing("fail")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await asked(stage, pull)
    assert "The repair could not be finished" in stage.answers(pull)[-1]


async def test_what_is_still_open_after_all_rounds_is_offered_as_a_patch(developing, calls):
    stage = await developing("half", max_iterations=1)
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    head = pull.head_sha
    await asked(stage, pull)
    assert pull.head_sha == head
    assert calls() == ["half"]
    answer = stage.answers(pull)[-1]
    assert "Not repaired: after 1 round 1 issue is still open" in answer
    assert "```diff" in answer
    assert "+x = mended(y)" in answer
    (run,) = [r for r in await stage.runs(pull) if r.trigger == "refactor"]
    patch = await stage.harness.store.get_blob(f"refactor/octo/shop#{pull.number}/patch/{run.id}")
    assert b"+x = mended(y)" in patch


async def test_in_the_second_round_the_rest_is_repaired(developing, calls):
    stage = await developing("half")
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    await asked(stage, pull)
    assert calls() == ["half", "half"]
    assert "Repair 2 issues" in await message(stage, pull)
    assert len(await commits(stage, pull)) == 2


async def test_a_head_that_nobody_saw_reviewed_is_not_repaired(developing, calls):
    stage = await developing()
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    seen = pull.head_sha
    stage.github.faults.drop_delivery("pull_request", "synchronize")
    await stage.push(pull, {"app.py": BUGGY["app.py"] + "z = 1\n"})
    await asked(stage, pull)
    assert calls() == []
    answer = stage.answers(pull)[-1]
    assert seen[:7] in answer
    assert pull.head_sha[:7] in answer


async def test_a_branch_that_moved_while_the_developer_worked_is_left_alone(
    developing, calls, desk
):
    stage = await developing()
    desk.hold("repair")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await stage.comment(pull, "/harness refactor", by="ada")

    async def at_work():
        return calls() == ["repair"]

    await stage.until(at_work, "the developer works")
    stage.github.faults.drop_delivery("pull_request", "synchronize")
    theirs = await stage.push(pull, {"README.md": "mine\n"})
    await desk.release()
    await stage.settled()
    assert pull.head_sha == theirs
    answer = stage.answers(pull)[-1]
    assert "Repaired, but not pushed: the head moved from" in answer
    assert "+x = mended(y)" in answer


async def test_nothing_is_open(developing):
    stage = await developing()
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    comment = await asked(stage, pull)
    assert "No issue is open" in stage.answers(pull)[-1]
    assert stage.reactions(comment) == ["eyes", "confused"]


async def test_whoever_may_not_write_is_refused(developing, calls):
    stage = await developing()
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await asked(stage, pull, by="rita")
    assert "needs write permission" in stage.answers(pull)[-1]
    assert calls() == []


async def test_nobody_can_write_code(make_stage):
    agents = [{"name": "ruff", "kind": "ruff"}]
    stage = await make_stage(agents=agents, sandbox="off")
    pull = await stage.pull({"app.py": "import os\nx = 1\n"})
    await stage.reviewed(pull)
    await asked(stage, pull)
    assert "HARNESS_DEVELOPER" in stage.answers(pull)[-1]


class TestTheButton:
    async def test_pressed_it_repairs_the_head_that_the_check_is_about(self, developing, calls):
        stage = await developing()
        pull = await stage.pull(BUGGY)
        await stage.reviewed(pull)
        await stage.github.press(stage.check(pull), "fix", by="ada")
        await stage.settled()
        assert calls() == ["repair"]
        assert "Co-authored-by: ada <" in await message(stage, pull)
        assert "Repaired in" in stage.answers(pull)[-1]
        assert stage.check(pull).actions == [], "nothing is open any more"

    async def test_pressed_by_somebody_who_may_not_write_it_refuses(self, developing, calls):
        stage = await developing()
        pull = await stage.pull(BUGGY)
        await stage.reviewed(pull)
        await stage.github.press(stage.check(pull), "fix", by="rita")
        await stage.settled()
        assert calls() == []
        assert "needs write permission" in stage.answers(pull)[-1]

    async def test_pressed_beside_the_check_of_an_older_head_it_names_both(self, developing, calls):
        stage = await developing()
        pull = await stage.pull(BUGGY)
        await stage.reviewed(pull)
        old, seen = stage.check(pull), pull.head_sha
        await stage.push(pull, {"app.py": BUGGY["app.py"] + "z = 1\n"})
        await stage.reviewed(pull, times=2)
        await stage.github.press(old, "fix", by="ada")
        await stage.settled()
        assert calls() == []
        assert seen[:7] in stage.answers(pull)[-1]

    async def test_where_nobody_can_write_code_there_is_none(self, make_stage):
        stage = await make_stage(agents=[{"name": "ruff", "kind": "ruff"}], sandbox="off")
        pull = await stage.pull({"app.py": "import os\nx = 1\n"})
        await stage.reviewed(pull)
        assert stage.check(pull).actions == []


class TestByItself:
    async def test_chosen_severities_are_repaired_after_the_review(self, developing, calls):
        stage = await developing()
        repo = await stage.repository(AUTOMATIC)
        pull = await stage.pull(BUGGY, repo=repo)
        await stage.reviewed(pull)
        await stage.settled()
        assert calls() == ["repair"]
        assert len(await commits(stage, pull)) == 2
        assert "Co-authored-by" not in await message(stage, pull)
        assert stage.check(pull).conclusion == "success"

    async def test_others_are_left(self, developing, calls):
        stage = await developing()
        repo = await stage.repository(AUTOMATIC)
        pull = await stage.pull({"app.py": "x = y  # NIT alpha\n"}, repo=repo)
        await stage.reviewed(pull)
        await stage.settled()
        assert calls() == []

    async def test_our_own_commit_starts_nothing_and_a_pull_request_has_a_bound(
        self, developing, calls
    ):
        stage = await developing()
        repo = await stage.repository(AUTOMATIC)
        pull = await stage.pull(BUGGY, repo=repo)
        await stage.settled()
        for number in range(4):
            await stage.push(pull, {"app.py": f"x = y{number}  # BUG n{number}\n"})
            await stage.settled()
        assert calls() == ["repair"] * 3

    async def test_it_is_not_for_outsiders(self, developing, calls):
        stage = await developing(outsiders="all")
        repo = await stage.repository(AUTOMATIC)
        await stage.github.commit(repo, "change", BUGGY, author="rita")
        pull = await stage.github.open_pull(repo, head="change", author="rita")
        await stage.reviewed(pull)
        await stage.settled()
        assert calls() == []


class TestPushes:
    async def test_a_protected_branch_is_told_and_the_patch_offered(self, developing):
        stage = await developing()
        pull = await stage.pull(BUGGY)
        await stage.reviewed(pull)
        head = pull.head_sha
        (stage.repo(pull).path / "refs" / "heads" / "change.lock").touch()
        await asked(stage, pull)
        assert pull.head_sha == head
        answer = stage.answers(pull)[-1]
        assert "Repaired, but not pushed: GitHub refused the push: " in answer
        assert "remote rejected" in answer
        assert "+x = mended(y)" in answer

    @pytest.mark.parametrize("allowed", [True, False])
    async def test_a_fork_gets_the_commit_or_the_patch(self, developing, allowed):
        stage = await developing(outsiders="all")
        repo = await stage.repository()
        fork = await stage.github.fork(repo, "rita")
        await stage.github.commit(fork, "change", BUGGY, author="rita")
        pull = await stage.github.open_pull(
            repo, head="change", author="rita", head_repo=fork, maintainer_can_modify=allowed
        )
        await stage.reviewed(pull)
        head = pull.head_sha
        await asked(stage, pull)
        answer = stage.answers(pull)[-1]
        assert pull.head_sha == head
        assert "not pushed" in answer
        assert ("may not push there" if allowed else "fork that maintainers may not") in answer
        assert "+x = mended(y)" in answer

    @pytest.mark.parametrize("what", ["rewound", "deleted"])
    async def test_a_branch_that_was_rewound_or_deleted_meanwhile_stays_so(
        self, developing, desk, calls, what
    ):
        stage = await developing()
        pull = await stage.pull({"app.py": "x = 1\n"})
        await stage.reviewed(pull)
        first = pull.head_sha
        await stage.push(pull, BUGGY)
        await stage.reviewed(pull, times=2)
        desk.hold("repair")
        await stage.comment(pull, "/harness refactor", by="ada")

        async def at_work():
            return calls() == ["repair"]

        await stage.until(at_work, "the developer works")
        repo = stage.repo(pull)
        stage.github.faults.drop_delivery("pull_request", "synchronize")
        stage.github.faults.drop_delivery("pull_request", "closed")
        wanted = first if what == "rewound" else None
        await stage.github.set_branch(repo, "change", wanted, by="ada")
        await desk.release()
        await stage.settled()
        assert await stage.github.git.sha(repo.path, "refs/heads/change") == wanted
        assert "+x = mended(y)" in stage.answers(pull)[-1]

    async def test_closed_while_the_developer_worked(self, developing, desk, calls):
        stage = await developing()
        pull = await stage.pull(BUGGY)
        await stage.reviewed(pull)
        desk.hold("repair")
        await stage.comment(pull, "/harness refactor", by="ada")

        async def at_work():
            return calls() == ["repair"]

        await stage.until(at_work, "the developer works")
        await stage.github.close_pull(pull, by="ada")
        await desk.release()
        await stage.settled()
        assert desk.alive == []
        assert len(await commits(stage, pull)) == 1


class TestTests:
    async def test_a_repair_that_breaks_a_test_is_not_pushed(self, developing):
        stage = await developing("break", max_iterations=1)
        files = {
            "code.py": "def two():\n    return 2\n",
            "check.py": "import runpy, sys\n"
            "ok = runpy.run_path('code.py')['two']() == 2\n"
            "print('1 passed' if ok else 'FAILED check.py::two\\n1 failed')\n"
            "sys.exit(not ok)\n",
            ".github/harness.yml": "test_command: python3 check.py\n",
        }
        repo = await stage.repository(files)
        pull = await stage.pull({**BUGGY, "code.py": "def two():\n    return 1 + 1\n"}, repo=repo)
        await stage.reviewed(pull)
        head = pull.head_sha
        await asked(stage, pull)
        assert pull.head_sha == head
        answer = stage.answers(pull)[-1]
        assert "fail that did not before" in answer or "passed before the change" in answer
        assert "return 3" in answer
