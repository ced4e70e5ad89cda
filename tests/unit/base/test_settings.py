"""Where settings come from, and what is said of mistakes."""

import json

import pytest

from bot.errors import ConfigurationError
from bot.settings import load_settings, unknown_names, values


@pytest.fixture(autouse=True)
def empty_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("HARNESS_CONFIG", "HARNESS_PORT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_command_line_wins_over_the_environment_over_dotenv_over_toml(empty_place, monkeypatch):
    (empty_place / "harness.toml").write_text(
        'port = 1\nhost = "t"\ngithub_url = "http://t"\nmax_runs = 9\n'
    )
    (empty_place / ".env").write_text(
        "HARNESS_PORT=2\nHARNESS_HOST=d\nHARNESS_GITHUB_URL=http://d\n"
    )
    monkeypatch.setenv("HARNESS_PORT", "3")
    monkeypatch.setenv("HARNESS_HOST", "e")
    settings = load_settings(port=4)
    assert (settings.port, settings.host, settings.github_url, settings.max_runs) == (
        4,
        "e",
        "http://d",
        9,
    )


def test_agents_come_as_tables_or_as_json(empty_place, monkeypatch):
    (empty_place / "harness.toml").write_text(
        '[[agents]]\nname = "mine"\nkind = "command"\nargv = ["/opt/mine", "-x"]\ntimeout = 5\n'
    )
    assert load_settings().agents[0].argv == ("/opt/mine", "-x")
    monkeypatch.setenv(
        "HARNESS_AGENTS", json.dumps([{"name": "r", "kind": "ruff", "required": False}])
    )
    (agent,) = load_settings().agents
    assert (agent.name, agent.kind, agent.required) == ("r", "ruff", False)


def test_one_message_lists_every_mistake(monkeypatch):
    monkeypatch.setenv("HARNESS_PORT", "many")
    monkeypatch.setenv("HARNESS_FAIL_ON", "sometimes")
    monkeypatch.setenv("HARNESS_GITHUB_URL", "github.com")
    monkeypatch.setenv("HARNESS_AGENTS", '[{"name": "a", "kind": "command"}]')
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    for name in ("HARNESS_PORT", "HARNESS_FAIL_ON", "HARNESS_GITHUB_URL", "HARNESS_AGENTS"):
        assert name in str(caught.value)
    assert "needs argv" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HARNESS_AGENTS", '[{"name": "x", "secret-of-mine"'),
        ("HARNESS_AGENTS", '[{"name": "x", "kind": "ruff", "api_key": "secret-of-mine"}]'),
        ("HARNESS_DATABASE_URL", "mysql://u:secret-of-mine@host/db"),
        ("HARNESS_BUDGET_RUN_USD", "secret-of-mine"),
    ],
)
def test_no_value_is_repeated_in_a_message(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert name in str(caught.value) or "agents" in str(caught.value)
    assert "secret-of-mine" not in str(caught.value)


def test_two_agents_cannot_share_a_name(monkeypatch):
    twice = [{"name": "a", "kind": "ruff"}, {"name": "a", "kind": "bandit"}]
    monkeypatch.setenv("HARNESS_AGENTS", json.dumps(twice))
    with pytest.raises(ConfigurationError, match="two agents are named a"):
        load_settings()


def test_a_configuration_file_that_is_named_must_exist(monkeypatch):
    monkeypatch.setenv("HARNESS_CONFIG", "nowhere.toml")
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml"):
        load_settings()


def test_what_cannot_be_parsed_is_named(empty_place, monkeypatch):
    monkeypatch.setenv("HARNESS_AGENTS", "ruff")
    with pytest.raises(ConfigurationError, match="HARNESS_AGENTS: this is not JSON"):
        load_settings()
    monkeypatch.delenv("HARNESS_AGENTS")
    (empty_place / "harness.toml").write_text("port = [\n")
    with pytest.raises(ConfigurationError, match=r"harness\.toml: Invalid value"):
        load_settings()


def test_names_that_mean_nothing_are_told(empty_place, monkeypatch):
    monkeypatch.setenv("HARNESS_SANDBOXX", "require")
    monkeypatch.setenv("HARNESS_SANDBOX", "require")
    monkeypatch.setenv("HARNESS_CONFIG", "harness.toml")
    (empty_place / ".env").write_text("HARNESS_APPID=7\nOTHER=1\n")
    (empty_place / "harness.toml").write_text("port = 1\nfail-on = 'minor'\n")
    assert unknown_names() == ["HARNESS_APPID", "HARNESS_SANDBOXX", "harness.toml: fail-on"]


def test_serving_needs_an_app_and_says_all_that_is_missing(empty_place):
    with pytest.raises(ConfigurationError) as caught:
        load_settings().require_app()
    for name in ("HARNESS_APP_ID", "HARNESS_PRIVATE_KEY", "HARNESS_WEBHOOK_SECRET"):
        assert name in str(caught.value)
    missing = load_settings(app_id="1", webhook_secret="s", private_key_file=empty_place / "no.pem")
    with pytest.raises(ConfigurationError, match="cannot read"):
        missing.require_app()


def test_the_key_may_be_a_text_or_a_file(empty_place):
    (empty_place / "key.pem").write_text("PEM")
    assert load_settings(private_key_file=empty_place / "key.pem").key() == "PEM"
    assert load_settings(private_key="a\\nb").key() == "a\nb"


def test_secrets_are_never_shown(empty_place, monkeypatch):
    for name in ("HARNESS_PRIVATE_KEY", "HARNESS_WEBHOOK_SECRET", "HARNESS_OPERATOR_TOKEN"):
        monkeypatch.setenv(name, "secret-of-mine")
    monkeypatch.setenv("HARNESS_DATABASE_URL", "postgresql://u:secret-of-mine@h/d")
    shown = {value.name: value for value in values()}
    assert "secret-of-mine" not in str(shown)
    assert "secret-of-mine" not in repr(load_settings().webhook_secret)
    assert shown["HARNESS_WEBHOOK_SECRET"].source == "environment"
    assert shown["HARNESS_PORT"].source == "default"
    assert shown["HARNESS_DATABASE_URL"].shown == "postgresql://u:***@h/d"


def agents(**more: object) -> str:
    return json.dumps([{"name": "a", "kind": "codex", **more}])


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://host",
        "host.example/v1",
        "https://",
        "https://host:port",
        "https://[host",
        "https://user:secret-of-mine@host",
        "https://host/?key=secret-of-mine",
        "http://host.example/v1",
        "http://10.0.0.5:8000",
        "http://localhost.example",
    ],
)
def test_an_agents_address_is_https_or_this_machine(monkeypatch, base_url):
    monkeypatch.setenv("HARNESS_AGENTS", agents(base_url=base_url))
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        load_settings()
    assert "https://" in str(caught.value) or "in clear" in str(caught.value)
    assert "secret-of-mine" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "https://models.example/v1",
        "http://localhost:11434/v1",
        "http://127.0.0.1:8000",
        "http://[::1]:8000/v1",
    ],
)
def test_an_agents_address_may_be_a_local_model(monkeypatch, base_url):
    monkeypatch.setenv("HARNESS_AGENTS", agents(base_url=base_url))
    assert load_settings().agents[0].base_url == base_url


@pytest.mark.parametrize("given", [{}, {"model": "m"}, {"base_url": "https://host"}])
def test_an_opencode_says_which_model_and_where(monkeypatch, given):
    monkeypatch.setenv("HARNESS_AGENTS", agents(**{"kind": "opencode", **given}))
    with pytest.raises(ConfigurationError, match="needs model and base_url"):
        load_settings()
