"""What the composition root decides by itself: the operator's token, and what is a secret."""

import errno
import stat
from pathlib import Path

import pytest

from bot.agents.reviewer import kinds
from bot.app import known_secrets, operator_token
from bot.errors import ConfigurationError
from bot.settings import AgentSettings, Settings


def settings(**values):
    return Settings(_env_file=None, **values)


@pytest.fixture(autouse=True)
def empty_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HARNESS_OPERATOR_TOKEN", raising=False)


def test_a_token_is_made_once_and_is_its_owners_alone(tmp_path):
    token = operator_token(settings(), tmp_path)
    assert len(token) >= 32
    assert operator_token(settings(), tmp_path) == token
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("left", ["", "\n", "  "])
def test_an_empty_file_of_a_crash_is_no_token(tmp_path, left):
    (tmp_path / "operator-token").write_text(left)
    assert len(operator_token(settings(), tmp_path)) >= 32


def test_a_blank_configured_token_is_no_token(tmp_path):
    assert len(operator_token(settings(operator_token="  "), tmp_path)) >= 32
    assert operator_token(settings(operator_token=" mine\n"), tmp_path) == "mine"


def test_a_full_disk_leaves_no_half_token(tmp_path, monkeypatch):
    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        operator_token(settings(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_key_and_the_generated_token_are_never_posted(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("from-a-file\n")
    (tmp_path / "app.pem").write_text("pem-of-a-file\n")
    monkeypatch.setenv("MODEL_KEY", "from-a-variable")
    one = AgentSettings(name="one", kind="command", argv=("x",), api_key_file=str(tmp_path / "key"))
    two = AgentSettings(name="two", kind="command", argv=("x",), api_key_env="MODEL_KEY")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "by-convention")
    vendors = AgentSettings(name="three", kind="claude-code")
    gone = AgentSettings(name="gone", kind="command", argv=("x",), api_key_file="/nowhere/key")
    known = known_secrets(
        settings(
            webhook_secret="hook",
            private_key_file=tmp_path / "app.pem",
            agents=(one, gone),
            developer=two,
            judge=vendors,
        ),
        "generated-token",
        kinds(),
    )
    assert set(known) == {
        "hook", "pem-of-a-file\n", "generated-token", "from-a-variable", "from-a-file",
        "by-convention",
    }  # fmt: skip
