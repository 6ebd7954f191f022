"""Sending: how calls become HTTP, with redirects, TLS, credentials, retries and limits.

The policy is written once and does no I/O (:mod:`~i3x.transport.exchange`); the two senders carry it out.
"""

from i3x.transport.options import Certificate, Options, Timeout, Token, Verify
from i3x.transport.senders import AsyncSender, Sender

__all__ = ["AsyncSender", "Certificate", "Options", "Sender", "Timeout", "Token", "Verify"]
