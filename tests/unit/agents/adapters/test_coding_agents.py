"""The exact command lines, variables and files of the coding agents."""

import json
import tomllib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents import environment
from bot.agents.adapters import claude_code, codex, command, gemini, opencode
from bot.agents.adapters.codex import MAX_PROMPT, toml_string
from bot.agents.schema import answer_schema
from bot.agents.template import BuildCommand, Launch
from bot.errors import AgentFailed, AgentMisconfigured
from bot.models import AgentSpec, FailureKind, ModelUsage, Role, RunConfig, Workspace
from bot.models.costs import Ticket
from bot.sandbox.fence import Access
from bot.sandbox.uplink import AllowList, Dialect, ModelApi

KEY = "sk-real-key"
BUILDERS: dict[str, BuildCommand] = {
    "claude-code": claude_code.build_command,
    "codex": codex.build_command,
    "gemini": gemini.build_command,
    "opencode": opencode.build_command,
}
PROGRAMS = {
    kind.name: kind.program
    for kind in (claude_code.AGENT, codex.AGENT, gemini.AGENT, opencode.AGENT)
}
VARIABLES = {
    "claude-code": "ANTHROPIC_API_KEY",
    "codex": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
}
CONFIG = RunConfig(
    prompt="Review it.",
    guard='Beware of "fences".',
    workspace=Workspace(tree=Path("/t"), git_dir=Path("/g.git"), diff_file=Path("/d/change.diff")),
    base_sha="0" * 40,
    starting_sha="f" * 40,
)


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MY_KEY", KEY)


def spec(kind: str) -> AgentSpec:
    return AgentSpec(
        name="mine",
        kind=kind,
        argv=("/bin/true",),
        api_key_env="MY_KEY",
        model="small" if kind == "opencode" else "",
        base_url="https://models.example/v1" if kind == "opencode" else "",
    )


def built(
    kind: str, asked: AgentSpec | None = None, config: RunConfig = CONFIG, *, fenced: bool = True
) -> Launch:
    launch = BUILDERS[kind](asked or spec(kind), config, fenced=fenced)
    assert launch is not None
    return launch


def own(launch: Launch) -> dict[str, str]:
    """The variables that are not every agent's."""
    assert CONFIG.workspace is not None
    common = {
        **environment.common(),
        **environment.review("mine", CONFIG),
        **environment.contract(CONFIG, CONFIG.workspace),
    }
    assert all(launch.command.env[name] for name in common)
    return {name: value for name, value in launch.command.env.items() if name not in common}


def token(launch: Launch) -> str:
    assert isinstance(launch.fence.uplink, ModelApi)
    return launch.fence.uplink.token


def test_claude_reviews_without_a_shell_and_without_anything_of_the_tree() -> None:
    launch = built("claude-code")

    assert launch.command.argv == (
        "/bin/true", "-p", "--output-format", "stream-json", "--verbose", "--restricted",
        "--setting-sources", "", "--strict-mcp-config", "--disable-slash-commands",
        "--no-session-persistence", "--permission-mode", "dontAsk", "--tools", "Read,Grep,Glob",
        "--max-turns", "100", "--append-system-prompt-file", "/home/agent/harness-guard.md",
        "--json-schema", answer_schema(),
    )  # fmt: skip
    assert own(launch) == {
        "ANTHROPIC_API_KEY": token(launch),
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:3128",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CODE_MAX_RETRIES": "2",
        "CLAUDE_CODE_DISABLE_ATTACHMENTS": "1",
    }
    assert launch.fence.home_files == {"harness-guard.md": b'Beware of "fences".'}
    assert launch.command.stdin == b"Review it."


def test_claude_is_told_its_model_and_its_budget() -> None:
    asked = replace(spec("claude-code"), model="opus", budget_usd=Decimal("1E+1"))

    assert built("claude-code", asked).command.argv[-4:] == (
        "--model", "opus", "--max-budget-usd", "10",
    )  # fmt: skip


