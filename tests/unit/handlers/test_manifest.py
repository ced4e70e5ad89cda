"""`app.yml` says what the handlers and the client need, and nothing else."""

from pathlib import Path

import pytest
import yaml

from bot.github.tokens import READ, REVIEW
from bot.handlers.handler import handlers
from bot.handlers.manifest import manifest

APP_YML = Path(__file__).parents[3] / "app.yml"


def test_the_file_is_what_the_handlers_declare():
    assert APP_YML.read_text() == manifest(handlers())


def test_events_that_cannot_be_subscribed_to_are_not_in_it():
    events = yaml.safe_load(APP_YML.read_text())["default_events"]
    assert not {"ping", "installation", "installation_repositories"} & set(events)
    assert set(events) == {name for name, handler in handlers().items() if handler.subscribed}


def test_only_what_resolves_threads_may_write_code():
    permissions = yaml.safe_load(APP_YML.read_text())["default_permissions"]
    writable = {name for name, access in permissions.items() if access == "write"}
    assert writable == {"checks", "contents", "issues", "pull_requests"}
    assert (REVIEW["contents"], READ["contents"]) == ("read", "read")


@pytest.mark.parametrize("asked", [REVIEW, READ])
def test_no_token_is_asked_for_that_the_app_does_not_have(asked):
    """GitHub refuses a token with more than the installation has."""
    granted = yaml.safe_load(APP_YML.read_text())["default_permissions"]
    for name, access in asked.items():
        assert granted.get(name) in (access, "write"), name
