"""Receiving a body: part by part, unpacked, and never larger than allowed."""

from __future__ import annotations

import zlib

import httpx

from i3x.errors import InvalidServerResponseError, TooLargeError


class Body:
    """A body that is received part by part, unpacked, and never larger than allowed.

    One that can't be read is an error, unless the status says already that the call ``failed``: then it is empty.
    """

    def __init__(self, headers: httpx.Headers, operation: str, most: int, *, failed: bool = False) -> None:
        self._operation = operation
        self._most = most
        self._parts: list[bytes] = []
        self._size = 0
        self._failed = failed
        self._given_up = False
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            self._give_up("it is packed in a way that was not asked for (Content-Encoding)")
        self._unpacker = _unpacker() if encoding in ("gzip", "x-gzip") else None
        self._begun = False

    def add(self, part: bytes) -> None:
        """Take in what arrived."""
        if self._unpacker is None:
            self._keep(part)
            return
        try:
            while part and not self._given_up:
                self._begun = True
                if self._unpacker.eof:  # packed in several members, one after the other
                    self._unpacker = _unpacker()
                self._keep(self._unpacker.decompress(part, self._most - self._size + 1))
                part = self._unpacker.unused_data
        except zlib.error as error:
            self._give_up("it says that it is packed with gzip and is not", error)

    def content(self) -> bytes:
        """Return the whole body."""
        if self._unpacker is not None and self._begun and not self._unpacker.eof:
            self._give_up("it is packed with gzip and ends too early")
        return b"".join(self._parts)

    @property
    def is_complete(self) -> bool:
        """Whether what is still to come does not matter any more."""
        return self._given_up

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._most:
            self._give_up(
                f"it is larger than max_response_bytes={self._most}; ask for less at once", kind=TooLargeError
            )
        if not self._given_up:
            self._parts.append(part)

    def _give_up(
        self,
        why: str,
        error: Exception | None = None,
        kind: type[InvalidServerResponseError] = InvalidServerResponseError,
    ) -> None:
        if not self._failed:
            raise kind(
                f"{self._operation}: the answer can't be read: {why}; if that is not it, tell the maintainers of "
                "the server, or of the proxy before it",
                operation=self._operation,
            ) from error
        self._given_up = True
        self._parts.clear()


def _unpacker() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
