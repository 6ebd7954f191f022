"""What the tests of frames share: the fixtures of the clients' tests."""

from tests.client.conftest import (
    _no_proxies,
    client,
    connect,
    flavour,
    make,
    portal,
    quick,
    server,
    trust,
)

__all__ = ["_no_proxies", "client", "connect", "flavour", "make", "portal", "quick", "server", "trust"]
