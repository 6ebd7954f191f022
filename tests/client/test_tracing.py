"""OpenTelemetry's instrumentation of httpx sees what the clients send: one span for each request."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

import i3x
from i3x.testing import Server

from .both import Make


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was traced while the instrumentation was switched on."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield exporter
    instrumentor.uninstrument()
    provider.shutdown()


def _paths(spans: InMemorySpanExporter) -> list[str]:
    return [_attribute(span, "http.url").partition("/v1")[2] for span in spans.get_finished_spans()]


def _attribute(span: ReadableSpan, name: str) -> str:
    return str((span.attributes or {})[name])


def test_each_call_is_one_span(spans: InMemorySpanExporter, server: Server, connect: Make) -> None:
    client = connect(server.url)
    client.get_value("sensor-001")
    client.update_value("sensor-001", 1.5)
    assert _paths(spans) == ["/info", "/objects/value", "/objects/value"]
    first, read, written = spans.get_finished_spans()
    assert [_attribute(span, "http.method") for span in (first, read, written)] == ["GET", "POST", "PUT"]
    assert {_attribute(span, "http.status_code") for span in (first, read, written)} == {"200"}
    assert {span.kind for span in (first, read, written)} == {SpanKind.CLIENT}


def test_the_server_is_told_the_trace(spans: InMemorySpanExporter, server: Server, connect: Make) -> None:
    connect(server.url).get_value("sensor-001")
    context = spans.get_finished_spans()[-1].context
    assert context is not None
    assert f"{context.trace_id:032x}" in server.requests[-1].headers["traceparent"]


def test_what_is_sent_again_is_a_span_of_its_own(
    spans: InMemorySpanExporter, server: Server, connect: Make, quick: None
) -> None:
    client = connect(server.url)
    with server.fault("status", operation="queryLastKnownValues", times=1, status=503):
        client.get_value("sensor-001")
    last_two = spans.get_finished_spans()[-2:]
    assert [_attribute(span, "http.status_code") for span in last_two] == ["503", "200"]


def test_deliveries_are_traced_too(spans: InMemorySpanExporter, server: Server) -> None:
    async def run() -> None:
        async with (
            i3x.AsyncClient(server.url) as client,
            client.watch(["sensor-001"], count=1, timeout=60) as changes,
        ):
            server.set_value("sensor-001", 1.5)
            assert [change.value async for change in changes] == [1.5]

    asyncio.run(run())
    assert _paths(spans) == [
        "/info",
        "/subscriptions",
        "/subscriptions/register",
        "/subscriptions/stream",
        "/subscriptions/delete",
    ]


def test_a_consumer_is_traced_too(spans: InMemorySpanExporter, server: Server, tmp_path: Path) -> None:
    with i3x.Client(server.url) as client:
        list(client.consume(["sensor-001"], tmp_path / "checkpoint", timeout=0.5))
    assert set(_paths(spans)[3:]) == {"/subscriptions/sync"}
