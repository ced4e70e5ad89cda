"""Signs people in with the operator token.

``Authorization: Bearer`` works everywhere. A browser signs in once with a form and gets a cookie
that is an HMAC of the token, so that the token itself is in no cookie jar; it is worthless
elsewhere and dies with the token.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

COOKIE = "harness"
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/sign-in"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def session(token: str) -> str:
    """The cookie's value."""
    return hmac.new(token.encode(), b"harness dashboard session", hashlib.sha256).hexdigest()


def same(sent: str, right: str) -> bool:
    """Constant time in what was sent, which may hold anything; nothing is no token."""
    given, wanted = (text.encode("utf-8", "surrogatepass") for text in (sent, right))
    return bool(wanted) and hmac.compare_digest(given, wanted)


def signed_in(request: web.Request, token: str) -> bool:
    """By the token itself, or by the cookie of the form."""
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and same(sent.strip(), token):
        return True
    cookie = request.cookies.get(COOKIE, "")
    return same(cookie, session(token))


def middleware(token: str) -> Middleware:
    """Refuses whoever is not signed in: 401 for programs, the sign-in page for browsers."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await _answer(request, handler)
        if response.prepared:  # a stream that has been sent already
            return response
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'self';"
            " connect-src 'self'; form-action 'self';"
            " frame-ancestors 'none'; base-uri 'none'"
        )
        return response

    async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in OPEN_PATHS or signed_in(request, token):
            return await handler(request)
        if request.path.startswith(("/api/", "/metrics")):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        raise web.HTTPSeeOther("/sign-in")

    return check