def test_claude_as_developer_edits_and_writes_and_has_no_form_of_answer() -> None:
    argv = built("claude-code", config=replace(CONFIG, role=Role.DEVELOPER)).command.argv

    assert argv[argv.index("--permission-mode") :][:4] == (
        "--permission-mode", "acceptEdits", "--tools", "Read,Grep,Glob,Edit,Write",
    )  # fmt: skip
    assert "--json-schema" not in argv


@pytest.mark.parametrize("kind", ["claude-code", "gemini"])
@pytest.mark.parametrize("prompt", ["/security-review", " \n\t/init", "/"])
def test_no_prompt_begins_with_a_slash(kind: str, prompt: str) -> None:
    verbatim = replace(CONFIG, prompt=prompt, prompt_override=prompt)

    stdin = built(kind, config=verbatim).command.stdin

    assert stdin == f"The task:\n\n{prompt}".encode()


def test_codex_reviews_with_its_shell_inside_our_fence() -> None:
    launch = built("codex", replace(spec("codex"), model="o9"))

    argv = launch.command.argv
    assert argv[:6] == (
        "/bin/true", "exec", "--json", "--ephemeral", "--ignore-user-config", "--ignore-rules",
    )  # fmt: skip
    assert argv[-1] == "-"
    assert "--skip-git-repo-check" in argv
    assert argv[argv.index("-s") + 1] == "danger-full-access"
    assert argv[argv.index("-m") + 1] == "o9"
    assert [argv[n + 1] for n, word in enumerate(argv) if word == "--disable"] == [
        "plugins", "apps", "hooks", "shell_snapshot",
    ]  # fmt: skip
    assert settings_of(argv) == {
        "model_provider": "harness",
        "model_providers": {
            "harness": {
                "name": "harness",
                "base_url": "http://127.0.0.1:3128",
                "env_key": "OPENAI_API_KEY",
                "wire_api": "responses",
                "request_max_retries": 1,
                "stream_max_retries": 1,
            }
        },
        "project_doc_max_bytes": 0,
        "skills": {"include_instructions": False, "bundled": {"enabled": False}},
        "analytics": {"enabled": False},
        "check_for_update_on_startup": False,
        "web_search": "disabled",
        "shell_environment_policy": {
            "inherit": "all",
            "include_only": [
                "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL",
                "GIT_DIR", "HARNESS_BASE_SHA", "HARNESS_HEAD_SHA", "HARNESS_DIFF",
            ],
        },
        "developer_instructions": 'Beware of "fences".',
    }  # fmt: skip
    assert argv[argv.index("--output-schema") + 1] == "/home/agent/harness-answer.json"
    assert launch.fence.home_files == {"harness-answer.json": answer_schema(strict=True).encode()}
    assert own(launch) == {"OPENAI_API_KEY": token(launch)}


def settings_of(argv: tuple[str, ...]) -> dict[str, object]:
    """Its ``-c`` words are lines of TOML."""
    return tomllib.loads("\n".join(argv[n + 1] for n, word in enumerate(argv) if word == "-c"))


def test_codex_without_our_fence_has_its_own() -> None:
    reads = built("codex", fenced=False).command.argv
    writes = built("codex", config=replace(CONFIG, role=Role.DEVELOPER), fenced=False).command.argv

    assert reads[reads.index("-s") + 1] == "read-only"
    assert writes[writes.index("-s") + 1] == "workspace-write"
    assert settings_of(writes)["sandbox_workspace_write"] == {
        "exclude_slash_tmp": True,
        "exclude_tmpdir_env_var": True,
    }


def test_codex_is_not_started_with_a_prompt_that_it_refuses() -> None:
    built("codex", config=replace(CONFIG, prompt="ä" * MAX_PROMPT))

    with pytest.raises(AgentFailed, match="1048577 characters and codex takes 1048576") as caught:
        built("codex", config=replace(CONFIG, prompt="ä" * (MAX_PROMPT + 1)))

    assert caught.value.kind == FailureKind.REFUSED


