"""Reads a stream with whichever `i3x` is installed, or with httpx alone: `python stream_reader.py WHO PORT UPDATES`.

Prints two numbers: updates a second, and the seconds that ending the idle subscription took.
"""

import sys
import threading
import time

import httpx

WHO, URL, UPDATES = sys.argv[1], f"http://127.0.0.1:{sys.argv[2]}/v1", int(sys.argv[3])


def ours() -> tuple[float, float]:
    """Read with `watch`."""
    import i3x

    with i3x.Client(URL) as client:
        began = time.perf_counter()
        with client.watch(["sensor-001"], count=UPDATES) as changes:
            for _ in changes:
                pass
            ended = time.perf_counter()
        return UPDATES / (ended - began), time.perf_counter() - ended


def released() -> tuple[float, float]:
    """Read with the callback of the released client."""
    import i3x

    client, seen, all_seen = i3x.Client(URL), 0, threading.Event()

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == UPDATES:
            all_seen.set()

    client.on_value_change = count
    client.connect()
    began = time.perf_counter()
    subscription = client.subscribe(["sensor-001"])
    all_seen.wait()
    ended = time.perf_counter()
    client.unsubscribe(subscription)
    return UPDATES / (ended - began), time.perf_counter() - ended


def floor() -> tuple[float, float]:
    """Take the bytes off the wire and do nothing with them."""
    seen, began = 0, time.perf_counter()
    ended = began
    with httpx.stream("POST", f"{URL}/subscriptions/stream", json={}) as response:
        for part in response.iter_raw():
            seen += part.count(b"}")  # one an update, and never cut in two
            if seen >= UPDATES:
                ended = time.perf_counter()
                break
    return UPDATES / (ended - began), time.perf_counter() - ended


print(*{"ours": ours, "released": released, "floor": floor}[WHO]())
