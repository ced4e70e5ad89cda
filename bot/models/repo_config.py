"""A repository's own configuration: ``.github/harness.yml``.

It chooses and tightens. It never defines a program, key or endpoint, and never raises a limit; the
operator's settings are combined with it where they are used (`RepoConfig.tightened`). What decides
about money, agents, tests and pushes is read from the default branch, review instructions and
ignored paths from the base branch, nothing from the pull request's head (`combine`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import pathspec
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import override

from bot.models.issues import FailOn

PATH = ".github/harness.yml"
MAX_BYTES = 64 * 1024

DEFAULT_IGNORE: tuple[str, ...] = (
    # lock files
    "*.lock", "*-lock.json", "*-lock.yaml", "*.lockb", "go.sum", "npm-shrinkwrap.json",
    "Gopkg.lock", "Package.resolved", "gradle.lockfile",
    # vendored
    "node_modules/", "vendor/", "third_party/", "bower_components/", ".yarn/", "Pods/",
    # generated
    "dist/", "*.min.js", "*.min.css", "*.map", "*_pb2.py", "*_pb2_grpc.py", "*_pb2.pyi",
    "*.pb.go", "*.pb.cc", "*.pb.h", "*.g.dart", "*.freezed.dart", "*.generated.*",
    "*.snap", "__generated__/", "*.designer.cs",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class PathInstruction:
    """What reviewers are told about paths that match (gitignore syntax)."""

    paths: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RepoConfig:
    """The parsed file; its defaults are what applies without one."""

    agents: tuple[str, ...] | None = None
    """Names of the operator's agents to use; None means all of them."""
    ignore: tuple[str, ...] = ()
    """Added to `DEFAULT_IGNORE`; a line with ``!`` takes a path back in."""
    fail_on: FailOn | None = None
    drafts: bool = False
    max_comments: int = 12
    instructions: tuple[PathInstruction, ...] = ()
    skip_labels: tuple[str, ...] = ("skip-review", "no-review")
    test_command: str = ""
    outsiders: Literal["analyzers", "all", "none"] | None = None
    auto_refactor: tuple[str, ...] = ()
    """Severities that start a refactor by themselves; empty is off."""
    refactor_also: tuple[str, ...] = ()
    """Paths that a refactor may change although the pull request does not; gitignore syntax."""
    refactor_workflows: bool = False
    """Whether it may change ``.github/workflows``."""

    @property
    def ignored(self) -> tuple[str, ...]:
        return (*DEFAULT_IGNORE, *self.ignore)

    def fail_on_with(self, operator: FailOn) -> FailOn:
        """The stricter of the operator's and the repository's."""
        return operator if self.fail_on is None else operator.stricter(self.fail_on)

    def outsiders_with(self, operator: str) -> str:
        """The stricter of the operator's and the repository's."""
        order = ("none", "analyzers", "all")
        mine = self.outsiders if self.outsiders is not None else operator
        return min(operator, mine, key=order.index)


def combine(*, default: RepoConfig, base: RepoConfig) -> RepoConfig:
    """Instructions and ignored paths of the base branch, everything else of the default branch."""
    return replace(default, instructions=base.instructions, ignore=base.ignore)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """A configuration, and what was wrong with the text (then the configuration is the default)."""

    config: RepoConfig = field(default_factory=RepoConfig)
    problems: tuple[str, ...] = ()


def _readable(pattern: str) -> str:
    try:
        pathspec.GitIgnoreSpec.from_lines([pattern])
    except (ValueError, re.error):
        raise ValueError(f"{pattern!r} is no gitignore pattern") from None
    return pattern


_Pattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_readable)]


class _Instruction(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)
    paths: list[_Pattern] = Field(
        default=["*"], min_length=1, description="Paths it is about, in gitignore syntax."
    )
    text: str = Field(min_length=1, max_length=8000, description="What reviewers are told.")


