"""Issues over pushes, and what people do with them: the thread, the check and the summary agree."""

from bot.publish.marker import read
from tests.acceptance.conftest import reporting, scripted

TWO = {"app.py": "one = 1  # BUG alpha\ntwo = 2\nthree = 3\n\n\n\nfour = 4  # BUG omega\n"}
FIRST_FIXED = {"app.py": "one = 11\ntwo = 2\nthree = 3\n\n\n\nfour = 4  # BUG omega\n"}
NEITHER = {"app.py": "one = 11\ntwo = 2\nthree = 3\n\n\n\nfour = 44\n"}


def thread(stage, pull, word):
    """(thread, its comments) of the issue about ``word``."""
    (first,) = [
        c for c in stage.inline(pull) if f"the {word} problem" in c.body and not c.in_reply_to_id
    ]
    found = stage.github.state.threads[first.thread_id]
    return found, stage.github.state.comments_in(found)


def first_of(stage, pull, word):
    return thread(stage, pull, word)[1][0]


def issue_id(stage, pull, word):
    mark = read(first_of(stage, pull, word).body)
    assert mark is not None
    return mark.issue


async def test_a_fixed_issue_ends_its_thread_and_one_that_comes_back_begins_it_anew(stage):
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    assert stage.check(pull).title.startswith("2 to fix")

    fixed = await stage.push(pull, FIRST_FIXED)
    await stage.reviewed(pull, times=2)
    alpha, said = thread(stage, pull, "alpha")
    assert alpha.resolved_by is stage.github.bot
    assert [c.body.split(":")[0] for c in said[1:]] == [f"Addressed in {fixed[:7]}"]
    omega, unsaid = thread(stage, pull, "omega")
    assert (omega.resolved_by, len(unsaid)) == (None, 1)
    assert stage.check(pull).title.startswith("1 to fix")
    assert "**Addressed**" in stage.summary(pull)

    broken = await stage.push(pull, TWO)
    await stage.reviewed(pull, times=3)
    alpha, said = thread(stage, pull, "alpha")
    assert alpha.resolved_by is None
    assert said[-1].body.startswith(f"Found again in {broken[:7]} by reader.")
    assert len(said) == 3

    await stage.push(pull, NEITHER)
    await stage.reviewed(pull, times=4)
    assert stage.check(pull).conclusion == "success"
    assert all(thread(stage, pull, word)[0].resolved_by for word in ("alpha", "omega"))


async def test_a_thread_in_which_a_person_wrote_is_answered_and_stays_open(stage):
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    _, said = thread(stage, pull, "alpha")
    await stage.github.reply(said[0], "I will look at it tomorrow", by="rita")
    await stage.push(pull, FIRST_FIXED)
    await stage.reviewed(pull, times=2)
    alpha, said = thread(stage, pull, "alpha")
    assert said[-1].body.startswith("Addressed in ")
    assert alpha.resolved_by is None


async def test_what_a_maintainer_dismisses_in_its_thread_stays_away(stage):
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    _, said = thread(stage, pull, "alpha")
    await stage.github.reply(said[0], "/harness dismiss this is on purpose", by="ada")
    await stage.settled()
    alpha, said = thread(stage, pull, "alpha")
    assert said[-1].body.startswith("Dismissed by `ada`: this is on purpose")
    assert alpha.resolved_by is stage.github.bot
    assert stage.check(pull).title.startswith("1 to fix")
    assert len(stage.checks(pull, pull.head_sha)) == 1
    assert "**Dismissed**" in stage.summary(pull)

    # Its code did not change: found again, it is not spoken of.
    await stage.push(pull, {"other.py": "x = 1\n"})
    await stage.reviewed(pull, times=2)
    _, again = thread(stage, pull, "alpha")
    assert len(again) == len(said)
    assert stage.check(pull).title.startswith("1 to fix")

    # Now it changed.
    await stage.push(pull, {"app.py": TWO["app.py"].replace("one = 1 ", "one = eval(1) ")})
    await stage.reviewed(pull, times=3)
    alpha, said = thread(stage, pull, "alpha")
    assert said[-1].body.startswith("Found again in ")
    assert alpha.resolved_by is None
    assert stage.check(pull).title.startswith("2 to fix")


async def test_dismissing_the_last_one_by_its_id_turns_the_check_green(stage):
    pull = await stage.pull(FIRST_FIXED)
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "failure"
    name = issue_id(stage, pull, "omega")
    comment = await stage.comment(pull, f"/harness dismiss {name.lower()} known", by="ada")
    await stage.settled()
    assert stage.check(pull).conclusion == "success"
    assert stage.reactions(comment) == ["eyes", "rocket"]
    assert stage.answers(pull) == []
    omega, said = thread(stage, pull, "omega")
    assert said[-1].body.startswith("Dismissed by `ada`: known")
    assert omega.resolved_by is stage.github.bot
    (run,) = await stage.runs(pull)
    assert run.conclusion == "success"


async def test_a_stranger_can_dismiss_nothing(stage):
    pull = await stage.pull(FIRST_FIXED)
    await stage.reviewed(pull)
    _, said = thread(stage, pull, "omega")
    await stage.github.reply(said[0], "/harness dismiss", by="rita")
    await stage.settled()
    omega, said = thread(stage, pull, "omega")
    assert "needs write permission" in said[-1].body
    assert omega.resolved_by is None
    assert stage.check(pull).conclusion == "failure"


