"""The same GitHub of git repositories as for checkouts."""

from tests.integration.checkout.conftest import again, mirror, mirrors, server, upstream

__all__ = ["again", "mirror", "mirrors", "server", "upstream"]
