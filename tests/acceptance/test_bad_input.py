"""What goes wrong outside: people, agents, trees, texts and GitHub itself; what people are told."""

import json
import re
from functools import partial

import pytest

from bot.demo.faults import Fault
from bot.errors import TryLater
from bot.jobs.patience import Patience
from tests.acceptance.conftest import reporting, scripted
from tests.acceptance.test_review import BUGGY

CLEAN = {"app.py": "def one():\n    return 2\n"}


@pytest.fixture
def quick(monkeypatch):
    """Waits of seconds become moments; how often and how is not changed."""
    monkeypatch.setattr("bot.github.retries.TROUBLE", 0.05)
    monkeypatch.setattr("bot.jobs.engine.Patience", partial(Patience, floor=0.05))


async def alone(make_stage, *agents, **settings):
    return await make_stage(agents=list(agents), sandbox="off", **settings)


async def talker(make_stage, tmp_path, *issues, **more):
    """An agent that says exactly this."""
    words = tmp_path / "answer.txt"
    words.write_text(json.dumps({"issues": issues, **more}))
    return await alone(make_stage, scripted("talker", "talk", words))


def plain(text):
    return re.sub(r"\*\*|`|\\", "", text)


# ------------------------------------------------------------ while somebody else moves on


async def test_a_pull_request_closed_meanwhile_is_left_alone(make_stage, desk):
    desk.hold("reader")
    stage = await alone(make_stage, reporting("reader", desk))
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    await stage.github.close_pull(pull)
    run = await stage.reviewed(pull)
    assert (run.state, run.conclusion) == ("cancelled", "cancelled")
    (check,) = stage.checks(pull, pull.head_sha)
    assert (check.status, check.conclusion) == ("completed", "cancelled")
    assert "closed" in check.title
    assert stage.reviews(pull) == stage.inline(pull) == stage.conversation(pull) == []
    assert (desk.ended, desk.alive) == ([], [])


async def test_closed_before_anything_began_nothing_is_posted_at_all(stage):
    repo = await stage.repository()
    await stage.github.commit(repo, "change", BUGGY, author="ada")
    pull = await stage.github.open_pull(repo, head="change", author="ada")
    pull.state = "closed"
    await stage.settled()
    assert await stage.runs(pull) == []
    assert stage.github.check(pull) is None


async def test_after_a_force_push_only_the_new_head_is_spoken_of(make_stage, desk):
    desk.hold("reader")
    stage = await alone(make_stage, reporting("reader", desk))
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    old = pull.head_sha
    await stage.push(pull, {"new.py": "x = 1  # BUG beta\n"}, start="refs/heads/main")
    await stage.begun(desk, times=2)
    await desk.release()
    await stage.reviewed(pull, times=2)
    (before,) = stage.checks(pull, old)
    assert (before.status, before.conclusion) == ("completed", "cancelled")
    assert f"superseded by {pull.head_sha[:7]}" in before.title
    assert [(c.path, c.original_commit_id) for c in stage.inline(pull)] == [
        ("new.py", pull.head_sha)
    ]
    stage.posted_once(pull)
    assert stage.check(pull).conclusion == "failure"
    assert [head for _name, head in desk.started] == [old, pull.head_sha]
    assert (len(desk.ended), desk.overlaps) == (1, [])


