"""The command line, as a program: what it prints and how it exits."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from bot.models import ModelCall, ModelUsage, Repo, RunRecord, RunState
from bot.store import Store, sqlite_url

SAMPLES = Path(__file__).parents[1] / "samples"
IDENTITY = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")


def harness(*arguments, cwd, env=None):
    names = ("PATH", "HOME", "LANG")
    clean = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd,
        env={**clean, **(env or {})},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def git(place, *arguments):
    subprocess.run(["git", *IDENTITY, *arguments], cwd=place, check=True, capture_output=True)


@pytest.fixture
def repo(tmp_path):
    place = tmp_path / "shop"
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    (place / "app.py").write_text("import os\n")
    git(place, "add", ".")
    git(place, "commit", "-qm", "base")
    git(place, "checkout", "-qb", "change")
    (place / "app.py").write_text("import os\n\n\ndef run(x):\n    return eval(x)\n")
    git(place, "commit", "-qam", "change")
    return place


def test_a_review_shows_place_severity_words_and_finders(repo):
    done = harness("review", ".", "--base", "main", cwd=repo)
    assert done.returncode == 1
    assert "app.py:5  major" in done.stdout
    assert "return eval(x)" in done.stdout
    assert "found by bandit, ruff" in done.stdout
    assert "1 to fix before merging" in done.stdout
    assert "ruff: done" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_clean_review_exits_with_0_and_fail_on_moves_the_limit(repo):
    git(repo, "checkout", "-q", "main")
    git(repo, "checkout", "-qb", "clean")
    (repo / "app.py").write_text("import os\n\nprint(os.name)\n")
    git(repo, "commit", "-qam", "clean")
    clean = harness("review", ".", "--base", "main", cwd=repo)
    assert (clean.returncode, "nothing to fix" in clean.stdout) == (0, True)
    git(repo, "checkout", "-q", "change")
    assert harness("review", "--base", "main", "--fail-on", "critical", cwd=repo).returncode == 0


@pytest.mark.parametrize("command", ["review", "demo"])
@pytest.mark.parametrize("file", ["harness.toml", ".env"])
def test_what_is_reviewed_names_no_program_and_no_setting(repo, tmp_path, command, file):
    touched = tmp_path / "touched"
    argv = ["/bin/sh", "-c", f"touch {touched}"]
    agents = [{"name": "evil", "kind": "command", "argv": argv}]
    (repo / "harness.toml").write_text(
        f'sandbox = "off"\n[[agents]]\nname = "evil"\nkind = "command"\nargv = {json.dumps(argv)}\n'
    )
    (repo / ".env").write_text(f"HARNESS_SANDBOX=off\nHARNESS_AGENTS='{json.dumps(agents)}'\n")
    git(repo, "add", file)
    git(repo, "commit", "-qm", "innocent")
    (repo / {"harness.toml": ".env", ".env": "harness.toml"}[file]).unlink()
    arguments = {"review": ["review", "--base", "main"], "demo": ["demo", "--once"]}[command]
    done = harness(*arguments, cwd=repo)
    assert not touched.exists()
    assert f"this repository holds it: {file}" in done.stderr
    assert "evil" not in done.stdout


def test_the_operators_own_file_counts_also_in_a_repository(repo):
    (repo / "harness.toml").write_text('fail_on = "critical"\n')
    assert harness("review", "--base", "main", cwd=repo).returncode == 0
    git(repo, "add", "harness.toml")
    assert harness("review", "--base", "main", cwd=repo).returncode == 1
    named = {"HARNESS_CONFIG": "harness.toml"}
    assert harness("review", "--base", "main", cwd=repo, env=named).returncode == 0


@pytest.mark.parametrize("output_format", ["json", "sarif", "markdown"])
def test_every_format_names_the_issue(repo, output_format, tmp_path):
    report = tmp_path / "report"
    arguments = ("--format", output_format, "--output", str(report))
    done = harness("review", "--base", "main", *arguments, cwd=repo)
    assert (done.returncode, done.stdout) == (1, "")
    text = report.read_text()
    assert "eval" in text
    if output_format == "json":
        (issue,) = json.loads(text)["issues"]
        assert (issue["file"], issue["line"], issue["agents"]) == ("app.py", 5, ["bandit", "ruff"])
    if output_format == "sarif":
        schema = json.loads((SAMPLES / "sarif-schema-2.1.0.json").read_text())
        jsonschema.Draft4Validator(schema).validate(json.loads(text))


def test_an_agent_that_cannot_run_is_no_clean_review(repo):
    agents = [{"name": "mine", "kind": "command", "argv": ["/nowhere/mine"]}]
    env = {"HARNESS_AGENTS": json.dumps(agents), "HARNESS_SANDBOX": "off"}
    done = harness("review", "--base", "main", cwd=repo, env=env)
    assert done.returncode == 2
    assert "mine did not finish" in done.stdout


READ = """import sys
sys.stdin.read()
print('{"issues": []}')
"""


def test_a_review_tells_what_it_cost_or_that_nobody_knows(repo, tmp_path):
    (tmp_path / "mine.py").write_text(READ)
    agent = {"name": "mine", "kind": "command", "argv": [sys.executable, str(tmp_path / "mine.py")]}
    agents = [agent, {"name": "ruff", "kind": "ruff"}]
    env = {"HARNESS_AGENTS": json.dumps(agents), "HARNESS_SANDBOX": "off"}
    done = harness("review", "--base", "main", cwd=repo, env=env)
    assert "cost: unknown" in done.stderr
    only = harness("review", "--base", "main", "--agent", "ruff", cwd=repo, env=env)
    assert "cost" not in only.stderr


SCRIPTED = Path(__file__).parents[1] / "acceptance" / "scripted.py"


def scripted(name, *words):
    argv = [sys.executable, str(SCRIPTED), *words]
    return {"name": name, "kind": "command", "argv": argv}


@pytest.fixture
def judged(repo):
    """Two agents that say one thing each; ``judged(judge, *arguments)`` has them judged."""
    (repo / "app.py").write_text("import os\nx = 1  # BUG alpha\n")
    (repo / "lib.py").write_text("y = 2  # BUG beta\n")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "two bugs")
    agents = [scripted("one", "only", "alpha"), scripted("two", "only", "beta")]

    def run(judge, *arguments):
        env = {
            "HARNESS_AGENTS": json.dumps(agents),
            "HARNESS_JUDGE": json.dumps(judge),
            "HARNESS_SANDBOX": "off",
        }
        return harness("review", "--base", "main", *arguments, cwd=repo, env=env)

    return run


def test_what_a_judge_holds_back_is_shown_and_fails_nothing(judged):
    done = judged(scripted("arbiter", "reject"))
    assert (done.returncode, done.stdout.count("not posted: ")) == (0, 2)
    assert "two reported it; arbiter: the code says otherwise" in done.stdout
    assert "2 held back" in done.stdout
    assert "arbiter: reading" in done.stderr
    assert "arbiter: done" in done.stderr


def test_what_a_judge_holds_back_is_in_every_format(judged):
    judge = scripted("arbiter", "reject")
    data = json.loads(judged(judge, "--format", "json").stdout)
    assert data["issues"] == []
    assert {i["file"] for i in data["held_back"]} == {"app.py", "lib.py"}
    assert {(i["by"], i["reason"]) for i in data["held_back"]} == {
        ("arbiter", "the code says otherwise")
    }
    assert (data["judge"]["agent"], data["judge"]["state"]) == ("arbiter", "finished")
    log = json.loads(judged(judge, "--format", "sarif").stdout)
    schema = json.loads((SAMPLES / "sarif-schema-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema).validate(log)
    (run,) = log["runs"]
    reasons = [s["justification"] for r in run["results"] for s in r["suppressions"]]
    assert reasons == ["the code says otherwise"] * 2
    text = judged(judge, "--format", "markdown").stdout
    assert all(i["id"] in text for i in data["held_back"])


def test_a_judge_that_says_nothing_of_use_holds_nothing_back(judged):
    done = judged(scripted("arbiter", "garbage"))
    assert done.returncode == 1
    assert "not posted" not in done.stdout
    assert "arbiter did not finish: its answer holds no readable result" in done.stdout


def test_a_local_review_keeps_its_limits(repo):
    agent = {
        "name": "mine",
        "kind": "command",
        "argv": ["/nowhere/mine"],
        "base_url": "https://models.example",
    }
    env = {
        "HARNESS_AGENTS": json.dumps([agent]),
        "HARNESS_SANDBOX": "off",
        "HARNESS_BUDGET_MONTH_USD": "5",
    }
    done = harness("review", "--base", "main", cwd=repo, env=env)
    assert done.returncode == 2
    assert "mine is over budget" in done.stdout
    assert "remove its base_url, or the limit (HARNESS_BUDGET_MONTH_USD)" in done.stdout


def test_a_run_is_shown_with_what_it_cost(tmp_path):
    asyncio.run(_remember_a_run(tmp_path / "data"))
    done = harness("runs", "r-TEST", cwd=tmp_path, env={"HARNESS_DATA_DIR": str(tmp_path / "data")})
    assert done.returncode == 0
    assert "gpt-5" in done.stdout
    assert "1,200" in done.stdout
    assert "the pull request so far: $0.0042" in done.stdout


async def _remember_a_run(place):
    place.mkdir()
    store = await Store.open(sqlite_url(place))
    repo, moment = Repo(owner="octo", name="shop"), datetime(2026, 11, 21, tzinfo=UTC)
    await store.add_run(
        RunRecord(
            id="r-TEST",
            job_id="d:0",
            repo=repo,
            number=3,
            head_sha="a" * 40,
            base_sha="b" * 40,
            trigger="opened",
            state=RunState.RUNNING,
            started_at=moment,
        )
    )
    cost = Decimal("0.0042")
    call = ModelCall(
        run_id="r-TEST",
        repo=repo.full_name,
        number=3,
        agent="codex",
        step="agent codex",
        role="reviewer",
        usage=ModelUsage(model="gpt-5", input=1200, output=30, cost_usd=cost),
        at=moment,
    )
    await store.add_call(call, cost)
    await store.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("review", ".", "--base", "nowhere"), "nowhere"),
        (("review", "/tmp"), "/tmp"),
        (("review", ".", "--agent", "nobody"), "there is no such agent"),
        (("review", ".", "--format", "pdf"), "--format pdf"),
        (("review", ".", "--output", "nowhere/report.txt"), "--output nowhere/report.txt"),
        (("config", "nowhere"), "nowhere is not a directory"),
        (("demo", "--once", "--base", "main"), "--repo"),
        (("serve",), "HARNESS_APP_ID"),
        (("runs",), "nothing ran yet"),
    ],
)
def test_mistakes_are_one_clear_line_and_exit_2(repo, arguments, words):
    done = harness(*arguments, cwd=repo)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_mistakes_in_settings_are_listed_in_one_message(repo):
    env = {"HARNESS_PORT": "many", "HARNESS_FAIL_ON": "sometimes"}
    done = harness("serve", cwd=repo, env=env)
    assert done.returncode == 2
    assert "HARNESS_PORT" in done.stderr
    assert "HARNESS_FAIL_ON" in done.stderr


def test_a_worker_needs_a_database_that_it_can_share(repo):
    env = {
        "HARNESS_APP_ID": "1",
        "HARNESS_PRIVATE_KEY": "x",
        "HARNESS_WEBHOOK_SECRET": "x",
    }
    done = harness("worker", cwd=repo, env=env)
    assert done.returncode == 2
    assert "HARNESS_DATABASE_URL" in done.stderr


def test_the_schema_of_a_repositorys_file_is_printed(repo):
    schema = json.loads(harness("config", "--schema", cwd=repo).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"fail_on": "minor"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"argv": ["sh"]}, schema)


def test_config_shows_sources_and_no_secret(repo):
    done = harness("config", cwd=repo, env={"HARNESS_WEBHOOK_SECRET": "s3cr3t-of-mine"})
    assert done.returncode == 0
    assert "s3cr3t-of-mine" not in done.stdout
    assert "HARNESS_WEBHOOK_SECRET" in done.stdout


def test_config_checks_the_file_of_the_repository_around(repo):
    (repo / ".github").mkdir()
    (repo / "deep").mkdir()
    file = repo / ".github" / "harness.yml"
    file.write_text("instructions: [{paths: ['api/**'], text: 'a [red] rule'}]\n")
    done = harness("config", "deep", cwd=repo, env={"HARNESS_APPID": "7"})
    assert done.returncode == 0
    assert "api/**: a [red] rule" in done.stdout
    assert "HARNESS_APPID: there is no such setting" in done.stdout
    file.write_text("fail_on: sometimes\n")
    assert harness("config", "deep", cwd=repo).returncode == 2
    wrong = harness("config", cwd=repo, env={"HARNESS_AGENTS": '[{"name": "x", "kind": "y"}]'})
    assert wrong.returncode == 2
    assert "'x' is of kind 'y'" in wrong.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_review_that_is_ended_leaves_nothing_behind(repo, tmp_path, number):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-m", "bot", "review", "--base", "main"],
        cwd=repo,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    assert "reviewing" in child.stderr.readline()
    child.send_signal(number)
    child.communicate(timeout=30)
    assert child.returncode == 130
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("command", ["serve", "worker", "review", "demo", "config", "runs"])
def test_every_command_explains_itself(repo, command):
    done = harness(command, "--help", cwd=repo)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_the_demo_posts_a_review_of_a_users_own_branch(repo):
    done = harness("demo", "--once", "--repo", ".", "--base", "main", cwd=repo)
    assert done.returncode == 0, done.stderr
    assert "app.py:5" in done.stdout
    assert "check: failure" in done.stdout


def test_doctor_tells_what_works_and_leaves_nothing_behind(tmp_path):
    done = harness("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    for words in ("git version", "agent ruff", "which `harness serve` will make", "ready"):
        assert words in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_doctor_names_what_has_to_be_mended_and_exits_with_2(tmp_path):
    agents = [{"name": "mine", "kind": "command", "argv": ["/nonexistent/reviewer"]}]
    done = harness("doctor", cwd=tmp_path, env={"HARNESS_AGENTS": json.dumps(agents)})
    assert done.returncode == 2
    assert "/nonexistent/reviewer: there is no such program" in done.stdout
    assert "1 to mend" in done.stdout


def test_doctor_shows_the_line_to_add_for_an_agent_that_is_installed(tmp_path):
    program = tmp_path / "bin" / "codex"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    done = harness("doctor", cwd=tmp_path, env={"PATH": path})
    assert '[[agents]] name = "codex" kind = "codex"' in " ".join(done.stdout.split())


def test_merge_joins_the_findings_of_several_files(tmp_path):
    (tmp_path / "one.jsonl").write_text(
        '{"id": "a", "text": "the form input reaches `eval` and runs code", "file": "app.py"}\n'
        '{"id": "b", "text": "the pool is never closed"}\n'
    )
    (tmp_path / "two.json").write_text(
        json.dumps(
            {
                "issues": [
                    {
                        "severity": "critical",
                        "file": "app.py",
                        "description": "`eval` runs code from the form input",
                    }
                ]
            }
        )
    )
    lines = harness("merge", "one.jsonl", "two.json", "--format", "jsonl", cwd=tmp_path)
    assert lines.returncode == 0, lines.stderr
    rows = [json.loads(line) for line in lines.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "two#1"]
    assert rows[0]["cluster"] == rows[2]["cluster"] != rows[1]["cluster"]
    merged = json.loads(harness("merge", "one.jsonl", "two.json", cwd=tmp_path).stdout)
    assert merged["found"] == 3
    first = merged["issues"][0]
    assert (first["severity"], first["agents"]) == ("critical", ["one", "two"])
    log = json.loads(harness("merge", "one.jsonl", "--format", "sarif", cwd=tmp_path).stdout)
    assert len(log["runs"][0]["results"]) == 2
    shown = harness("merge", "one.jsonl", "two.json", "--format", "markdown", cwd=tmp_path).stdout
    assert shown.startswith("3 findings, 2 issues\n")
    assert "- **one**: the form input reaches" in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("nonsense", "f.jsonl: line 1 is no JSON object"),
        ('{"text": "x"}\n{"a": 1}', "f.jsonl: line 2 has no"),
        (None, "f.jsonl: No such file or directory"),
    ],
)
def test_merge_names_the_file_and_the_line_that_it_cannot_read(tmp_path, content, words):
    if content is not None:
        (tmp_path / "f.jsonl").write_text(content)
    done = harness("merge", "f.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"harness: {words}")
    assert done.stderr.count("\n") == 1
