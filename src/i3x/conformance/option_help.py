"""The options by name, and what each does: the same ones for the command and for pytest, which is to load no more."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_TIMEOUT = 15.0
"""Seconds."""

HELP: Mapping[str, str] = {
    "url": "the address of the server, with or without /v1",
    "token": "send this bearer token",
    "basic": "send these basic credentials",
    "header": "send this header, such as an API key; may be given more than once",
    "ca": "trust the certificate authorities in this file or folder (default: SSL_CERT_FILE, or the system's)",
    "insecure": "accept any certificate; to try a server, never against a plant",
    "no_writes": "write nothing: what needs writing is skipped",
    "timeout": f"seconds that one request may take in all (default: {DEFAULT_TIMEOUT:g})",
    "json": "write the report to this file, as JSON",
    "junit": "write the report to this file, as JUnit XML",
    "quiet": "print nothing but findings and the verdict",
}
"""What each option does."""

METAVARS: Mapping[str, str] = {
    "url": "URL",
    "token": "TOKEN",
    "basic": "USER:PASSWORD",
    "header": "'NAME: VALUE'",
    "ca": "FILE",
    "timeout": "SECONDS",
    "json": "FILE",
    "junit": "FILE",
}
"""What stands for the value of each option that has one."""
