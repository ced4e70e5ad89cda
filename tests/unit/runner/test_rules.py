"""Which paths a repair may change."""

import pytest

from bot.runner.rules import allowing


@pytest.mark.parametrize(
    ("path", "also", "workflows", "said"),
    [
        ("app.py", (), False, ""),
        ("other.py", (), False, "it is no file of the pull request"),
        ("tests/test_app.py", ("tests/**",), False, ""),
        ("tests/x.py", ("tests/**", "!tests/x.py"), False, "it is no file of the pull request"),
        (".github/workflows/ci.yml", ("*",), False, "it is a workflow"),
        (".GitHub/Workflows/ci.yml", ("*",), False, "it is a workflow"),
        (".github/workflows/ci.yml", ("*",), True, ""),
        (".github/workflows/ci.yml", (), True, "it is no file of the pull request"),
    ],
)
def test_the_rule(path, also, workflows, said):
    assert allowing({"app.py"}, also, may_change_workflows=workflows)(path) == said


def test_a_workflow_of_the_pull_request_is_a_workflow_all_the_same():
    name = ".github/workflows/ci.yml"
    assert allowing({name}, (), may_change_workflows=False)(name) == "it is a workflow"
