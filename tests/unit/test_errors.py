"""The exceptions: what they are, what they carry, and what they say."""

import builtins
import copy
import pickle
from typing import Any

import pytest

import i3x
from i3x import errors
from i3x.errors import error_class
from i3x.failures import Subject, clean, detail_in, failed_item, failed_reply
from tests.unit.support import SECRET, SUBJECT, reply

KINDS: list[type[i3x.I3XError]] = [getattr(i3x, name) for name in i3x.__all__ if name.endswith("Error")]
SIMPLE = [kind for kind in KINDS if kind not in (i3x.BulkError, i3x.AmbiguousPathError)]  # they carry more
STATUSES: list[tuple[int, type[i3x.I3XError]]] = [
    (400, i3x.BadRequestError),
    (401, i3x.AuthenticationError),
    (403, i3x.AuthenticationError),
    (404, i3x.NotFoundError),
    (405, i3x.I3XError),
    (408, i3x.TimeoutError),
    (410, i3x.NotFoundError),
    (413, i3x.BadRequestError),
    (418, i3x.I3XError),
    (422, i3x.BadRequestError),
    (429, i3x.TooManyRequestsError),
    (500, i3x.ServerError),
    (501, i3x.NotSupportedError),
    (502, i3x.ServerError),
    (503, i3x.ServerError),
    (504, i3x.ServerError),
    (599, i3x.ServerError),
]
each_status = pytest.mark.parametrize(("status", "kind"), STATUSES)


# --- the classes --------------------------------------------------------------------------------------------


def test_each_can_be_imported_from_the_package() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    assert {each for each in classes if issubclass(each, i3x.I3XError)} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_an_i3x_error(kind: type[i3x.I3XError]) -> None:
    assert issubclass(kind, i3x.I3XError)


def test_a_lost_connection_is_the_builtin_connection_error_too() -> None:
    assert issubclass(i3x.ConnectionError, builtins.ConnectionError)


def test_a_time_out_is_the_builtin_timeout_error_too() -> None:
    assert issubclass(i3x.TimeoutError, builtins.TimeoutError)


def test_too_many_requests_is_overload_of_the_server() -> None:
    assert issubclass(i3x.TooManyRequestsError, i3x.ServerError)


@pytest.mark.parametrize("kind", SIMPLE)
@pytest.mark.parametrize(
    "duplicate", [lambda error: pickle.loads(pickle.dumps(error)), copy.deepcopy, copy.copy]
)
def test_an_error_survives_copying_with_all_that_it_carries(kind: type[i3x.I3XError], duplicate: Any) -> None:
    error = kind("words", 404, title="title", detail="detail", operation="getInfo", element_id="a")
    copied = duplicate(error)
    assert type(copied) is kind
    assert str(copied) == "words"
    assert vars(copied) == vars(error)
    assert vars(copied) == {
        "status_code": 404,
        "title": "title",
        "detail": "detail",
        "operation": "getInfo",
        "element_id": "a",
    }


@pytest.mark.parametrize("kind", SIMPLE)
def test_what_an_error_does_not_know_is_none(kind: type[i3x.I3XError]) -> None:
    assert set(vars(kind("words")).values()) == {None}


def test_a_bulk_error_survives_pickling_with_its_errors() -> None:
    error = i3x.BulkError("words", {"a": i3x.NotFoundError("gone", 404, element_id="a")})
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.status_code) == ("words", 404)
    assert vars(copied.errors["a"]) == vars(error.errors["a"])


def test_a_bulk_error_has_the_status_on_which_its_errors_agree() -> None:
    assert i3x.BulkError("", {"a": i3x.I3XError("", 404), "b": i3x.I3XError("", 404)}).status_code == 404
    assert i3x.BulkError("", {"a": i3x.I3XError("", 404), "b": i3x.I3XError("", 403)}).status_code is None


@each_status
def test_a_status_stands_for_a_class(status: int, kind: type[i3x.I3XError]) -> None:
    assert error_class(status) is kind


# --- what they say ------------------------------------------------------------------------------------------


