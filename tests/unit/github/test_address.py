"""Which URLs belong to GitHub's API."""

from __future__ import annotations

import pytest

from bot.errors import ConfigurationError, GitHubError
from bot.github.address import ApiAddress

DOT_COM = ApiAddress.parse("https://api.github.com")
SERVER = ApiAddress.parse("https://ghe.example/api/v3/")


def test_graphql_is_beside_rest() -> None:
    assert DOT_COM.graphql == "https://api.github.com/graphql"
    assert SERVER.graphql == "https://ghe.example/api/graphql"
    assert SERVER.rest == "https://ghe.example/api/v3"
    assert ApiAddress.parse("http://127.0.0.1:81/x").graphql == "http://127.0.0.1:81/x/graphql"


@pytest.mark.parametrize(
    "base",
    [
        "api.github.com",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x?y=1",
        "https://x:port",
        "",
    ],
)
def test_a_base_that_is_no_api_is_a_mistake_of_the_operator(base: str) -> None:
    with pytest.raises(ConfigurationError, match="HARNESS_GITHUB_API_URL"):
        ApiAddress.parse(base)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (DOT_COM, "https://api.github.com/app"),
        (DOT_COM, "https://API.github.com:443/repositories/1?page=2"),
        (DOT_COM, "https://api.github.com/graphql"),
        (DOT_COM, "https://api.github.com/repos/o/r/branches/a%2F..%2Fb"),
        (SERVER, "https://ghe.example/api/v3/app"),
        (SERVER, "https://ghe.example/api/graphql"),
    ],
)
def test_the_api_is_reached(address: ApiAddress, url: str) -> None:
    assert address.owned(url).host == address.owned(address.graphql).host


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (DOT_COM, "https://evil.example/app"),
        (DOT_COM, "http://api.github.com/app"),
        (DOT_COM, "https://api.github.com:8443/app"),
        (DOT_COM, "https://api.github.com.evil.example/app"),
        (DOT_COM, "https://api.github.com@evil.example/app"),
        (DOT_COM, "https://evil.example\\@api.github.com/app"),
        (DOT_COM, "https://user:pass@api.github.com/app"),
        (DOT_COM, "//evil.example/app"),
        (DOT_COM, "/app"),
        (DOT_COM, "https://[::1/app"),
        (DOT_COM, "javascript:alert(1)"),
        (SERVER, "https://api.github.com/graphql"),
        (SERVER, "https://ghe.example/login"),
        (SERVER, "https://ghe.example/api/v3/../../login"),
        (SERVER, "https://ghe.example/api/v3/%2e%2e/%2E./login"),
        (SERVER, "https://ghe.example/api/v31/app"),
        (SERVER, "https://ghe.example/api/graphql/x"),
    ],
)
def test_everything_else_is_refused(address: ApiAddress, url: str) -> None:
    with pytest.raises(GitHubError) as refused:
        address.owned(url)
    assert refused.value.status == 0
    assert "pass" not in refused.value.message
