"""A repair by the vendors' own command lines: failing pytest tests are made to pass, in a copy."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.checkout.local import LocalRepo
from bot.clock import SystemClock
from bot.models import (
    Change,
    Diff,
    Finding,
    LoopStatus,
    Review,
    Severity,
    SuiteOutcome,
    SuiteState,
    Work,
    Workspace,
)
from bot.models.context import ReviewContext
from bot.runner import Config, panelist
from bot.runner import run as run_loop
from bot.runner.bench import WHO, Bench, local_bench
from bot.runner.players import AgentDeveloper, SuiteTester
from bot.sandbox.sandbox import Sandbox
from tests.fakes.git_repo import git
from tests.fakes.models.script import AFTER, BEFORE, FILE
from tests.fakes.models.server import ModelServer
from tests.real_cli.driving import FOUR, KINDS, Vendor, spec

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TEST = """\
from app.calc import mean


def test_of_some():
    assert mean([1, 3]) == 2


def test_of_none():
    assert mean([]) == 0
"""
WRONG = AFTER.replace("else 0.0", "else 1.0")


class Reader:
    """Finds the division that is not guarded, as a reviewer of few words."""

    async def review(self, diff: str, context: str) -> Review:
        del context
        if "if xs else" in diff:
            return Review(summary="guarded now")
        found = Finding(
            agent="me", severity=Severity.MAJOR, file=FILE, line=6, description="divides by zero"
        )
        return Review(findings=(found,))


@pytest.fixture
async def bench(tmp_path: Path) -> Bench:
    """A repository with one failing test, and a copy of it to work in."""
    place = tmp_path / "repo"
    (place / "app").mkdir(parents=True)
    git(place, "init", "-q", "-b", "main")
    for name, text in {FILE: BEFORE, "app/__init__.py": "", "test_calc.py": TEST}.items():
        (place / name).write_text(text)
    git(place, "add", "-A")
    git(place, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "start")
    room = tmp_path / "room"
    room.mkdir(mode=0o755)
    repo = await LocalRepo.open(place, scratch=room)
    head = await repo.head_sha()
    drafts = repo.drafting(head, head, signature=WHO, rule=lambda _path: "")
    nowhere = Workspace(tree=place, git_dir=place, diff_file=place)
    start = Change(
        diff=Diff(base_sha=head, head_sha=head, files=()), workspace=nowhere,
        head_sha=head, base_sha=head,
    )  # fmt: skip
    return local_bench(repo, drafts, start)


@pytest.fixture
def tester(bench: Bench, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> SuiteTester:
    """With the pytest of this environment, as an operator has one on the path."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return SuiteTester(bench, sandbox, clock=SystemClock(), seconds=120)


async def repaired(developer: object, bench: Bench, tester: SuiteTester) -> LoopStatus:
    outcomes: list[SuiteState] = []

    class Watching:
        """Without `run_tests_before`: whatever fails is to be mended."""

        async def run_tests(self) -> SuiteOutcome:
            outcome = await tester.run_tests()
            outcomes.append(outcome.state)
            assert outcome.state is not SuiteState.NOT_RUN, outcome.reason
            return outcome

    result = await run_loop(
        Config(
            developer=developer,  # type: ignore[arg-type]  # of either kind
            reviewer=Reader(),
            tester=Watching(),
            task="Make the tests pass.",
            bench=bench,
        )
    )
    await bench.close()
    assert outcomes[-1] is SuiteState.PASSED, result.reason
    assert result.draft is not None
    assert result.files == (FILE,)
    return result.status


async def test_a_scripted_developer_needs_two_rounds(bench: Bench, tester: SuiteTester) -> None:
    """The first attempt fails a test, whose name and output the developer is given."""
    advice: list[str] = []

    class Developer:
        async def execute(self, plan: str) -> Work:
            del plan
            return await self._write(WRONG)

        async def refactor(self, issues: Sequence[object], guidance: str) -> Work:
            del issues
            advice.append(guidance)
            return await self._write(AFTER)

        async def _write(self, text: str) -> Work:
            desk = await bench.desk()
            (desk.workspace.tree / FILE).write_text(text)
            return Work()

    assert await repaired(Developer(), bench, tester) is LoopStatus.SUCCESS
    assert "test_of_none" in advice[0]
    assert "assert 1.0 == 0" in advice[0]


@pytest.mark.real_cli
@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize("vendor", FOUR, ids=[vendor.kind for vendor in FOUR])
async def test_a_real_command_line_repairs_it(
    vendor: Vendor,
    bench: Bench,
    tester: SuiteTester,
    sandbox: Sandbox,
    models: ModelServer,
    tmp_path: Path,
) -> None:
    asked = spec(vendor, vendor.base_url(models, "write"), tmp_path / "key")
    developer = AgentDeveloper(
        panelist(asked, sandbox, KINDS), bench, ReviewContext(), clock=SystemClock()
    )
    assert await repaired(developer, bench, tester) is LoopStatus.SUCCESS
    told = "".join(call.body for call in models.paid("write"))
    assert "Make the tests pass." in told
