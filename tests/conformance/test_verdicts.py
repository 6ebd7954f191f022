"""Verdicts on whole servers: complete, with features left out, without structure, behind credentials and TLS."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from i3x.conformance import Options, Outcome, Verdict, run
from i3x.conformance.runner import Run
from i3x.testing import Server
from tests.client.wire import received
from tests.conformance.support import QUICK, TOKEN, boil, examine, ids, subscriptions

WRITES = ("UPD-01", "UPD-03")
"""The tests that write a current value as it is."""

OPEN = {"CORE-05", "CORE-06"}
"""What is warned of on a server without TLS and credentials."""


def test_an_update_that_was_provoked_is_asked_for_however_short_the_wait() -> None:
    with Server(tick=None) as server:
        found = examine(server.url, replace(QUICK, update_wait=1e-9))
    assert found.verdict is Verdict.FULL
    assert "SUB-07" not in found.skips


def test_our_server_reaches_full_compliance_within_ten_seconds() -> None:
    with Server() as server:
        started = time.monotonic()
        found = examine(server.url, Options())
        assert time.monotonic() - started < 10
        assert subscriptions(server) == 0
    assert (found.verdict, found.report.exit_code) == (Verdict.FULL, 0)
    assert (found.fails, found.warns) == (set(), OPEN)
    assert found.skips.keys() == {"UPD-05", "SUB-12"}


def test_the_address_may_leave_out_the_version() -> None:
    with Server() as server:
        found = examine(server.url.removesuffix("/v1"))
        assert found.report.base_url == server.url
    assert found.verdict is Verdict.FULL


def test_all_is_written_back_to_where_it_was_read() -> None:
    with Server(tick=None) as server:
        before = {name: server._state.values.current(name) for name in server._state.station.space.elements}
        examine(server.url)
        after = {name: server._state.values.current(name) for name in server._state.station.space.elements}
        assert received(server, "updateObjectValues"), "there were writes"
    assert {name: it.value for name, it in after.items()} == {name: it.value for name, it in before.items()}


@pytest.mark.parametrize("undeclared", [False, True], ids=["declared", "taken though not declared"])
@pytest.mark.parametrize("after", ["QRY-11", "UPD-01", "UPD-02", "UPD-03"])
def test_what_an_operator_changes_during_the_run_stays(after: str, undeclared: bool) -> None:
    with Server(tick=None) as server:
        examine(server.url)
        first = received(server, "updateObjectValues")[0].json["updates"][0]
        value = first["value"]["value"]
        element_id, changed = first["elementId"], {**value, "staffed": not value["staffed"]}

        def operate(outcome: Outcome) -> None:
            if outcome.test.id == after:
                server.set_value(element_id, changed)

        if undeclared:
            server.fault("undeclared_update_taken")
        found = boil(run(server.url, QUICK, operate))
        assert server._state.values.current(element_id).value == changed
    assert found.fails == set()
    told = found.message("UPD-02")
    assert ("a live source?" in told) == (after == "UPD-01" and not undeclared), told


def test_an_object_that_reads_good_no_more_is_not_written() -> None:
    with Server(tick=None) as server:
        examine(server.url)
        element_id = received(server, "updateObjectValues")[0].json["updates"][0]["elementId"]

        def fail(outcome: Outcome) -> None:
            if outcome.test.id == "UPD-02":
                server.set_value(element_id, None, quality="Bad")

        found = boil(run(server.url, QUICK, fail))
        assert server._state.values.current(element_id).value is None
    assert (found.fails, found.skips["UPD-03"]) == (set(), "untestable")
    assert "UPD-03" in found.report.unverified


def test_optional_features_that_are_left_out_make_a_server_compatible() -> None:
    with Server(update_current=False, update_history=False, stream=False) as server:
        found = examine(server.url)
        assert subscriptions(server) == 0
    assert (found.verdict, found.report.exit_code) == (Verdict.COMPATIBLE, 0)
    omitted = {test_id for test_id, reason in found.skips.items() if reason == "omitted"}
    assert omitted == ids("UPD", range(1, 5)) | {"SUB-09", "SUB-14"}
    assert not {"UPD-05", "SUB-12"} & (found.warns | found.skips.keys()), "they are refused with 501"


@pytest.mark.parametrize("left_out", ["update_current", "update_history", "stream"])
def test_one_feature_left_out_is_enough(left_out: str) -> None:
    with Server(tick=0.05, **{left_out: False}) as server:  # type: ignore[arg-type]
        assert examine(server.url).verdict is Verdict.COMPATIBLE


def test_history_is_no_optional_feature() -> None:
    with Server(history=False) as server:
        found = examine(server.url)
    assert (found.verdict, found.fails) == (Verdict.NOT_COMPLIANT, {"QRY-07"})
    assert set(found.skips) >= ids("QRY", range(8, 12))


def test_types_without_structure_are_immature() -> None:
    with Server() as server:
        server.fault("schemas_without_structure")
        found = examine(server.url)
    assert (found.verdict, found.report.exit_code, found.fails) == (Verdict.IMMATURE, 0, set())


def test_without_writes_nothing_is_written_and_the_rest_is_unverified() -> None:
    with Server(tick=None) as server:
        found = examine(server.url, replace(QUICK, writes=False))
        assert received(server, "updateObjectValues") == received(server, "updateObjectHistory") == []
    assert found.verdict is Verdict.FULL, "who did not look does not know better"
    assert found.report.unverified == sorted(ids("UPD", range(1, 5)))
    assert found.report.untestable == ["SUB-07", "SUB-13"]
    assert {found.skips[test_id] for test_id in ids("UPD", range(1, 6))} == {"disabled"}
    assert (found.skips["SUB-07"], found.skips["SUB-13"]) == ("untestable", "untestable")


def test_values_that_stand_still_are_written_back_to_be_synced() -> None:
    with Server(tick=None) as server:
        found = examine(server.url)
    assert found.skips.keys() == {"UPD-05", "SUB-12"}
    assert found.report.untestable == [], "those should be, and need not"
    assert found.message("SUB-06") == ""


def _good_null(batch: dict[str, Any]) -> None:
    for update in batch["updates"]:
        update |= {"value": None, "quality": "Good", "timestamp": "yesterday"}


def _unknown_quality(batch: dict[str, Any]) -> None:
    for update in batch["updates"]:
        update["quality"] = "OK"


def _number_as_text(batch: dict[str, Any]) -> None:
    batch["sequenceNumber"] = str(batch["sequenceNumber"])


@pytest.mark.parametrize("spoil", [_good_null, _unknown_quality, _number_as_text])
def test_what_is_wrong_with_updates_shows_though_values_stand_still(
    spoil: Callable[[dict[str, Any]], None],
) -> None:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        for batch in document.get("result", []):
            spoil(batch)
        return document

    with Server(tick=None) as server:
        server.fault("edit_json", operation="syncSubscription", edit_with=edit)
        found = examine(server.url)
    assert (found.verdict, found.fails) == (Verdict.NOT_COMPLIANT, {"SUB-06"})
    assert (found.skips["SUB-07"], found.skips["SUB-13"]) == ("blocked", "blocked")


def test_a_part_of_the_run_provokes_updates_as_the_whole_does() -> None:
    with Server(tick=None) as server, contextlib.closing(Run(server.url, QUICK)) as part:
        assert part.outcome("SUB-06").message == ""


def test_sync_is_tested_though_nobody_knows_what_is_declared() -> None:
    with Server(tick=None) as server:
        server.fault("edit_json", operation="getInfo", edit_with=lambda _: {"success": True, "result": {}})
        found = examine(server.url)
    assert found.fails == {"CORE-03"}
    assert "SUB-06" not in found.skips


def test_minus_one_is_tested_though_values_stand_still() -> None:
    with Server(tick=None) as server:
        server.fault("minus_one_clears_nothing")
        found = examine(server.url)
    assert found.fails == {"SUB-13"}


def test_an_update_that_does_not_come_is_provoked_once() -> None:
    """A server may see no change in a value that is written to itself."""
    with Server(tick=None) as server:
        server.fault(
            "edit_json",
            operation="syncSubscription",
            edit_with=lambda document: {**document, "result": []} if document["success"] else document,
        )
        found = examine(server.url)
        whole = len(received(server, "updateObjectValues"))
        without = examine(server.url, replace(QUICK, writes=False))
    assert (found.verdict, found.fails) == (Verdict.FULL, set())
    assert (found.skips["SUB-07"], found.skips["SUB-13"]) == ("untestable", "untestable")
    assert "although a value was written" in found.message("SUB-06")
    assert "no value was written" in without.message("SUB-06")
    assert whole == 1 + len(WRITES), "UPD, and one to be synced"


@pytest.mark.parametrize(
    "break_it",
    [{"name": "declared_update_refused"}, {"name": "full_success_called_failure", "operation": "updateObjectValues"}],
    ids=lambda it: it["name"],
)  # fmt: skip
def test_a_write_that_fails_is_no_failure_of_sync(break_it: dict[str, str]) -> None:
    with Server(tick=None) as server:
        server.fault(**break_it)  # type: ignore[arg-type]
        found = examine(server.url)
    assert found.fails == {"UPD-01"}


def test_live_values_need_no_write_to_be_synced() -> None:
    with Server(tick=None) as server:
        server.fault("tick_with_every_request")
        found = examine(server.url, replace(QUICK, writes=False))
    assert not {"SUB-07", "SUB-13"} & found.skips.keys()


# -- credentials


@pytest.mark.parametrize(
    "options",
    [
        replace(QUICK, token=TOKEN),
        replace(QUICK, basic=("operator", "pass:word")),
        replace(QUICK, headers={"X-API-Key": "k3y-4711"}),
    ],
    ids=["token", "basic", "header"],
)
def test_the_right_credentials(options: Options) -> None:
    key = ("X-API-Key", "k3y-4711")
    with Server(token=TOKEN, basic=("operator", "pass:word"), header=key) as server:
        found = examine(server.url, options)
    assert (found.verdict, found.warns) == (Verdict.FULL, {"CORE-05"})


@pytest.mark.parametrize("options", [QUICK, replace(QUICK, token="wrong")], ids=["missing", "wrong"])
def test_wrong_credentials(options: Options) -> None:
    with Server(token=TOKEN) as server:
        found = examine(server.url, options)
    assert (found.verdict, found.report.exit_code) == (Verdict.NOT_COMPLIANT, 1)
    assert {"EXP-01", "EXP-12", "SUB-01"} <= found.fails
    assert not ids("CORE", (1, 2, 3, 6)) & found.fails, "they are about anybody"
    assert "401" in found.message("EXP-01")


def test_info_behind_credentials_is_one_finding() -> None:
    with Server(token=TOKEN) as server:
        server.fault("info_needs_credentials")
        for url in (server.url, server.url.removesuffix("/v1")):
            found = examine(url, replace(QUICK, token=TOKEN))
            assert found.fails == {"CORE-02"}
            assert "CORE-02" in found.message("CORE-01")


# -- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate that nobody trusts, and its key; beside them the authority."""
    folder: Path = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.fixture