async def test_a_thread_resolved_by_hand_is_dismissed_and_opened_again_it_counts_again(stage):
    pull = await stage.pull(FIRST_FIXED)
    await stage.reviewed(pull)
    await stage.github.resolve(first_of(stage, pull, "omega"), by="ada")
    await stage.settled()
    assert stage.check(pull).conclusion == "success"
    await stage.github.unresolve(first_of(stage, pull, "omega"), by="ada")
    await stage.settled()
    assert stage.check(pull).conclusion == "failure"
    assert len(thread(stage, pull, "omega")[1]) == 1


async def test_what_a_person_opens_again_is_not_closed_by_the_next_push(stage):
    pull = await stage.pull(TWO)
    await stage.reviewed(pull)
    await stage.push(pull, FIRST_FIXED)
    await stage.reviewed(pull, times=2)
    await stage.github.unresolve(first_of(stage, pull, "alpha"), by="ada")
    await stage.settled()
    assert stage.check(pull).title.startswith("1 to fix")  # of a finished run: see the next push
    await stage.push(pull, {"app.py": FIRST_FIXED["app.py"].replace("one = 11", "one = 12")})
    await stage.reviewed(pull, times=3)
    assert stage.check(pull).title.startswith("2 to fix")
    assert thread(stage, pull, "alpha")[0].resolved_by is None
    assert "opened its thread again after it had been closed" in stage.summary(pull)
    await stage.github.resolve(first_of(stage, pull, "alpha"), by="ada")
    await stage.settled()
    assert stage.check(pull).title.startswith("1 to fix")


async def test_an_author_without_write_permission_resolves_a_thread_and_the_issue_stays(make_stage):
    stage = await make_stage(agents=[scripted("reader")], sandbox="off", outsiders="all")
    pull = await stage.pull(FIRST_FIXED, author="rita")
    await stage.reviewed(pull)
    await stage.github.resolve(first_of(stage, pull, "omega"), by="rita")
    await stage.settled()
    assert stage.check(pull).conclusion == "failure"
    assert "the issue stays open" in thread(stage, pull, "omega")[1][-1].body


async def test_an_app_that_may_not_resolve_threads_says_so_and_claims_nothing(stage):
    repo = await stage.repository()
    stage.github.state.installations[repo.installation_id].permissions["contents"] = "read"
    pull = await stage.pull(TWO, repo=repo)
    await stage.reviewed(pull)
    await stage.push(pull, FIRST_FIXED)
    await stage.reviewed(pull, times=2)
    alpha, said = thread(stage, pull, "alpha")
    assert said[-1].body.startswith("Addressed in ")
    assert alpha.resolved_by is None
    name = issue_id(stage, pull, "alpha")
    assert f"the threads of {name} were answered and left as they are" in stage.summary(pull)
    assert stage.check(pull).title.startswith("1 to fix")


async def test_a_dismissal_while_a_review_runs_counts_when_it_has_ended(make_stage, desk):
    stage = await make_stage(agents=[reporting("reader", desk)], sandbox="off")
    pull = await stage.pull(FIRST_FIXED)
    await stage.reviewed(pull)
    name = issue_id(stage, pull, "omega")
    desk.hold("reader")
    await stage.push(pull, {"other.py": "x = 1\n"})
    await stage.begun(desk, times=2)
    await stage.comment(pull, f"/harness dismiss {name} on purpose", by="ada")
    await stage.until(lambda: dismissed(stage, pull), "it is dismissed")
    await desk.release()
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "success"


async def dismissed(stage, pull):
    return len(thread(stage, pull, "omega")[1]) == 2


async def test_a_dismissed_issue_makes_the_next_one_like_it_less_believed(stage):
    pull = await stage.pull(FIRST_FIXED)
    await stage.reviewed(pull)
    name = issue_id(stage, pull, "omega")
    await stage.comment(pull, f"/harness dismiss {name} not a problem here", by="ada")
    await stage.settled()
    repo = stage.repo(pull)
    await stage.github.commit(repo, "again", FIRST_FIXED, author="ada")
    other = await stage.github.open_pull(repo, head="again", author="ada")
    await stage.reviewed(other)
    assert "dismissed" in first_of(stage, other, "omega").body


async def test_an_explanation_is_given_where_it_is_asked_for(stage):
    pull = await stage.pull(FIRST_FIXED)
    await stage.reviewed(pull)
    name = issue_id(stage, pull, "omega")
    _, said = thread(stage, pull, "omega")
    await stage.github.reply(said[0], "/harness explain", by="rita")
    await stage.comment(pull, f"/harness explain {name}", by="rita")
    await stage.comment(pull, "/harness explain h-ZZZZ", by="rita")
    await stage.settled()
    inside = thread(stage, pull, "omega")[1][-1].body
    outside, missing = stage.answers(pull)
    for text in (inside, outside):
        assert name in text
        assert "`omega` goes wrong when somebody uses omega" in text
        assert "four = 4" in text
    assert missing.startswith("There is no issue `h-ZZZZ`.")
    assert name in missing


async def test_of_thirty_issues_twelve_get_a_comment_and_all_are_named(stage):
    lines = [f"v{n} = {n}  # BUG word{n}\n\n\n\n\n\n" for n in range(30)]
    pull = await stage.pull({"many.py": "".join(lines)})
    await stage.reviewed(pull)
    assert len(stage.inline(pull)) == 12
    assert all(f"word{n} problem" in stage.summary(pull) for n in range(30))
    assert "found 30 = 12 inline + 0 file + 18 summary + 0 merged" in stage.summary(pull)
