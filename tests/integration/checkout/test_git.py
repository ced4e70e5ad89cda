"""git starts with a clean environment, within limits, and its failures are named."""

from pathlib import Path

import pytest

from bot.checkout.git import Git, Place
from bot.errors import ConfigurationError, GitFailed
from bot.process import OutputTooLarge


async def test_git_sees_none_of_the_environment_it_was_started_from(
    upstream, tmp_path, monkeypatch
):
    monkeypatch.setenv("HARNESS_GITHUB_WEBHOOK_SECRET", "secret")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    shown = tmp_path / "environment"
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\ntr '\\0' '\\n' < /proc/$$/environ > {shown}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")

    await Git().output(Place(git_dir=upstream.path, index=tmp_path / "index"), "status")

    env = dict(line.partition("=")[::2] for line in shown.read_text().splitlines())
    count = int(env.pop("GIT_CONFIG_COUNT"))
    settings = {
        env.pop(f"GIT_CONFIG_KEY_{n}").lower(): env.pop(f"GIT_CONFIG_VALUE_{n}")
        for n in range(count)
    }
    assert {key: value for key, value in env.items() if key not in ("PWD", "OLDPWD", "_")} == {
        "PATH": "/bin:/usr/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_INDEX_FILE": str(tmp_path / "index"),
    }
    expected = {
        "core.hookspath": "/dev/null", "core.fsmonitor": "false",
        "core.attributesfile": "/dev/null", "core.protecthfs": "true",
        "core.protectntfs": "true", "safe.barerepository": "explicit",
        "safe.directory": str(upstream.path), "protocol.allow": "never",
        "http.followredirects": "false", "transfer.fsckobjects": "true",
        "fetch.fsckobjects": "true", "credential.helper": "", "submodule.recurse": "false",
        "fetch.recursesubmodules": "false", "diff.ignoresubmodules": "all", "gc.auto": "0",
        "maintenance.auto": "false", "push.followtags": "false",
    }  # fmt: skip
    assert expected.items() <= settings.items()


async def test_a_failure_names_the_command_and_hides_this_machines_paths(upstream):
    with pytest.raises(GitFailed) as caught:
        await Git().output(Place(git_dir=upstream.path / "not here"), "rev-parse", "HEAD")

    assert str(caught.value) == "git rev-parse failed: fatal: not a git repository: 'not here'"
    assert type(caught.value)(*caught.value.args).args == caught.value.args


async def test_a_silent_failure_tells_the_exit_status(upstream):
    with pytest.raises(GitFailed, match=r"git rev-parse failed: exit status 1$"):
        await Git().output(
            Place(git_dir=upstream.path), "rev-parse", "--verify", "--quiet", "refs/heads/none"
        )


async def test_a_local_call_has_its_limits(upstream, monkeypatch):
    place = Place(git_dir=upstream.path)
    with monkeypatch.context() as short:
        short.setattr("bot.checkout.git.LOCAL_SECONDS", 0.2)
        with pytest.raises(GitFailed, match="took longer than"):
            await Git().output(place, "-c", "alias.hang=!sleep 60", "hang")
    with pytest.raises(OutputTooLarge):
        await Git().output(place, "hash-object", "--help", max_output=1)


def test_a_machine_without_git_is_told_so(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigurationError, match="git is not installed"):
        Git()
