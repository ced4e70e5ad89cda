"""Addresses, logins and refusals."""

import os
from base64 import b64encode

import pytest

from bot.checkout.remote import Remote, address, check_sha, check_url, refusal
from bot.errors import AccessLost, ConfigurationError, GiveUp, HeadGone, TreeRefused, TryLater
from bot.models import Repo

REPO = Repo(owner="octo", name="hello")
SHA = "0123456789abcdef0123456789abcdef01234567"


def test_a_repository_has_one_address():
    assert address("https://github.example/", REPO) == "https://github.example/octo/hello.git"


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("..", "x"), ("octo", ".."), ("octo", "."), ("octo", "..."), ("-octo", "x"), ("a/b", "x"),
        ("octo", "a/b"), ("octo", ""), ("", "x"), ("octo", "x\n"), ("octo", 'x"'), (".git", "x"),
        ("octo", "x.git"), ("octo", "x.GIT"), ("octo", "a\0"), ("octo", "é"), ("octo", "x" * 101),
    ],
)  # fmt: skip
def test_hostile_names_never_become_a_path(owner, name):
    with pytest.raises(GiveUp):
        address("https://github.example", Repo(owner=owner, name=name))


@pytest.mark.parametrize(
    "url",
    ["https://github.com", "https://ghe.example:8443/", "http://127.0.0.1:99", "http://localhost",
     "http://[::1]:8080"],
)  # fmt: skip
def test_https_and_this_machine_are_allowed(url):
    check_url(url)


@pytest.mark.parametrize(
    "url",
    ["http://github.com", "http://10.0.0.1", "file:///srv", "/srv/git", "ssh://git@github.com",
     "git://github.com", "ext::sh -c true", "https://", "https://user:pass@github.com",
     'https://a"b', "https://a\n[core]", "https://[core", "https://a?b=c", "https://a#b",
     "http://localhost.evil.com"],
)  # fmt: skip
def test_every_other_address_is_the_operators_mistake(url):
    with pytest.raises(ConfigurationError):
        check_url(url)


@pytest.mark.parametrize("sha", [SHA, "f" * 64])
def test_complete_ids_are_commits(sha):
    assert check_sha(sha) == sha


@pytest.mark.parametrize("sha", ["", "HEAD", SHA[:39], SHA.upper(), f"{SHA}\n", "--upload-pack=x"])
def test_nothing_else_reaches_the_command_line(sha):
    with pytest.raises(HeadGone):
        check_sha(sha)


def test_the_login_is_a_file_in_memory_for_this_address_only():
    remote = Remote(url="https://github.example/octo/hello.git", token="s3cret")

    with remote.credentials() as number:
        assert number is not None
        content = os.pread(number, 4096, 0).decode()

    login = b64encode(b"x-access-token:s3cret").decode()
    assert content == (
        '[http "https://github.example/octo/hello.git"]\n'
        f"\textraHeader = Authorization: Basic {login}\n"
    )
    with pytest.raises(OSError):
        os.fstat(number)
    assert "s3cret" not in repr(remote)
    assert remote.hide(f"a s3cret b {login}") == "a *** b ***"


def test_without_a_token_there_is_no_file():
    remote = Remote(url="https://github.example/octo/hello.git")

    with remote.credentials() as number:
        assert number is None
    assert remote.hide("nothing to hide") == "nothing to hide"


def status(number: int) -> str:
    return f"fatal: unable to access 'https://x/': The requested URL returned error: {number}"


@pytest.mark.parametrize(
    ("stderr", "expected", "words"),
    [
        (f"fatal: remote error: upload-pack: not our ref {SHA}", HeadGone, "0123456789ab is not"),
        (f"error: Server does not allow request for unadvertised object {SHA}", HeadGone, "octo"),
        ("fatal: remote did not send all necessary objects", TryLater, "reached"),
        ("fatal: write error: No space left on device", TryLater, "the disk is full"),
        ("fatal: Authentication failed for 'https://x/'", AccessLost, "no access to octo/hello"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", AccessLost,
         ""),
        ("fatal: repository 'https://x/' not found", AccessLost, ""),
        (status(403), AccessLost, ""),
        (status(301), AccessLost, "has moved"),
        (status(503), TryLater, ""),
        (status(429), TryLater, ""),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", TryLater, "reached"),
        ("error: RPC failed; curl 18 transfer closed\nfatal: early EOF", TryLater, ""),
        (f"error: object {SHA}: hasDotgit: contains '.git'\nfatal: fsck error in packed object",
         TreeRefused, "hasDotgit: contains '.git'"),
        ("fatal: fsck error in pack objects", TreeRefused, "fsck error"),
    ],
)  # fmt: skip
def test_gits_words_say_what_to_do(stderr, expected, words):
    error = refusal(stderr, REPO)

    assert type(error) is expected
    assert words in str(error)


def test_unknown_words_are_left_to_the_caller():
    assert refusal("fatal: the disk is on fire", REPO) is None