@each_status
def test_an_answer_becomes_the_error_of_its_status(status: int, kind: type[i3x.I3XError]) -> None:
    error = failed_reply(reply(b"", status), SUBJECT)
    assert type(error) is kind
    assert (error.status_code, error.operation) == (status, "queryLastKnownValues")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "correct the request"),
        (401, "token=, auth= or headers="),
        (403, "ask the server's administrator"),
        (404, "check the id, and that base_url ends with the version prefix"),
        (405, "check that base_url ends with the version prefix"),
        (410, "make it anew"),
        (413, "ask for fewer elements"),
        (429, "call less often"),
        (500, "try again later"),
        (501, "server_info.capabilities"),
        (503, "try again later"),
        (504, "ask for less at once"),
        (599, "try again later"),
    ],
)
def test_an_error_says_what_to_do_next(status: int, advice: str) -> None:
    assert advice in str(failed_reply(reply(b"", status), SUBJECT))


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_has_to_be_made_anew(status: int) -> None:
    error = failed_reply(reply(b"", status), Subject("syncSubscription", subscription_id="s-1"))
    assert "subscription 's-1'" in str(error)
    assert "create a new subscription" in str(error)
    assert error.element_id == "s-1"


def test_an_error_names_the_operation_and_the_element() -> None:
    error = failed_reply(reply(b"", 404), Subject("queryLastKnownValues", element_id="pump-1"))
    assert str(error).startswith("queryLastKnownValues, element 'pump-1': ")
    assert error.element_id == "pump-1"


WORDS = "the pump is on fire"


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "responseDetail": {"title": "Bad", "status": 500, "detail": WORDS}},
        {"success": False, "problemDetail": {"title": "Bad", "status": 500, "detail": WORDS}},
        {"success": False, "error": {"code": 500, "message": WORDS}},
        {"error": {"code": "Fire", "message": WORDS}},
        {"error": WORDS},
        {"detail": WORDS},
        {"detail": [{"loc": ["body", "elementIds"], "msg": WORDS, "type": "missing"}]},
        {"message": WORDS},
        {"title": "Bad", "status": 500, "detail": WORDS},
        {"title": WORDS},
        {"success": False, "responseDetail": {"title": WORDS}},
        {"success": False, "responseDetail": WORDS},
        {"success": False, "responseDetail": None, "error": WORDS},
        {"fire": WORDS},
        WORDS.encode(),
        f"<html><head><title>{WORDS}</title></head></html>".encode(),
        f'<!DOCTYPE html>\n<HTML><TITLE lang="en">\n{WORDS}\n</TITLE>'.encode(),
        b"\xef\xbb\xbf" + b'{"detail":"the pump is on fire"}',
    ],
)
def test_the_words_of_a_server_are_found_in_every_envelope(body: Any) -> None:
    error = failed_reply(reply(body, 500), SUBJECT)
    assert WORDS in str(error)
    assert "{" not in str(error) or "fire" in body
    assert (type(error), error.status_code) == (i3x.ServerError, 500)


def test_title_and_detail_are_kept_apart() -> None:
    body = {"success": False, "responseDetail": {"title": "Not Found", "status": 404, "detail": WORDS}}
    error = failed_reply(reply(body, 404), SUBJECT)
    assert (error.title, error.detail) == ("Not Found", WORDS)


def test_the_status_of_http_wins_over_that_of_the_body() -> None:
    error = failed_reply(reply({"responseDetail": {"status": 404}}, 503), SUBJECT)
    assert (type(error), error.status_code) == (i3x.ServerError, 503)


def test_several_complaints_of_a_web_framework_are_joined() -> None:
    error = failed_reply(reply({"detail": [{"msg": "one"}, {"msg": "two"}, {}, 5]}, 422), SUBJECT)
    assert error.detail == "one; two"


def test_a_page_of_a_proxy_is_named_by_its_title() -> None:
    page = b"<html><head><title>502 Bad\n Gateway</title></head><body>nginx</body></html>"
    error = failed_reply(reply(page, 502, "text/html"), SUBJECT)
    assert error.detail == "a web page titled '502 Bad  Gateway'"