@given(st.text())
def test_any_guard_is_a_string_of_toml(guard: str) -> None:
    assert tomllib.loads(f"a={toml_string(guard)}") == {"a": guard}


def test_half_a_character_is_none_in_toml() -> None:
    assert tomllib.loads(f"a={toml_string('x' + chr(0xD800) + chr(0x7F))}") == {"a": "x?\x7f"}


@pytest.mark.parametrize(
    ("skill", "spelled"),
    [
        ("/review", "$review"),
        ("/review only the tests", "$review only the tests"),
        ("Look at /etc first", "Look at /etc first"),
        ("/usr/bin is a path", "/usr/bin is a path"),
        ("/", "/"),
    ],
)
def test_a_skill_is_called_with_a_dollar_by_codex_alone(skill: str, spelled: str) -> None:
    assert codex.AGENT.spell_skill(skill) == spelled
    assert claude_code.AGENT.spell_skill(skill) == skill


def test_gemini_is_told_by_its_settings() -> None:
    launch = built("gemini", replace(spec("gemini"), model="pro"))

    assert launch.command.argv == (
        "/bin/true", "--skip-trust", "-o", "stream-json", "-m", "pro",
    )  # fmt: skip
    assert own(launch) == {
        "GEMINI_API_KEY": token(launch),
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:3128",
        "GEMINI_SYSTEM_MD": "/home/agent/.gemini/system.md",
        "GEMINI_CLI_NO_RELAUNCH": "1",
        "NO_COLOR": "1",
        "TERM": "xterm-256color",
    }
    files = launch.fence.home_files
    assert set(files) == {".gemini/settings.json", ".gemini/system.md"}
    assert json.loads(files[".gemini/settings.json"]) == {
        "context": {"fileFiltering": {"respectGeminiIgnore": False, "respectGitIgnore": False}},
        "security": {
            "auth": {"selectedType": "gemini-api-key"},
            "environmentVariableRedaction": {"enabled": True},
        },
        "tools": {"core": ["read_file", "list_directory", "grep_search", "glob"]},
        "model": {"maxSessionTurns": 100},
        "general": {"maxAttempts": 2, "enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
        "hooksConfig": {"enabled": False},
        "admin": {
            "mcp": {"enabled": False},
            "extensions": {"enabled": False},
            "skills": {"enabled": False},
        },
    }
    system = files[".gemini/system.md"].decode()
    assert "You are an experienced software engineer" in system
    assert 'Beware of "fences".' in system
    assert "a backslash stands before every @" in system


def test_gemini_as_developer_has_two_more_tools() -> None:
    launch = built("gemini", config=replace(CONFIG, role=Role.DEVELOPER))

    assert launch.command.argv[-2:] == ("--approval-mode", "auto_edit")
    tools = json.loads(launch.fence.home_files[".gemini/settings.json"])["tools"]["core"]
    assert tools[4:] == ["write_file", "replace"]


def test_gemini_is_not_made_to_open_what_a_diff_mentions() -> None:
    prompt = "@@ -1 +1 @@ f\n+@property\n+a@b.example @ \\@x"

    stdin = built("gemini", config=replace(CONFIG, prompt=prompt)).command.stdin

    assert stdin == b"\\@@ -1 +1 \\@@ f\n+\\@property\n+a\\@b.example @ \\\\@x"


def test_opencode_has_one_provider_one_agent_and_the_tools_that_are_named() -> None:
    launch = built("opencode", replace(spec("opencode"), model="org/small"))

    assert launch.command.argv == (
        "/bin/true", "run", "--pure", "--format", "json", "--title", "harness",
        "--agent", "harness", "-m", "harness/org/small",
    )  # fmt: skip
    assert set(own(launch)) == {
        f"OPENCODE_DISABLE_{name}"
        for name in (
            "PROJECT_CONFIG", "CLAUDE_CODE", "EXTERNAL_SKILLS", "DEFAULT_PLUGINS", "AUTOUPDATE",
            "LSP_DOWNLOAD", "MODELS_FETCH",
        )
    }  # fmt: skip
    written = json.loads(launch.fence.home_files[".config/opencode/opencode.json"])
    assert written["provider"]["harness"] == {
        "npm": "@ai-sdk/openai-compatible",
        "name": "harness",
        "options": {"baseURL": "http://127.0.0.1:3128", "apiKey": token(launch)},
        "models": {"org/small": {}},
    }
    assert written["enabled_providers"] == ["harness"]
    assert written["permission"] == {
        "*": "deny", "read": "allow", "grep": "allow", "glob": "allow", "list": "allow",
    }  # fmt: skip
    assert written["agent"]["harness"]["steps"] == 100
    assert 'Beware of "fences".' in written["agent"]["harness"]["prompt"]


def test_opencode_as_developer_edits() -> None:
    launch = built("opencode", config=replace(CONFIG, role=Role.DEVELOPER))

    written = json.loads(launch.fence.home_files[".config/opencode/opencode.json"])
    assert written["permission"]["edit"] == "allow"


@pytest.mark.parametrize(
    ("missing", "words"), [({"model": ""}, "set model"), ({"base_url": ""}, "set base_url")]
)
def test_opencode_needs_a_model_and_an_address(missing: dict[str, str], words: str) -> None:
    asked = replace(spec("opencode"), **missing)  # type: ignore[arg-type]

    with pytest.raises(AgentMisconfigured, match=words):
        built("opencode", asked)


def test_a_local_model_needs_no_key() -> None:
    asked = replace(spec("opencode"), api_key_env="", base_url="http://localhost:11434/v1/")

    assert isinstance(uplink := built("opencode", asked).fence.uplink, ModelApi)
    assert (uplink.key, uplink.base_url) == ("", "http://localhost:11434/v1")


# --------------------------------------------------------------------- what all of them share


@pytest.mark.parametrize(
    ("kind", "dialect", "base_url"),
    [
        ("claude-code", Dialect.ANTHROPIC, "https://api.anthropic.com"),
        ("codex", Dialect.OPENAI, "https://api.openai.com/v1"),
        ("gemini", Dialect.GEMINI, "https://generativelanguage.googleapis.com"),
        ("opencode", Dialect.OPENAI, "https://models.example/v1"),
    ],
)
def test_its_one_way_out_is_its_vendor(kind: str, dialect: Dialect, base_url: str) -> None:
    purse = Open()

    fence = built(kind, config=replace(CONFIG, purse=purse)).fence

    uplink = fence.uplink
    assert isinstance(uplink, ModelApi)
    assert (uplink.dialect, uplink.base_url, uplink.key) == (dialect, base_url, KEY)
    assert uplink.purse is purse
    assert len(uplink.token) >= 32
    assert (fence.tree, fence.git_dir, fence.access) == (Path("/t"), Path("/g.git"), Access.READ)
    assert fence.extra_ro == (Path("/d/change.diff"),)


class Open:
    """A purse with no bottom."""

    async def admit(self, model: str, *, input_tokens: int, output_tokens: int) -> Ticket:
        raise NotImplementedError

    async def settle(self, ticket: Ticket, usage: ModelUsage | None) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_every_start_has_a_token_of_its_own(kind: str) -> None:
    assert token(built(kind)) != token(built(kind))


@pytest.mark.parametrize("kind", list(VARIABLES))
def test_without_a_key_it_says_what_to_set(kind: str) -> None:
    with pytest.raises(AgentMisconfigured) as caught:
        built(kind, replace(spec(kind), api_key_env=""))

    assert caught.value.message == (
        f"agent 'mine': there is no key: set {VARIABLES[kind]}, or name another variable in"
        " api_key_env, or a file in api_key_file"
    )


@pytest.mark.parametrize("kind", list(VARIABLES))
def test_the_vendors_usual_variable_is_for_the_vendor_and_for_no_other_address(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLES[kind], "usual")
    unnamed = replace(spec(kind), api_key_env="")

    assert isinstance(vendors := built(kind, unnamed).fence.uplink, ModelApi)
    assert isinstance(named := built(kind).fence.uplink, ModelApi)
    elsewhere = replace(unnamed, base_url="https://elsewhere.example")
    assert isinstance(other := built(kind, elsewhere).fence.uplink, ModelApi)

    assert (vendors.key, named.key, other.key) == ("usual", KEY, "")


def test_a_key_that_no_header_can_carry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "two\nlines")

    with pytest.raises(AgentMisconfigured, match="no HTTP header"):
        built("codex")


