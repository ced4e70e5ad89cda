import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.agents import environment
from bot.agents.programs import find_program, search_path
from bot.errors import AgentFailed, AgentMisconfigured
from bot.models import AgentSpec, FailureKind, RunConfig

SPEC = AgentSpec(name="mine", kind="command")
CONFIG = RunConfig(
    prompt="Review it.", skills=("/a", "/b"), starting_sha="f" * 40, base_sha="0" * 40
)


def test_the_five_variables_of_a_review_session() -> None:
    env = environment.review("mine", CONFIG)

    assert json.loads(env.pop("ENTIRE_REVIEW_SKILLS")) == ["/a", "/b"]
    assert env == {
        "ENTIRE_REVIEW_SESSION": "1",
        "ENTIRE_REVIEW_AGENT": "mine",
        "ENTIRE_REVIEW_PROMPT": "Review it.",
        "ENTIRE_REVIEW_STARTING_SHA": "f" * 40,
    }


def test_a_prompt_too_long_for_an_environment_is_named_by_its_hash() -> None:
    prompt = "\u00e4" * 60_000

    value = environment.review("mine", replace(CONFIG, prompt=prompt))["ENTIRE_REVIEW_PROMPT"]

    assert value.startswith("sha256:")
    assert "60000 characters" in value


def test_a_prompt_holds_nothing_that_no_environment_can_hold() -> None:
    value = environment.review("mine", replace(CONFIG, prompt="a\0b\ud800c\udcffd"))

    assert value["ENTIRE_REVIEW_PROMPT"] == "ab?c?d"


def test_the_key_comes_from_the_variable_the_operator_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")

    assert environment.key(replace(SPEC, api_key_env="MY_KEY")) == {"MY_KEY": "s3cret"}
    assert environment.key(replace(SPEC, api_key_env="MY_KEY"), variable="X_KEY") == {
        "X_KEY": "s3cret"
    }
    assert environment.key(SPEC) == {}


def test_the_key_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("s3cret\n")

    assert environment.key(replace(SPEC, api_key_file=str(file))) == {"HARNESS_API_KEY": "s3cret"}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (replace(SPEC, api_key_env="NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE holds no key"),
        (replace(SPEC, api_key_file="/nonexistent/key"), "cannot read /nonexistent/key"),
        (replace(SPEC, api_key_env="PATH"), "cannot be called PATH"),
    ],
)
def test_a_key_that_cannot_be_had_is_a_misconfigured_agent(spec: AgentSpec, words: str) -> None:
    with pytest.raises(AgentMisconfigured, match=words):
        environment.key(spec)


def program(folder: Path, name: str, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def test_a_program_is_found_in_the_first_folder_that_has_it(tmp_path: Path) -> None:
    program(tmp_path / "b", "tool")
    first = program(tmp_path / "a", "tool")

    assert find_program("tool", (tmp_path / "none", tmp_path / "a", tmp_path / "b")) == first
    assert find_program(str(first), ()) == first


@pytest.mark.parametrize("name", ["./tool", "bin/tool", "", "to\0ol"])
def test_a_program_is_never_looked_up_in_the_tree(name: str, tmp_path: Path) -> None:
    program(tmp_path, "tool")

    with pytest.raises(AgentMisconfigured):
        find_program(name, (tmp_path,))


def test_a_missing_program_says_where_it_was_looked_for(tmp_path: Path) -> None:
    program(tmp_path, "plain.txt", 0o644)

    for name in ("tool", "plain.txt", str(tmp_path / "tool")):
        with pytest.raises(AgentFailed) as caught:
            find_program(name, (tmp_path,))
        assert caught.value.kind == FailureKind.NOT_FOUND
        assert str(tmp_path) in caught.value.message


def test_relative_folders_of_the_search_path_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", ".:/opt/x::bin:/usr/bin")

    assert search_path() == (Path("/opt/x"), Path("/usr/bin"))
