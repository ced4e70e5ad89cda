"""What is kept for conditional requests."""

from __future__ import annotations

from bot.github.etags import LARGEST, EtagCache, Kept


def _kept(body: bytes) -> Kept:
    return Kept(etag='"1"', content_type="application/json", link="", body=body)


def test_installations_do_not_share() -> None:
    cache = EtagCache()
    cache.put(1, "u", _kept(b"one"))
    assert cache.get(2, "u") is None
    assert cache.get(1, "v") is None
    assert cache.get(1, "u") == _kept(b"one")


def test_it_is_bounded_by_bytes_and_the_oldest_goes() -> None:
    cache = EtagCache(size=4000)
    for name in "abc":
        cache.put(1, name, _kept(b"x" * 1000))
    assert [cache.get(1, name) is not None for name in "abc"] == [False, True, True]


def test_a_huge_answer_is_not_kept() -> None:
    cache = EtagCache()
    cache.put(1, "u", _kept(b"x" * (LARGEST + 1)))
    assert cache.get(1, "u") is None
