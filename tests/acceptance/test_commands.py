"""The slash commands: who may use which, and when, asked of GitHub each time."""

import pytest

from bot.commands.command import commands
from tests.acceptance.conftest import developer, reporting, scripted
from tests.acceptance.stage import ENDED

BUGGY = {"app.py": "def one():\n    return 1\n\n\nx = y  # BUG alpha\n"}
ROLES = ("read", "triage", "write", "maintain", "admin", "none")
MAY_WRITE = ("write", "maintain", "admin")
WORDS = {
    # command: (its words, what its answer holds when it is carried out; None: a reaction only)
    "cancel": ("cancel", "Nothing was running"),
    "config": ("config", "### harness: configuration"),
    "dismiss": ("dismiss {issue} because", "Dismissed by"),
    "explain": ("explain {issue}", "the alpha problem is here"),
    "help": ("help", "### harness: commands"),
    "refactor": ("refactor {issue}", "Not repaired: the developer changed nothing"),
    "review": ("review", None),
    "status": ("status", "### harness: status"),
}
FOR_ANYBODY = {"config", "explain", "help", "status"}


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


def said_by_us(stage, pull):
    """In the conversation, and in threads."""
    every = [*stage.conversation(pull), *stage.inline(pull)]
    summary = stage.github.summary(pull)
    mine = [c for c in every if c.user is stage.github.bot and c is not summary]
    return [c.body for c in sorted(mine, key=lambda c: c.id)]


def test_every_command_has_a_row():
    assert set(WORDS) == set(commands())


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("command", WORDS)
async def test_authority(staged, traffic, command):
    """Every role, the author without rights and a bot: carried out, or refused politely."""
    stage = await staged(outsiders="all")
    repo = await stage.repository()
    for role in ROLES:
        stage.github.set_permission(repo, f"{role}-er", role)
    await stage.github.commit(repo, "change", BUGGY, author="rita")
    pull = await stage.github.open_pull(repo, head="change", author="rita")
    issue = await first_issue(stage, pull)
    words, said = WORDS[command]
    words = f"/harness {words.format(issue=issue)}"
    for login in (*(f"{role}-er" for role in ROLES), "rita"):
        role = login.removesuffix("-er") if login != "rita" else "read"
        before, runs = len(said_by_us(stage, pull)), len(await stage.runs(pull))
        asked = len(traffic.exchanges)
        comment = await stage.comment(pull, words, by=login)
        await stage.settled()
        answers = said_by_us(stage, pull)[before:]
        questions = [
            e for e in traffic.exchanges[asked:] if e.path.endswith(f"/{login}/permission")
        ]
        if command in FOR_ANYBODY or role in MAY_WRITE:
            if said is None:
                assert len(await stage.runs(pull)) == runs + 1, login
                assert stage.reactions(comment)[-1] == "rocket"
            else:
                assert any(said in answer for answer in answers), (login, answers)
        else:
            assert "needs write permission" in answers[-1], login
            assert stage.reactions(comment)[-1] == "confused"
            assert len(await stage.runs(pull)) == runs, login
        if command not in FOR_ANYBODY:
            assert questions, "the permission is asked of GitHub each time"
    bot = await stage.github.comment(pull, words, by="dependabot[bot]")
    before = len(said_by_us(stage, pull))
    await stage.settled()
    assert len(said_by_us(stage, pull)) == before
    assert stage.reactions(bot) == []


async def test_cancel_ends_what_runs_and_the_check_says_so(make_stage, desk):
    desk.hold("late")
    stage = await make_stage(agents=[reporting("late", desk)], sandbox="off")
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    comment = await stage.comment(pull, "/harness cancel", by="ada")
    run = await stage.reviewed(pull)
    assert (run.state.value, run.title) == ("cancelled", "cancelled by @ada")
    check = stage.check(pull)
    assert (check.status, check.conclusion) == ("completed", "cancelled")
    assert f"Cancelled: 1 run (`{run.id}`)" in stage.answers(pull)[-1]
    assert stage.reactions(comment) == ["eyes", "rocket"]
    assert desk.alive == []


async def test_cancel_ends_a_repair_and_nothing_is_pushed(staged, desk):
    stage = await staged("repair")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    head = pull.head_sha
    desk.hold("repair")
    await stage.comment(pull, "/harness refactor", by="ada")
    await stage.begun(desk)
    await stage.comment(pull, "/harness cancel", by="ada")
    await stage.settled()
    assert pull.head_sha == head
    assert all(run.state in ENDED for run in await stage.runs(pull))
    assert [c.conclusion for c in stage.checks(pull, head)] == ["failure"]
    assert desk.alive == []


async def test_status_while_a_review_runs(make_stage, desk):
    desk.hold("late")
    stage = await make_stage(agents=[reporting("late", desk)], sandbox="off")
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    await stage.comment(pull, "/harness status", by="rita")

    async def answered():
        return bool(stage.answers(pull))

    await stage.until(answered, "the status is told")
    assert f"a review of {pull.head_sha[:7]} (the head), running" in stage.answers(pull)[-1]
    assert "No issue is open" in stage.answers(pull)[-1]
    await desk.release()
    await stage.reviewed(pull)


async def test_status_names_the_open_issues(staged):
    stage = await staged()
    pull = await stage.pull(BUGGY)
    issue = await first_issue(stage, pull)
    await stage.comment(pull, "/harness status", by="rita")
    await stage.settled()
    answer = stage.answers(pull)[-1]
    assert "Open: 1 major." in answer
    assert f"| `{issue}` | major | new | the alpha problem is here | `app.py:5` |" in answer


async def test_config_tells_where_each_value_comes_from(staged):
    stage = await staged(fail_on="major")
    files = {".github/harness.yml": "fail_on: minor\ntest_command: make check\nnonsense: 1\n"}
    repo = await stage.repository(files)
    pull = await stage.pull(BUGGY, repo=repo)
    await stage.reviewed(pull)
    await stage.comment(pull, "/harness config", by="rita")
    await stage.settled()
    answer = stage.answers(pull)[-1]
    assert "| agents | `reader` | operator |" in answer
    assert "Mistakes in it" in answer
    assert "nonsense" in answer
    await stage.github.commit(repo, "main", {".github/harness.yml": "fail_on: minor\n"})
    await stage.comment(pull, "/harness config", by="rita")
    await stage.settled()
    assert "| fails from | `minor` | default branch (main) |" in stage.answers(pull)[-1]


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
