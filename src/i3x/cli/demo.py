"""`python -m i3x.cli.demo`: a tour of every call, against a server in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.table import Table
from rich.tree import Tree

import i3x

console = Console(highlight=False)


def main() -> int:
    """Run the tour; returns 0, or 1 if something did not go as it should."""
    os.environ["NO_PROXY"] = "127.0.0.1"  # the server is this machine's own, whatever proxy it uses
    try:
        with _server() as url, i3x.Client(url) as client:
            console.print(f"[bold]A tour of i3X[/] at {url}\n")
            for number, (title, part) in enumerate(_TOUR, 1):
                console.print(f"[bold cyan]{number}. {title}[/]")
                part(client)
                console.print()
    except (i3x.I3XError, OSError) as error:
        console.print(f"[red]{type(error).__name__}:[/] {error}", soft_wrap=True)
        return 1
    console.print("[bold green]That was every call.[/] README.md has the same in ten lines of code.")
    return 0


@contextmanager
def _server() -> Iterator[str]:
    """Run the test server in a process of its own, as a plant's server would be, and give its URL."""
    command = [sys.executable, "-m", "i3x.testing", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise OSError("the test server did not start; install the extra [testing]")
            yield url
        finally:
            process.terminate()


def _capabilities(client: i3x.Client) -> None:
    info = client.get_info()
    console.print(f"{info.server_name} {info.server_version}, i3X {info.spec_version}")
    flags = info.capabilities
    for name, offered in (
        ("history can be read", flags.query.history),
        ("values can be written", flags.update.current),
        ("history can be written", flags.update.history),
        ("updates are streamed", flags.subscribe.stream),
    ):
        console.print(f"  {'[green]yes[/]' if offered else '[red]no [/]'} {name}")


def _types(client: i3x.Client) -> None:
    for namespace in client.get_namespaces():
        types = client.get_object_types(namespace.uri)
        relations = client.get_relationship_types(namespace.uri)
        names = ", ".join(
            [entry.display_name for entry in types] + [entry.display_name for entry in relations]
        )
        console.print(f"  [bold]{namespace.display_name}[/] {namespace.uri}\n    {names}", soft_wrap=True)
    pump = client.query_object_types([client.get_object("pump-101").type_element_id])[0]
    fields = ", ".join(pump.schema.get("properties", {}))
    console.print(f"  A {pump.display_name} has {fields}")
    supplies = client.query_relationship_types(["SuppliesTo"])[0]
    console.print(f"  The reverse of {supplies.display_name} is {supplies.reverse_of}")


def _tree(client: i3x.Client) -> None:
    children: dict[str | None, list[i3x.ObjectInstance]] = {}
    for entry in client.get_objects():
        children.setdefault(entry.parent_id, []).append(entry)

    def grow(branch: Tree, entry: i3x.ObjectInstance) -> None:
        twig = branch.add(f"{entry.display_name} [dim]{entry.element_id}[/]")
        for child in children.get(entry.element_id, ()):
            grow(twig, child)

    tree = Tree("[dim]all objects[/]")
    for root in client.get_objects(root=True):
        grow(tree, root)
    console.print(tree)


def _relations(client: i3x.Client) -> None:
    for edge in client.get_related_objects(["pump-101", "tank-201"]):
        console.print(
            f"  {edge.source_element_id} [magenta]{edge.source_relationship}[/] {edge.object.element_id}"
        )
    found = client.list_objects(["sensor-001", "no-such-element"], include_metadata=True)
    for sensor in found:
        unit = sensor.metadata.eng_unit if sensor.metadata else None
        console.print(f"  {sensor.display_name} measures in {unit}")
    for element_id, error in found.errors.items():
        console.print(f"  [yellow]{element_id}: {type(error).__name__}[/], and the other one arrived")


def _value(client: i3x.Client) -> None:
    value = client.get_value("pump-101", max_depth=0)
    table = Table("element", "value", "quality", "timestamp")
    parts: dict[str, i3x.CurrentValue | i3x.VQT] = {"pump-101": value, **(value.components or {})}
    for element_id, part in parts.items():
        fields = part.value if isinstance(part.value, dict) else {"": part.value}
        lines = "\n".join(f"{name} {field}".strip() for name, field in fields.items())
        table.add_row(element_id, lines, part.quality, part.timestamp)
    console.print(table)
    both = client.get_values(["sensor-001", "sensor-002"])
    console.print("  " + ", ".join(f"{name} = {value.value}" for name, value in both.items()))


def _history(client: i3x.Client) -> None:
    history = client.get_history("sensor-001", timedelta(hours=1))
    console.print(f"  {len(history.values)} values of sensor-001 in the last hour:")
    for point in history.values[-3:]:
        console.print(f"    {point.timestamp}  {point.value}  {point.quality}")
    several = client.get_histories(["sensor-001", "sensor-002"], timedelta(hours=8))
    counts = ", ".join(f"{len(entry.values)} of {name}" for name, entry in several.items())
    console.print(f"  and in the last 8 hours {counts}")


def _write(client: i3x.Client) -> None:
    client.update_value("sensor-001", 72.5)
    console.print(f"  sensor-001 written with 72.5, read back {client.get_value('sensor-001').value}")
    for item in client.update_values({"sensor-002": 3.5, "no-such-element": 1}):
        outcome = "[green]good[/]" if item.success else f"[yellow]{type(item.error).__name__}[/]"
        console.print(f"  {item.element_id}: {outcome}")
    points = [i3x.VQT(70 + n, "Good", f"2026-01-01T00:0{n}:00Z") for n in range(3)]
    written = client.update_history("sensor-001", points)
    kept = client.get_history("sensor-001", "2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z")
    console.print(
        f"  {len(written)} historical values written, read back {[point.value for point in kept.values]}"
    )


def _poll(client: i3x.Client) -> None:
    subscription_id = client.create_subscription("demo")
    client.register_items(subscription_id, ["sensor-001", "sensor-002"])
    monitored = client.list_subscriptions([subscription_id])[0].monitored_objects
    console.print(f"  monitored: {', '.join(item['elementId'] for item in monitored)}")
    acknowledged = None
    for value in (21.5, 22.0):
        client.update_value("sensor-001", value)
        for batch in client.sync_subscription(subscription_id, acknowledged):
            acknowledged = batch.sequence_number
            for change in batch.updates:
                console.print(f"  batch {batch.sequence_number}: {change.element_id} = {change.value}")
    client.unregister_items(subscription_id, ["sensor-002"])
    left = client.get_subscription(subscription_id).monitored_objects
    console.print(f"  {len(left)} monitored item left; deleting the subscription")
    client.unsubscribe(subscription_id)


def _watch(client: i3x.Client) -> None:
    with client.watch(["pump-101-flow", "sensor-001"], initial=True, count=5, timeout=5) as changes:
        console.print(f"  the subscription is {changes.delivery.status}")
        client.update_value("sensor-001", 23.5)
        for change in changes:
            console.print(f"  {change.timestamp}  {change.element_id} = {change.value}")
    console.print("  left the block: the subscription is deleted")


_TOUR = (
    ("What the server offers", _capabilities),
    ("Namespaces and types", _types),
    ("The objects", _tree),
    ("How they are related", _relations),
    ("Current values, with components", _value),
    ("History", _history),
    ("Writing, and reading back", _write),
    ("A subscription, live", _watch),
    ("A subscription, polled", _poll),
)

if __name__ == "__main__":
    sys.exit(main())