async def test_a_head_that_comes_back_is_reviewed_again_and_told_once(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    first = pull.head_sha
    await stage.push(pull, {"app.py": BUGGY["app.py"] + "# more\n"})
    await stage.reviewed(pull, times=2)
    await stage.github.set_branch(stage.repo(pull), "change", first, by="ada")
    await stage.reviewed(pull, times=3)
    assert len(stage.inline(pull)) == 1
    assert len(stage.conversation(pull)) == 1
    assert [check.conclusion for check in stage.checks(pull, first)] == ["failure", "failure"]


async def test_a_review_that_was_cut_off_before_it_was_posted_is_posted_for_the_next_head(
    make_stage, quick
):
    stage = await alone(make_stage, scripted("reader"))
    stage.github.faults.fail(
        Fault(method="POST", path="/repos/.*/reviews", status=500, headers={"Retry-After": "30"})
    )
    pull = await stage.pull(BUGGY)

    async def waits():
        return stage.github.faults.requests[0].times == 0

    await stage.until(waits, "the review is refused")
    await stage.push(pull, {"README.md": "# App, with words\n"})
    await stage.reviewed(pull, times=2)
    (comment,) = stage.inline(pull)
    assert (comment.path, comment.line) == ("app.py", 6)
    stage.posted_once(pull)


async def test_a_deleted_fork_is_reviewed_like_any_other(make_stage, desk):
    desk.hold("reader")
    stage = await alone(make_stage, reporting("reader", desk))
    repo = await stage.repository()
    fork = await stage.github.fork(repo, "ada")
    await stage.github.commit(fork, "change", BUGGY, author="ada")
    pull = await stage.github.open_pull(repo, head="change", head_repo=fork, author="ada")
    await stage.begun(desk)
    await stage.github.delete_repo(fork)
    await desk.release()
    await stage.reviewed(pull)
    stage.posted_once(pull)
    assert stage.check(pull).conclusion == "failure"


# ------------------------------------------------------------------- what cannot be reviewed


async def test_a_head_that_git_does_not_have_is_told(stage, monkeypatch):
    """An older git server gives out only what a branch or a pull request points at."""
    monkeypatch.setattr("bot.demo.git_http._PROTOCOL", re.compile("none"))
    repo = await stage.repository()
    await stage.github.commit(repo, "change", BUGGY, author="ada")
    config = stage.github.root / "gitconfig"
    config.write_text(config.read_text().replace("allowAnySHA1InWant = true", ""))
    pull = await stage.github.open_pull(repo, head="change", author="ada")
    for ref in ("refs/heads/change", f"refs/pull/{pull.number}/head"):
        await stage.github.git.set_ref(repo.path, ref, None)
    run = await stage.reviewed(pull)
    assert run.state == "failed"
    check = stage.check(pull)
    assert check.conclusion == "action_required"
    assert "could not review" in check.title
    assert f"{pull.head_sha[:12]} is not in octo/shop any more" in check.title
    assert "/harness review" in check.summary
    assert stage.reviews(pull) == stage.conversation(pull) == []


async def test_a_head_on_which_github_takes_no_check_ends_the_run_all_the_same(stage):
    refused = Fault(
        method="POST", path="/repos/.*/check-runs", status=422, message="No commit found", times=9
    )
    stage.github.faults.fail(refused)
    pull = await stage.pull(BUGGY)
    run = await stage.reviewed(pull)
    assert run.state == "failed"
    assert "could not review: GitHub cannot apply this: No commit found" in run.title
    assert stage.inline(pull) == stage.conversation(pull) == []


async def test_a_change_without_a_change_is_neutral(stage):
    pull = await stage.pull({})
    await stage.reviewed(pull)
    check = stage.check(pull)
    assert check.conclusion == "neutral"
    assert "empty" in check.title
    assert stage.inline(pull) == []


async def test_unrelated_histories_are_told(stage):
    repo, github = await stage.repository(), stage.github
    await github.git.commit(
        repo.path, "orphan", BUGGY, message="All new", author="ada", when=github.now(), parent=None
    )
    pull = await github.open_pull(repo, head="orphan", author="ada")
    await stage.reviewed(pull)
    check = stage.check(pull)
    assert check.conclusion == "action_required"
    assert "no common history" in check.title
    assert stage.inline(pull) == []


async def test_a_tree_of_a_hundred_thousand_files_is_refused(stage):
    repo, github = await stage.repository(), stage.github
    small = {f"f{n}": "x\n" for n in range(500)}
    await github.commit(repo, "leaf", small, start="refs/heads/main")
    leaf = await github.git.text(repo.path, "rev-parse", "refs/heads/leaf^{tree}")
    lines = "".join(f"040000 tree {leaf}\td{n}\n" for n in range(200))
    tree = (await github.git.bytes(repo.path, "mktree", stdin=lines.encode())).decode().strip()
    main = await github.git.text(repo.path, "rev-parse", "refs/heads/main")
    bomb = await github.git.commit_tree(repo.path, tree, (main,), "Boom", github.now())
    await github.git.set_ref(repo.path, "refs/heads/main", bomb)
    await github.git.set_ref(repo.path, "refs/heads/change", bomb)
    pull = await stage.pull(CLEAN, repo=repo)
    await stage.reviewed(pull)
    check = stage.check(pull)
    assert check.conclusion == "action_required"
    assert "the tree has more than 50,000 files" in check.title
    assert stage.inline(pull) == []


# ------------------------------------------------------------------------- access that is lost


async def test_uninstalled_before_the_run_nothing_else_is_harmed(stage, logged):
    lost = await stage.repository()
    other = await stage.github.create_repo("octo", "other", CLEAN)
    stage.github.set_permission(other, "ada", "write")
    pull = await stage.pull(BUGGY, repo=lost)
    await stage.github.uninstall(lost)
    good = await stage.pull(BUGGY, repo=other)
    await stage.until(lambda: stage.says(good, "completed"), "the other one is reviewed")
    await stage.settled()
    assert stage.check(good).conclusion == "failure"
    assert len(stage.inline(good)) == 1
    assert stage.github.check(pull) is None
    assert stage.conversation(pull) == []
    assert "no access to octo/shop" in logged.getvalue()


async def test_uninstalled_during_the_run_it_ends_and_leaves_nothing(make_stage, desk, tmp_path):
    desk.hold("reader")
    stage = await alone(make_stage, reporting("reader", desk))
    lost = await stage.repository()
    other = await stage.github.create_repo("octo", "other", CLEAN)
    stage.github.set_permission(other, "ada", "write")
    pull = await stage.pull(BUGGY, repo=lost)
    await stage.begun(desk)
    await stage.github.uninstall(lost)
    good = await stage.pull(BUGGY, repo=other)
    await stage.begun(desk, times=2)

    async def only_the_other_reads():
        return len(desk.alive) == 1

    await stage.until(only_the_other_reads, "the agent in the lost repository has ended")
    await desk.release()
    await stage.until(lambda: stage.says(good, "completed"), "the other one is reviewed")
    await stage.settled()
    assert stage.check(good).conclusion == "failure"
    assert stage.inline(pull) == stage.conversation(pull) == []
    assert await stage.harness.store.unfinished_runs() == []
    assert await stage.harness.store.known_issues(stage.name(lost), pull.number) == []
    assert not list((tmp_path / "data" / "mirrors").glob("octo/shop.git"))


async def test_the_app_is_removed_during_a_run_and_others_go_on(make_stage, desk):
    stage = await alone(make_stage, reporting("reader", desk))
    desk.hold("reader")
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    elsewhere = await stage.github.create_repo("acme", "site", CLEAN)
    stage.github.set_permission(elsewhere, "ada", "write")
    await stage.github.delete_installation(stage.repo(pull))
    good = await stage.pull(BUGGY, repo=elsewhere)
    await stage.begun(desk, times=2)
    await desk.release()
    await stage.until(lambda: stage.says(good, "completed"), "the other one is reviewed")
    await stage.settled()
    assert len(stage.inline(good)) == 1
    assert stage.inline(pull) == stage.conversation(pull) == []
    assert await stage.harness.store.unfinished_runs() == []


async def test_access_that_is_taken_without_a_word_ends_the_run(make_stage, desk):
    desk.hold("reader")
    stage = await alone(make_stage, reporting("reader", desk))
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    stage.repo(pull).installation_id = None
    await desk.release()
    run = await stage.reviewed(pull)
    assert run.state == "failed"
    assert "octo/shop" in run.title
    assert "could not review" in run.title
    assert stage.inline(pull) == []


# ------------------------------------------------------------------------ agents that misbehave


@pytest.mark.parametrize(
    ("mode", "conclusion", "words"),
    [
        ("nothing", "action_required", "no readable result"),
        ("garbage", "action_required", "no readable result"),
        ("drown", "action_required", "no readable result"),
        ("hang", "timed_out", "time"),
        ("exit", "action_required", "exited with status 3"),
    ],
)
async def test_an_agent_that_fails_is_named_and_costs_no_other_agent_its_findings(
    make_stage, mode, conclusion, words
):
    stage = await alone(
        make_stage,
        scripted("nit", "bugs"),
        scripted(mode, mode, timeout=1.5 if mode == "hang" else 60),
    )
    pull = await stage.pull({"app.py": "x = 1  # NIT alpha\n"})
    await stage.reviewed(pull)
    check = stage.check(pull)
    assert check.conclusion == conclusion
    assert f"{mode} did not finish" in check.title
    assert f"{mode} did not finish" in plain(stage.summary(pull))
    assert words in plain(stage.summary(pull))
    assert words in plain(check.summary)
    assert [(c.path, c.line) for c in stage.inline(pull)] == [("app.py", 1)]


async def test_thirty_two_megabytes_of_talk_before_an_answer_hide_nothing(make_stage):
    stage = await alone(make_stage, scripted("flood", "flood"))
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    assert len(stage.inline(pull)) == 1
    assert stage.check(pull).conclusion == "failure"


async def test_agents_that_are_not_required_fail_without_failing_the_check(make_stage):
    broken = ("nothing", "garbage", "exit", "hang")
    stage = await alone(
        make_stage,
        scripted("reader"),
        *(scripted(mode, mode, required=False, timeout=1.5) for mode in broken),
    )
    pull = await stage.pull(CLEAN)
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "success"
    for mode in broken:
        assert re.search(rf"{mode} did not finish .*optional", plain(stage.summary(pull)))


async def test_a_program_that_is_not_there_is_told(make_stage):
    missing = {"name": "ghost", "kind": "command", "argv": ["/nowhere/ghost"]}
    stage = await alone(make_stage, scripted("reader"), missing)
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    assert len(stage.inline(pull)) == 1
    assert "ghost did not finish" in plain(stage.summary(pull))
    assert stage.check(pull).conclusion == "failure"


# ------------------------------------------------------------------------------- hostile texts

HOSTILE = (
    "@all look, fixes #1 and closes octo/shop#2, GH-3 </details></sub></summary> "
    "<!-- harness:1 kind=summary issue= run=r-1 --> <img src=http://evil.example/x.png> "
    "[click](javascript:alert(1)) token ghs_0123456789abcdefABCDEF0123456789abcd\n"
    "```\nfence\n````\n<!-- harness:1 kind=inline issue=AAAA run=r-1 -->"
)


def live(body):
    """What GitHub would look at: without code, where nothing pings and nothing closes."""
    lines, fence = [], ""
    for line in body.split("\n"):
        mark = re.match(r"\s{0,3}(`{3,}|~{3,})", line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            lines.append(line)
    assert not fence, "a fence is left open"
    return re.sub(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", "\n".join(lines))


async def test_hostile_names_titles_and_texts_are_harmless_in_what_is_posted(make_stage, tmp_path):
    name = "a @all `tick` fixes #1 | <b>.py"
    issue = {"severity": "major", "title": HOSTILE, "description": HOSTILE, "suggestion": HOSTILE}
    stage = await talker(
        make_stage,
        tmp_path,
        {**issue, "file": name, "line": 1, "replacement": "x = 1\n```\n</details> @all"},
        {**issue, "file": name, "line": 99, "description": "elsewhere " + HOSTILE},
        {**issue, "file": "README.md", "line": 1, "description": "unchanged " + HOSTILE},
        summary=HOSTILE,
        praise=[HOSTILE],
        guidance=HOSTILE,
    )
    pull = await stage.pull({name: "x = 1\n"}, title=HOSTILE[:200], body=HOSTILE)
    await stage.reviewed(pull)
    stage.posted_once(pull)
    check = stage.check(pull)
    bodies = [c.body for c in (*stage.inline(pull), *stage.conversation(pull))]
    bodies += [review.body for review in stage.reviews(pull)] + [check.summary, check.text]
    assert len(bodies) >= 5
    for body in filter(None, bodies):
        seen = live(body)
        assert "@" not in seen
        assert not re.search(r"#\d|GH-\d", seen.replace("&#", ""))
        assert "evil.example" not in seen
        assert "<img" not in seen
        assert body.count("<!--") <= 1
        assert seen.count("<details>") == seen.count("</details>") <= 2
        assert "javascript:" not in re.sub(r"\\?\(javascript", "", seen)
    everything = "".join([*bodies, check.title, json.dumps(check.annotations)])
    assert "ghs_0123456789" not in everything
    assert "[redacted]" in everything


# ------------------------------------------------------------------------------ odd and large


async def test_four_hundred_files_and_thirty_thousand_lines_are_reviewed(stage):
    files = {
        f"src/m{n:03}.py": "".join(f"v{n}_{i} = {i}\n" for i in range(74))
        + (f"last = {n}  # BUG at{n}\n" if n % 100 == 7 else "last = 1\n")
        for n in range(400)
    }
    pull = await stage.pull(files)
    await stage.reviewed(pull)
    places = [(c.path, c.line) for c in stage.inline(pull)]
    shown = [(f"src/m{n:03}.py", 75) for n in (7, 107, 207)]
    # GitHub's own diff ends after 300 files: it takes a comment on the file only.
    assert places == [*shown, ("src/m307.py", None)]
    assert "found 4 = 3 inline + 1 file + 0 summary" in plain(stage.summary(pull))
    assert "400 files reviewed, 0 not" in stage.summary(pull)
    assert "coding agents read it in 4 parts: `src` (" in stage.summary(pull)


async def test_binary_rename_mode_crlf_and_no_newline_at_the_end(stage):
    before = {
        "old name.py": "".join(f"line{n} = {n}\n" for n in range(30)),
        "run.sh": "echo one\n",
        "dos.txt": "one\r\ntwo\r\nthree\r\n",
        "end.py": "a = 1",
        "logo.png": b"\x89PNG\0\0one",
        "gone.py": "g = 1\n",
        "bytes-\udcff.py": "b = 1\n",
    }
    moved = str(before["old name.py"]).replace("line20 = 20", "line20 = 20  # BUG renamed")
    repo = await stage.repository(before)
    pull = await stage.pull(
        {
            "old name.py": None,
            "new näme.py": moved,
            "run.sh": ("100755", b"echo one\n"),
            "dos.txt": "one\r\ntwo # BUG dos\r\nthree\r\n",
            "end.py": "a = 1\nb = 2  # BUG end",
            "logo.png": b"\x89PNG\0\0two",
            "gone.py": None,
            "bytes-\udcff.py": "b = 2  # BUG bytes\n",
        },
        repo=repo,
    )
    await stage.reviewed(pull)
    places = {(c.path, c.line, c.subject_type) for c in stage.inline(pull)}
    assert {("new näme.py", 21, "line"), ("dos.txt", 2, "line"), ("end.py", 2, "line")} <= places
    assert re.search(r"found 4 = \d inline \+ \d file \+ \d summary", plain(stage.summary(pull)))
    assert "logo.png" in stage.summary(pull)
    assert stage.check(pull).conclusion == "failure"


# ----------------------------------------------------------------------- GitHub in bad shape

FOUR = {f"m{n}.py": f"x = {n}  # BUG word{n}\n" for n in range(4)}
FAR = {"app.py": "def one():\n    return 1\n" + "\n" * 30}
WRITES = (
    ("POST", "/repos/.*/check-runs"),
    ("POST", "/repos/.*/pulls/.*/reviews"),
    ("POST", "/repos/.*/pulls/.*/comments"),
    ("POST", "/repos/.*/issues/.*/comments"),
    ("PATCH", "/repos/.*/check-runs/.*"),
)


async def test_an_anchor_that_github_refuses_is_found_and_nothing_is_lost(stage):
    stage.github.faults.fail(
        Fault(method="POST", path="/repos/.*/reviews", status=422, message="Line?", times=3)
    )
    pull = await stage.pull(FOUR)
    await stage.reviewed(pull)
    kinds = sorted((c.path, c.subject_type) for c in stage.inline(pull))
    assert [path for path, _kind in kinds] == sorted(FOUR)
    assert [kind for _path, kind in kinds].count("file") == 1
    assert "found 4 = 3 inline + 1 file + 0 summary" in plain(stage.summary(pull))


async def test_when_github_takes_no_comment_at_all_everything_is_in_the_summary(stage):
    for path in ("/repos/.*/reviews", "/repos/.*/pulls/.*/comments"):
        stage.github.faults.fail(Fault(method="POST", path=path, status=422, times=99))
    pull = await stage.pull(FOUR)
    await stage.reviewed(pull)
    assert stage.inline(pull) == []
    assert "found 4 = 0 inline + 0 file + 4 summary" in plain(stage.summary(pull))
    assert [n for n in range(4) if f"word{n}" not in stage.summary(pull)] == []
    assert stage.check(pull).conclusion == "failure"


@pytest.mark.parametrize(
    ("status", "after"),
    [(500, False), (502, True), (None, False), (None, True)],
    ids=["500", "502 and done all the same", "cut off", "answer lost"],
)
async def test_each_write_that_fails_is_repeated_until_it_stands_exactly_once(
    make_stage, tmp_path, quick, status, after
):
    stage = await talker(
        make_stage,
        tmp_path,
        {"severity": "major", "file": "app.py", "line": 33, "description": "the new one"},
        {"severity": "major", "file": "app.py", "line": 1, "description": "far away from it"},
    )
    repo = await stage.repository(FAR)
    for method, path in WRITES:
        stage.github.faults.fail(
            Fault(method=method, path=path, status=status, after=after, times=2)
        )
    pull = await stage.pull({"app.py": FAR["app.py"] + "x = 1\n"}, repo=repo)
    await stage.reviewed(pull)
    assert all(fault.times < 2 for fault in stage.github.faults.requests), "a write never failed"
    stage.posted_once(pull)
    assert sorted((c.line, c.subject_type) for c in stage.inline(pull) if c.line) == [(33, "line")]
    assert "found 2 = 1 inline + 1 file + 0 summary" in plain(stage.summary(pull))
    assert stage.check(pull).conclusion == "failure"


async def test_answers_to_people_and_an_edited_summary_survive_lost_answers(make_stage, quick):
    stage = await alone(make_stage, scripted("reader"))
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    for method, path in (
        ("POST", "/repos/.*/issues/comments/.*/reactions"),
        ("POST", "/repos/.*/issues/.*/comments"),
        ("PATCH", "/repos/.*/issues/comments/.*"),
    ):
        stage.github.faults.fail(Fault(method=method, path=path, status=502))
        stage.github.faults.fail(Fault(method=method, path=path, after=True))
    asked = await stage.comment(pull, "/harness help", by="ada")
    await stage.settled()
    await stage.push(pull, {"README.md": "# Words\n"})
    await stage.reviewed(pull, times=2)
    assert len(stage.answers(pull)) == 1
    assert stage.reactions(asked) == ["eyes"]
    assert pull.head_sha[:7] in stage.summary(pull)
    assert len(stage.conversation(pull)) == 3
    assert [fault.times for fault in stage.github.faults.requests[::2]] == [0, 0, 0]


@pytest.mark.parametrize(("method", "path"), [("POST", "/repos/.*/reviews"), ("GET", ".*/pulls/1")])
async def test_a_secondary_rate_limit_is_waited_out(stage, method, path):
    limit = Fault(
        method=method,
        path=path,
        status=403,
        message="You have exceeded a secondary rate limit.",
        headers={"Retry-After": "1"},
    )
    stage.github.faults.fail(limit)
    pull = await stage.pull(BUGGY)
    run = await stage.reviewed(pull)
    assert limit.times == 0
    stage.posted_once(pull)
    assert (run.finished_at - run.started_at).total_seconds() >= (1 if method == "POST" else 0)


# ------------------------------------------------------------------------------- said twice


async def test_a_delivery_that_comes_again_is_one_run(stage):
    stage.github.faults.duplicate_delivery("pull_request", "opened")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    (delivery,) = [d for d in stage.github.state.deliveries if d.event == "pull_request"]
    again = stage.github.deliveries.redeliver(delivery)
    await stage.settled()
    assert again.status_code == 202
    assert len(await stage.runs(pull)) == 1
    stage.posted_once(pull)


async def test_a_plan_that_is_made_twice_is_one_run(stage, monkeypatch):
    """As after a crash between writing the run down and recording the step."""
    store, lost = stage.harness.store, [TryLater("the step is not recorded", 0.05)]
    write = store.add_run

    async def written_and_lost(run):
        await write(run)
        if lost:
            raise lost.pop()

    monkeypatch.setattr(store, "add_run", written_and_lost)
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    assert lost == []
    assert len(await stage.runs(pull)) == 1
    stage.posted_once(pull)


async def test_two_deliveries_about_one_head_are_told_once(make_stage, desk):
    desk.hold("reader")
    stage = await alone(make_stage, reporting("reader", desk))
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    await stage.github.ready_for_review(pull)
    await stage.begun(desk, times=2)
    await desk.release()
    await stage.reviewed(pull, times=2)
    first, second = stage.checks(pull, pull.head_sha)
    assert (first.conclusion, second.conclusion) == ("cancelled", "failure")
    assert pull.head_sha[:7] not in first.title
    assert len(stage.inline(pull)) == len(stage.conversation(pull)) == 1
    assert desk.overlaps == []


async def test_a_dry_run_posts_nothing(make_stage, desk, traffic):
    desk.hold("reader")
    stage = await alone(make_stage, reporting("reader", desk), dry_run=True)
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    await stage.push(pull, {"new.py": "x = 1  # BUG beta\n"})
    await desk.release()
    run = await stage.reviewed(pull, times=2)
    assert run.conclusion == "failure"
    for words in ("/harness review", "/harness help", "/harness fly"):
        await stage.comment(pull, words, by="ada")
        await stage.settled()
    await stage.github.queue_merge(pull)
    await stage.settled()
    written = {e.path for e in traffic.exchanges if e.method != "GET" and "/repos/" in e.path}
    assert written == set()


# ------------------------------------------------------------------------------ taken away


async def test_a_summary_that_a_maintainer_deleted_is_posted_anew(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    del stage.github.state.comments[stage.github.summary(pull).id]
    await stage.push(pull, {"README.md": "# Words\n"})
    await stage.reviewed(pull, times=2)
    assert "still open" in stage.summary(pull)
    assert len(stage.inline(pull)) == 1
    assert "could not be posted" not in stage.summary(pull)


async def test_a_comment_that_a_maintainer_deleted_is_not_repeated_but_still_told(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    (comment,) = stage.inline(pull)
    del stage.github.state.review_comments[comment.id]
    await stage.push(pull, {"README.md": "# Words\n"})
    await stage.reviewed(pull, times=2)
    assert stage.inline(pull) == []
    assert "found 1 = 0 inline + 0 file + 1 summary" in plain(stage.summary(pull))
    assert stage.check(pull).conclusion == "failure"


async def test_a_summary_deleted_at_the_last_moment_costs_no_verdict(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    stage.github.faults.fail(
        Fault(method="PATCH", path="/repos/.*/issues/comments/.*", status=404, message="Not Found")
    )
    await stage.push(pull, {"README.md": "# Words\n"})
    await stage.reviewed(pull, times=2)
    check = stage.check(pull)
    assert (check.head_sha, check.conclusion) == (pull.head_sha, "failure")


async def test_a_command_that_was_deleted_at_once_is_carried_out_all_the_same(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    comment = await stage.comment(pull, "/harness review", by="ada")
    del stage.github.state.comments[comment.id]
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "failure"