@pytest.mark.parametrize("kind", list(BUILDERS))
@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("/bin/true", "--dangerous"), "is the program alone"),
        (("true",), "is the absolute path"),
        (("bin/true",), "is the absolute path"),
    ],
)
def test_argv_names_the_program_and_nothing_else(
    kind: str, argv: tuple[str, ...], words: str
) -> None:
    with pytest.raises(AgentMisconfigured, match=words):
        built(kind, replace(spec(kind), argv=argv))


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_it_is_found_on_the_operators_path(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / PROGRAMS[kind]
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert built(kind, replace(spec(kind), argv=())).command.argv[0] == str(program)


@pytest.mark.parametrize("kind", ["claude-code", "codex"])
@pytest.mark.parametrize(
    "config",
    [replace(CONFIG, role=Role.PLANNER), replace(CONFIG, prompt_override="Say hello.")],
    ids=["planner", "verbatim"],
)
def test_only_a_review_of_ours_has_a_form_of_answer(kind: str, config: RunConfig) -> None:
    argv = built(kind, config=config).command.argv

    assert not {"--json-schema", "--output-schema"} & set(argv)


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_without_a_guard_nothing_stands_in_its_place(kind: str) -> None:
    launch = built(kind, config=replace(CONFIG, guard=""))

    words = " ".join(launch.command.argv)
    assert "--append-system-prompt-file" not in words
    assert "developer_instructions" not in words
    assert launch.command.stdin == b"Review it."


# --------------------------------------------------------------------------- a command of one's own


def commanded(asked: AgentSpec, config: RunConfig = CONFIG) -> Launch:
    return command.build_command(asked, config, fenced=True)


def test_a_command_reads_the_guard_and_then_the_prompt() -> None:
    assert commanded(spec("command")).command.stdin == b'Beware of "fences".\n\nReview it.'
    unguarded = commanded(spec("command"), replace(CONFIG, guard=""))
    assert unguarded.command.stdin == b"Review it."


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://api.example", ("api.example", 443)),
        ("https://api.example:8443/v1", ("api.example", 8443)),
        ("http://localhost", ("localhost", 80)),
    ],
)
def test_a_command_reaches_the_one_host_that_is_named(base_url: str, host: tuple[str, int]) -> None:
    launch = commanded(replace(spec("command"), base_url=base_url))

    assert launch.fence.uplink == AllowList(hosts=frozenset({host}))
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        assert launch.command.env[name] == "http://127.0.0.1:3128"
    assert launch.command.env["MY_KEY"] == KEY


def test_a_command_with_no_host_reaches_none() -> None:
    launch = commanded(spec("command"))

    assert launch.fence.uplink is None
    assert not any("proxy" in name.lower() for name in launch.command.env)


@pytest.mark.parametrize("base_url", ["https://api.example:port", "https:///v1"])
def test_a_command_with_half_an_address_is_misconfigured(base_url: str) -> None:
    with pytest.raises(AgentMisconfigured, match="base_url"):
        commanded(replace(spec("command"), base_url=base_url))


def test_a_command_plans_and_develops_and_runs_no_tests() -> None:
    planned = commanded(spec("command"), replace(CONFIG, role=Role.PLANNER))
    written = commanded(spec("command"), replace(CONFIG, role=Role.DEVELOPER))

    assert (planned.fence.access, written.fence.access) == (Access.READ, Access.WRITE)
    with pytest.raises(AgentMisconfigured, match="cannot be a tester"):
        commanded(spec("command"), replace(CONFIG, role=Role.TESTER))
