"""`smoke`: one line for a deployment check."""

import json

import pytest

from i3x.testing import Server

from .running import Runner

GOOD = '{"ok":true,"connect":"ok","browse":"ok","read":"ok","subscribe":"ok","cleanUp":"ok"}\n'
STEPS = ("connect", "browse", "read", "subscribe", "cleanUp")


@pytest.mark.parametrize("stream", [True, False])
def test_a_good_deployment_says_the_same_each_time(bare: Runner, stream: bool) -> None:
    with Server(tick=0.05, stream=stream) as server:
        for options in ([], ["--count", "3"], ["--element", "Pump 101", "-n", "1"]):
            run = bare("smoke", *options, "--url", server.url)
            assert (run.status, run.out, run.err) == (0, GOOD, "")

        operations = [request.operation for request in server.requests]
    assert operations.count("createSubscription") == operations.count("deleteSubscriptions") == 3


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("getInfo", "connect"),
        ("getNamespaces", "browse"),
        ("getObjects", "browse"),
        ("queryLastKnownValues", "read"),
        ("createSubscription", "subscribe"),
        ("registerMonitoredItems", "subscribe"),
    ],
)
def test_the_step_that_fails_is_named_and_those_after_it_are_not_reached(
    i3x: Runner, server: Server, operation: str, step: str
) -> None:
    server.fault("status", operation=operation, status=400)
    run = i3x("smoke", "--for", "1s")
    report = json.loads(run.out)

    assert (run.status, report["ok"]) == (1, False)
    assert report[step].startswith("failed: ")
    outcomes = [report[each] for each in STEPS]
    assert outcomes[: STEPS.index(step)] == ["ok"] * STEPS.index(step)
    assert set(outcomes[STEPS.index(step) + 1 : -1]) <= {"not reached"}
    assert report["cleanUp"] == "ok"
    assert f"i3x: {step}: " in run.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-n", "1", "--for", "200ms"], "0 of 1 changes came"),
        (["--element", "no-such-element"], "no-such-element"),
    ],
)
def test_what_does_not_come_fails(i3x: Runner, options: list[str], said: str) -> None:
    run = i3x("smoke", *options)

    assert run.status == 1
    assert said in run.complaint


def test_updates_that_are_refused_are_told_from_those_that_do_not_come(bare: Runner) -> None:
    with Server(tick=None, stream=False) as server:
        server.fault("status", operation="syncSubscription", status=500)
        run = bare("smoke", "--for", "3s", "--url", server.url)

    assert (run.status, json.loads(run.out)["subscribe"]) == (1, "failed: ServerError")
    assert "i3x: subscribe: syncSubscription" in run.err


def test_values_that_are_all_bad_fail(i3x: Runner, server: Server) -> None:
    server.fault("edit_json", operation="getObjects", edit_with=_broken_alone)
    run = i3x("smoke")

    assert run.status == 1
    assert "reads Good" in run.complaint


def _broken_alone(answer: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    return answer | {"result": [each for each in answer["result"] if each["elementId"] == "sensor-bad"]}


def test_an_object_without_an_id_fails(i3x: Runner, server: Server) -> None:
    server.fault(
        "edit_json",
        operation="getObjects",
        edit_with=lambda answer: answer | {"result": [answer["result"][0] | {"elementId": ""}]},
    )
    run = i3x("smoke")

    assert (run.status, json.loads(run.out)["browse"]) == (1, "failed: InvalidServerResponseError")
    assert "element id is empty" in run.complaint


def test_several_elements_can_be_named_on_stdin(bare: Runner) -> None:
    with Server(tick=0.05) as server:
        run = bare("smoke", "--element", "-", "--url", server.url, stdin="sensor-001\npump-101-flow\n")
        watched = [each.json for each in server.requests if each.operation == "registerMonitoredItems"]

    assert (run.status, run.out) == (0, GOOD)
    assert watched[0]["elementIds"] == ["sensor-001", "pump-101-flow"]


def test_a_server_that_is_not_there_ends_with_3(bare: Runner) -> None:
    run = bare("smoke", "--url", "http://127.0.0.1:1/v1")

    assert run.status == 3
    assert json.loads(run.out)["connect"] == "failed: ConnectionError"


@pytest.mark.parametrize("status", [403, 500])
def test_a_subscription_that_stays_on_the_server_is_no_clean_up(
    i3x: Runner, server: Server, status: int
) -> None:
    server.fault("status", operation="deleteSubscriptions", status=status)
    run = i3x("smoke")
    report = json.loads(run.out)

    assert (run.status, report["ok"], report["subscribe"]) == (1, False, "ok")
    assert report["cleanUp"].startswith("failed: ")
    assert run.complaint.startswith("i3x: cleanUp: deleteSubscriptions")


def test_a_subscription_that_is_gone_already_is_cleaned_up(i3x: Runner, server: Server) -> None:
    server.fault("status", operation="deleteSubscriptions", status=404)

    assert i3x("smoke").out == GOOD