class _File(BaseModel):
    model_config = ConfigDict(
        extra="forbid", title="harness repository configuration", defer_build=True
    )

    agents: list[str] | None = Field(
        default=None,
        description="Which of the operator's agents review here, by name. Default: all.",
    )
    ignore: list[_Pattern] = Field(
        default=[], description="Paths nobody reviews, in gitignore syntax; `!` takes one back in."
    )
    fail_on: Literal["critical", "major", "minor", "never"] | None = Field(
        default=None,
        description="Lowest severity that fails the check; the operator's counts if stricter.",
    )
    drafts: bool = Field(default=False, description="Review drafts too.")
    max_comments: int = Field(
        default=12, ge=0, le=50, description="Most inline comments of one run; the rest is listed."
    )
    instructions: list[_Instruction] = Field(
        default=[],
        description="What reviewers are told about some paths. Read from the base branch.",
    )
    skip_labels: list[str] = Field(
        default=["skip-review", "no-review"], description="Labels that switch the review off."
    )
    test_command: str = Field(default="", max_length=1000, description="Runs the test suite.")
    outsiders: Literal["analyzers", "all", "none"] | None = Field(
        default=None,
        description="What a pull request by somebody without write permission gets before a"
        " maintainer comments `/harness review`.",
    )
    auto_refactor: list[Literal["critical", "major", "minor"]] = Field(
        default=[], description="Severities that start `/harness refactor` by themselves."
    )
    refactor_also: list[_Pattern] = Field(
        default=[],
        description="Paths that `/harness refactor` may change although the pull request does not,"
        " in gitignore syntax.",
    )
    refactor_workflows: bool = Field(
        default=False, description="Let `/harness refactor` change `.github/workflows`."
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file (``harness config --schema``)."""
    schema = _File.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


class _Loader(yaml.SafeLoader):
    """No aliases: a few bytes must not grow into a gigabyte."""

    @override
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
            raise yaml.composer.ComposerError(
                None, None, "aliases are not allowed", event.start_mark
            )
        return super().compose_node(parent, index)


def parse_repo_config(text: str, *, path: str = PATH) -> Parsed:
    """Parse the file's text; every mistake is one sentence with its line."""
    if len(text) > MAX_BYTES:
        return Parsed(problems=(f"{path}: larger than {MAX_BYTES // 1024} KiB",))
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            data = {} if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return Parsed(problems=(_yaml_problem(error, path),))
    if not isinstance(data, dict):
        return Parsed(problems=(f"{path}:1: the file must be a mapping of settings",))
    try:
        parsed = _File.model_validate(data)
    except ValidationError as error:
        return Parsed(
            problems=tuple(
                f"{path}:{_line(node, item['loc'])}: {_name(item['loc'])}:"
                f" {item['msg'].removeprefix('Value error, ')}"
                for item in error.errors(include_url=False)
            )
        )
    return Parsed(config=_config(parsed))


def _config(file: _File) -> RepoConfig:
    return RepoConfig(
        agents=None if file.agents is None else tuple(file.agents),
        ignore=tuple(file.ignore),
        fail_on=None if file.fail_on is None else FailOn(file.fail_on),
        drafts=file.drafts,
        max_comments=file.max_comments,
        instructions=tuple(
            PathInstruction(paths=tuple(i.paths), text=i.text) for i in file.instructions
        ),
        skip_labels=tuple(file.skip_labels),
        test_command=file.test_command,
        outsiders=file.outsiders,
        auto_refactor=tuple(file.auto_refactor),
        refactor_also=tuple(file.refactor_also),
        refactor_workflows=file.refactor_workflows,
    )


def _yaml_problem(error: Exception, path: str) -> str:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{path}:{line}: {problem}"


def _name(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "file"


def _line(node: Any, location: tuple[int | str, ...]) -> int:
    """The line on which the value at ``location`` stands (its key, if it is a mapping's)."""
    line = 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                return line
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line
