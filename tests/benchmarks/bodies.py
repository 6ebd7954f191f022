"""The recorded answers that everybody reads: the same bytes for ours, for theirs and for the floor."""

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path

ELEMENT = "plant/line-07/sensor-0000000"
"""The element of the answers that are about one."""


def element_id(number: int) -> str:
    """Return the id of an element: it is of the length that real ones have."""
    return f"plant/line-{number // 1000 % 100:02}/sensor-{number:07}"


def value(number: int) -> str:
    """Return a VQT as JSON, without its braces."""
    return f'"value": {number % 997 / 8}, "quality": "Good", "timestamp": "{timestamp(number)}"'


def timestamp(number: int) -> str:
    """Return a moment of the night of the last of January, one a second."""
    hours, seconds = divmod(number, 3600)
    return f"2026-01-{1 + hours // 24 % 28:02}T{hours % 24:02}:{seconds // 60:02}:{seconds % 60:02}.125Z"


def bulk_item(name: str, result: str) -> str:
    """Return a good item of a bulk answer."""
    return f'{{"success": true, "elementId": "{name}", "result": {result}}}'


def current_value(name: str) -> str:
    """Return the item of an answer that holds the value of an element."""
    return bulk_item(name, f'{{"isComposition": false, {value(int(name[-7:]))}}}')


def bulk(items: Iterable[str]) -> bytes:
    """Return a bulk answer."""
    return f'{{"success": true, "results": [{", ".join(items)}]}}'.encode()


def _objects(count: int) -> bytes:
    objects = (
        f'{{"elementId": "{element_id(number)}", "displayName": "Sensor {number}", '
        f'"typeElementId": "type-{number % 40:02}", "parentId": "plant/line-{number // 1000 % 100:02}", '
        '"isComposition": false, "isExtended": false}'
        for number in range(count)
    )
    return f'{{"success": true, "result": [{", ".join(objects)}]}}'.encode()


def _values(count: int) -> bytes:
    return bulk(current_value(element_id(number)) for number in range(count))


def _history(count: int) -> bytes:
    points = ", ".join(f"{{{value(number)}}}" for number in range(count))
    return bulk([bulk_item(ELEMENT, f'{{"isComposition": false, "values": [{points}]}}')])


_KINDS: dict[str, Callable[[int], bytes]] = {"objects": _objects, "values": _values, "history": _history}


class Bodies:
    """The answers in a folder, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, kind: str, count: int, *, packed: bool = False) -> Path:
        """Return the file with an answer of so many objects, values or history points."""
        file = self._folder / f"{kind}-{count}.json{'.gz' if packed else ''}"
        if not file.exists():
            body = _KINDS[kind](count)
            file.write_bytes(gzip.compress(body, 6) if packed else body)
        return file
