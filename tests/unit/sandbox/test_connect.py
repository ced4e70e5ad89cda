"""To whom the proxy opens a tunnel: exactly the places of its list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.connect import ConnectProxy, permitted
from bot.sandbox.uplink import AllowList

LISTED = AllowList(hosts=frozenset({("api.model.test", 443), ("127.0.0.1", 8000), ("::1", 9)}))


def decided(line: str) -> tuple[int, str, int]:
    return ConnectProxy(LISTED).decide(f"{line}\r\nHost: x\r\n\r\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("CONNECT api.model.test:443 HTTP/1.1", ("api.model.test", 443)),
        ("CONNECT API.Model.test:443 HTTP/1.0", ("api.model.test", 443)),
        ("CONNECT 127.0.0.1:8000 HTTP/1.1", ("127.0.0.1", 8000)),
        ("CONNECT [::1]:9 HTTP/1.1", ("::1", 9)),
    ],
)
def test_a_listed_place_is_opened(line, place):
    assert decided(line) == (200, *place)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("CONNECT api.model.test:80 HTTP/1.1", 403),
        ("CONNECT evil.test:443 HTTP/1.1", 403),
        ("CONNECT api.model.test.:443 HTTP/1.1", 403),
        ("CONNECT api.model.test.evil.test:443 HTTP/1.1", 403),
        ("CONNECT 127.0.0.1:22 HTTP/1.1", 403),
        ("CONNECT localhost:8000 HTTP/1.1", 403),
        ("CONNECT [::ffff:127.0.0.1]:8000 HTTP/1.1", 403),
        ("CONNECT api.model.test@evil.test:443 HTTP/1.1", 400),
        ("CONNECT evil.test:443@api.model.test:443 HTTP/1.1", 400),
        ("CONNECT api.model.test HTTP/1.1", 400),
        ("CONNECT api.model.test:443", 400),
        ("CONNECT api.model.test:443 HTTP/2", 400),
        ("CONNECT  api.model.test:443 HTTP/1.1", 400),
        ("CONNECT api.model.test:443/ HTTP/1.1", 400),
        ("CONNECT api.model.test\x00:443 HTTP/1.1", 400),
        ("GET http://api.model.test:443/ HTTP/1.1", 405),
        ("GET / HTTP/1.1", 405),
        ("connect api.model.test:443 HTTP/1.1", 405),
        ("", 405),
    ],
)
def test_everything_else_is_refused(line, status):
    assert decided(line) == (status, "", 0)


@given(st.binary(max_size=200))
def test_no_bytes_open_anything(head):
    status, host, port = ConnectProxy(LISTED).decide(head)
    assert status in (400, 403, 405) or (host, port) in LISTED.hosts


@pytest.mark.parametrize(
    ("host", "address", "may"),
    [
        ("api.model.test", "93.184.216.34", True),
        ("api.model.test", "127.0.0.1", False),
        ("api.model.test", "10.0.0.7", False),
        ("api.model.test", "169.254.169.254", False),
        ("api.model.test", "::1", False),
        ("api.model.test", "fe80::1%eth0", False),
        ("api.model.test", "::ffff:10.0.0.7", False),
        ("localhost", "127.0.0.1", True),
        ("10.0.0.7", "10.0.0.7", True),
        ("::1", "::1", True),
    ],
)
def test_a_public_name_leads_to_no_private_place(host, address, may):
    assert permitted(host, address) is may
