"""Starting and stopping: from a program, from the command line, from pytest."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import i3x.testing
from i3x.testing import Server

pytest_plugins = ["pytester"]

Connect = Callable[..., httpx.Client]

ENVIRONMENT = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}


def test_the_url_has_the_version_prefix(server: Server) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    assert server.url.endswith("/v1")


def test_the_url_is_known_once_the_port_is() -> None:
    with pytest.raises(RuntimeError, match="start it first"):
        Server().url  # noqa: B018
    assert Server(port=8080).url == "http://127.0.0.1:8080/v1"
    assert Server(host="::1", port=8080).url == "http://[::1]:8080/v1"


def test_starting_and_stopping_is_quick(connect: Connect, patient_stop: None) -> None:
    began = time.monotonic()
    for _ in range(5):
        with Server() as server:
            connect(server).get("/info")
    assert time.monotonic() - began < 30


def test_stopping_leaves_no_thread_and_no_socket(connect: Connect) -> None:
    before = set(threading.enumerate())
    with Server() as server:
        http = connect(server)
        http.get("/info")
    server.stop()
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        http.get("/info")


def test_starting_twice_changes_nothing(server: Server) -> None:
    url = server.url
    server.start()
    assert server.url == url


def test_a_server_can_be_started_again(http: httpx.Client, server: Server) -> None:
    server.stop()
    server.start()
    assert http.get("/info").status_code == 200


def test_a_half_sent_request_does_not_keep_the_server(server: Server, patient_stop: None) -> None:
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port or 0)) as connection:
        connection.sendall(b"POST /v1/objects/list HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 15


def test_a_port_that_is_taken_is_an_error(server: Server) -> None:
    port = httpx.URL(server.url).port or 0
    with pytest.raises(OSError, match="in use"):
        Server(port=port).start()


def test_an_address_that_others_reach_needs_credentials() -> None:
    for host in ("0.0.0.0", "::", "example.com"):
        with pytest.raises(ValueError, match="needs a token"):
            Server(host=host)
    Server(host="0.0.0.0", token="secret")
    Server(host="localhost")


def test_a_restart_forgets_subscriptions_and_keeps_the_rest(
    server: Server, http: httpx.Client, subscribe: Callable[..., dict[str, Any]]
) -> None:
    scope = subscribe(http, "sensor-001")
    server.set_value("sensor-001", 4)
    server.fault("extra_fields")
    url = server.url
    server.restart()
    assert server.url == url
    assert http.post("/subscriptions/sync", json=scope).status_code == 404
    answer = http.post("/objects/value", json={"elementIds": ["sensor-001"]}).json()
    assert (answer["vendor"], answer["results"][0]["result"]["value"]) == ("Acme", 4)


def test_a_value_can_be_set_before_the_start(connect: Connect) -> None:
    server = Server(tick=None)
    server.set_value("volume-stored", None, quality="Bad", timestamp="2026-01-31T09:15:00+01:00")
    with server:
        answer = connect(server).post("/objects/value", json={"elementIds": ["volume-stored"]}).json()
    assert answer["results"][0]["result"] == {
        "isComposition": False,
        "value": None,
        "quality": "Bad",
        "timestamp": "2026-01-31T08:15:00Z",
    }


def test_a_value_that_cannot_be_is_not_set(server: Server) -> None:
    with pytest.raises(KeyError, match="no-such-id"):
        server.set_value("no-such-id", 1)
    with pytest.raises(ValueError, match="no quality 'good'"):
        server.set_value("sensor-001", 1, quality="good")
    with pytest.raises(ValueError, match="null value"):
        server.set_value("sensor-001", None)
    with pytest.raises(ValueError, match="RFC 3339"):
        server.set_value("sensor-001", 1, timestamp="now")


def test_requests_are_written_down(server: Server, http: httpx.Client) -> None:
    http.post("/objects/list?x=%2F", json={"elementIds": ["a"]}, headers={"X-Trace": "7"})
    http.get("/a%2Fb")
    listed, unknown = server.requests
    assert (listed.method, listed.path, listed.operation) == ("POST", "/v1/objects/list", "listObjectsById")
    assert listed.target == "/v1/objects/list?x=%2F"
    assert (listed.query, listed.json) == ({"x": "/"}, {"elementIds": ["a"]})
    assert (listed.headers["x-trace"], listed.headers["content-type"]) == ("7", "application/json")
    assert (unknown.target, unknown.path, unknown.operation) == ("/v1/a%2Fb", "/v1/a/b", None)
    assert unknown.json is None


def test_only_so_many_requests_are_written_down(server: Server, http: httpx.Client) -> None:
    for _ in range(1_005):
        http.get("/nothing")
    assert len(server.requests) == 1_000


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "i3x.testing", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_interrupted(
    number: int, subscribe: Callable[..., dict[str, Any]]
) -> None:
    with command("--port", "0", "--objects", "3") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url, verify=False) as http:
            assert http.get("/info").status_code == 200
            with http.stream("POST", "/subscriptions/stream", json=subscribe(http)) as stream:
                process.send_signal(number)
                assert list(stream.iter_lines()) == []
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "needs a token"),
        (["--port", "x"], "invalid int"),
        (["--port", "70000"], "no port 70000"),
        (["--ssl-certfile", "none.pem"], "did not start"),
    ],
)
def test_the_command_says_why_it_cannot_start(arguments: list[str], message: str) -> None:
    with command("--port", "0", *arguments) as process:
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (2, "")
    assert message in errors


def run(program: str, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env=ENVIRONMENT,
        check=False,
    )


def test_the_interpreter_ends_with_a_server_and_a_stream_still_open() -> None:
    finished = run(
        "import httpx, i3x.testing\n"
        "server = i3x.testing.Server()\n"
        "server.start()\n"
        "http = httpx.Client(base_url=server.url)\n"
        "one = http.post('/subscriptions', json={'clientId': 'c'}).json()['result']\n"
        "http.stream('POST', '/subscriptions/stream', json=one).__enter__()\n"
        "print('open')\n"
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "open\n", "")


def test_the_plugin_loads_no_web_server() -> None:
    finished = run(
        "import sys, i3x.testing.pytest_plugin\n"
        "print(*({'starlette', 'uvicorn', 'httpx', 'msgspec', 'asyncio', 'attrs'} & set(sys.modules)))",
        "-I",
    )
    assert finished.stdout.split() == [], finished.stderr


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_a_missing_extra_is_named(missing: str) -> None:
    finished = run(
        "import importlib.abc, sys\n"
        "class Missing(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name.partition('.')[0] == {missing!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from i3x.testing import Server\n"
    )
    assert finished.returncode == 1
    assert f"i3x.testing.Server needs {missing}" in finished.stderr
    assert "pip install 'i3x-client[testing]'" in finished.stderr


def test_the_package_names_its_server() -> None:
    assert "Server" in dir(i3x.testing)
    with pytest.raises(AttributeError, match="Client"):
        _ = i3x.testing.Client


def test_the_fixture_gives_a_running_server(i3x_server: Server) -> None:
    assert httpx.get(f"{i3x_server.url}/info").status_code == 200


def test_the_fixture_says_what_is_missing(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import sys
        sys.modules["uvicorn"] = None
        """
    )
    pytester.makepyfile("def test_it(i3x_server): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*i3x_server cannot start a server: *uvicorn*pip install 'i3x-client[[]testing[]]'"]
    )