def test_a_page_without_a_title_is_called_a_page() -> None:
    assert failed_reply(reply(b"  <html><body>sorry</body>", 502), SUBJECT).detail == "a web page"


@pytest.mark.parametrize("body", [b"", b" \r\n", b"{}", b"null"])
def test_an_answer_without_words_says_so(body: bytes) -> None:
    error = failed_reply(reply(body, 500), SUBJECT)
    assert "(status 500); the server failed" in str(error)


def test_an_empty_answer_says_that_there_is_no_reason() -> None:
    error = failed_reply(reply(b"", 500), SUBJECT)
    assert "the server gives no reason" in str(error)
    assert (error.title, error.detail) == (None, None)


def test_control_characters_of_a_server_do_not_reach_the_terminal() -> None:
    words = "red \x1b[31m\x07 line\r\nbreak\u2028and\x85more"
    error = failed_reply(reply({"responseDetail": {"title": words, "detail": words}}, 400), SUBJECT)
    for text in (str(error), error.title, error.detail):
        assert text
        assert not set("\x1b\x07\r\n\u2028\x85") & set(text)


def test_very_long_words_of_a_server_are_cut() -> None:
    error = failed_reply(reply({"detail": "x" * 100_000}, 400), SUBJECT)
    assert len(str(error)) < 1000
    assert error.detail == "x" * 500 + "..."


def test_very_long_pages_are_cut() -> None:
    assert len(str(failed_reply(reply(b"x" * 1_000_000, 500), SUBJECT))) < 1000


@pytest.mark.parametrize("text", ["a\tb", " a ", "\x00", "é"])
def test_cleaned_words_are_one_line_without_blanks_around(text: str) -> None:
    assert clean(text) == clean(text).strip()
    assert "\t" not in clean(text)


# --- secrets ------------------------------------------------------------------------------------------------


def every_word(error: i3x.I3XError) -> str:
    """All that an error shows or carries."""
    return f"{error} {error!r} {vars(error)}"


@pytest.mark.parametrize(
    "body",
    [
        {"responseDetail": {"title": f"bad {SECRET}", "detail": f"token {SECRET} is wrong"}},
        {"error": {"message": f"token {SECRET}"}},
        f"<title>{SECRET}</title>".encode(),
        f"no {SECRET}".encode(),
    ],
)
def test_a_secret_that_a_server_repeats_is_taken_out(body: Any) -> None:
    error = failed_reply(reply(body, 401), SUBJECT)
    assert SECRET not in every_word(error)
    assert "***" in str(error)


@pytest.mark.parametrize("status", [None, 403])
def test_a_secret_is_taken_out_of_a_failed_item(status: int | None) -> None:
    detail = {"title": f"bad {SECRET}", "status": status, "detail": f"token {SECRET} is wrong"}
    error = failed_item(detail, SUBJECT, reply().redact)
    assert SECRET not in every_word(error)
    assert "***" in every_word(error)


# --- single items -------------------------------------------------------------------------------------------


@each_status
def test_a_failed_item_becomes_the_error_of_its_status(status: int, kind: type[i3x.I3XError]) -> None:
    error = failed_item({"status": status, "detail": WORDS}, Subject("x", element_id="a"), reply().redact)
    assert (type(error), error.status_code, error.element_id) == (kind, status, "a")


@pytest.mark.parametrize(
    "detail",
    [None, "", {}, [], 5, {"status": "404"}, {"status": True}, {"status": 4.5}, "not here", {"title": "x"}],
)
def test_a_failed_item_without_a_status_is_not_found(detail: Any) -> None:
    error = failed_item(detail, SUBJECT, reply().redact)
    assert (type(error), error.status_code) == (i3x.NotFoundError, 404)
    assert "check the id" in str(error)


@pytest.mark.parametrize("body", [None, [], "text", 5, {}, {"detail": {}, "x": 1}, {"detail": []}])
def test_what_says_nothing_has_no_words(body: Any) -> None:
    found = detail_in(body)
    assert found is None or found == i3x.ResponseDetail()