def encrypted(certificate: tuple[str, str]) -> Iterator[Server]:
    with Server(ssl_certfile=certificate[0], ssl_keyfile=certificate[1], token=TOKEN) as server:
        yield server


def test_a_certificate_that_nobody_trusts(encrypted: Server) -> None:
    found = examine(encrypted.url, replace(QUICK, token=TOKEN))
    assert (found.verdict, found.report.exit_code) == (Verdict.NOT_COMPLIANT, 3)
    assert "--ca FILE" in found.message("CORE-01")
    assert "--insecure" in found.message("CORE-01")


def test_a_certificate_that_is_not_looked_at(encrypted: Server) -> None:
    found = examine(encrypted.url, replace(QUICK, token=TOKEN, insecure=True))
    assert (found.verdict, found.warns) == (Verdict.FULL, {"CORE-05"})
    assert "not verified" in found.message("CORE-05")


def test_a_certificate_that_is_trusted(encrypted: Server, certificate: tuple[str, str]) -> None:
    trusted = os.environ | {"SSL_CERT_FILE": str(Path(certificate[0]).with_name("authority.pem"))}
    line = [sys.executable, "-m", "i3x.conformance", encrypted.url, "--token", TOKEN, "--quiet"]
    done = subprocess.run(line, env=trusted, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Full 1.0 Compliance")
    assert "warn" not in done.stdout.replace("0 warn", "")


def test_a_certificate_of_an_authority_that_is_named(encrypted: Server, certificate: tuple[str, str]) -> None:
    ca = str(Path(certificate[0]).with_name("authority.pem"))
    found = examine(encrypted.url, replace(QUICK, token=TOKEN, ca=ca))
    assert (found.verdict, found.warns) == (Verdict.FULL, set())


# -- tidiness


def test_subscriptions_are_deleted_though_tests_fail() -> None:
    with Server() as server:
        with server.fault("status", operation="syncSubscription", status=500):
            found = examine(server.url)
        assert subscriptions(server) == 0
        with server.fault("create_without_client_id"):
            found = examine(server.url)
        assert found.fails == {"SUB-15"}
        assert subscriptions(server) == 0


def test_subscriptions_are_deleted_when_the_user_interrupts() -> None:
    with Server() as server:

        def interrupt(outcome: object) -> None:
            if subscriptions(server):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(server.url, QUICK, interrupt)
        assert received(server, "createSubscription")
        assert subscriptions(server) == 0
