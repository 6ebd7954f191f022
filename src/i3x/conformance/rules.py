"""The rules that many tests share: envelopes, shapes, values with quality and timestamp, element ids."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from i3x.conformance import document
from i3x.conformance.definition import Broken, Doubtful
from i3x.conformance.exchange import Exchange

Json = dict[str, Any]

_QUALITIES = ("Good", "GoodNoData", "Bad", "Uncertain")
_EMPTY_QUALITIES = ("Bad", "GoodNoData")
"""The qualities of a null value, and of no other."""

_SHOWN = 5
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:)(\d\d)(\.\d+)?Z", re.ASCII)


def refuse(problems: Iterable[str], exchange: Exchange | None = None) -> None:
    """Break off with the first few problems, if there are any.

    Raises:
        Broken: There are.
    """
    found = list(problems)
    if found:
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise Broken("; ".join(found[:_SHOWN]) + more, exchange)


def success(exchange: Exchange) -> Any:
    """The result in the success envelope.

    Raises:
        Broken: It is no such envelope.
    """
    body = exchange.json()
    if not isinstance(body, dict):
        raise Broken(f"the answer is {kind(body)}, and not the success envelope", exchange)
    if body.get("success") is not True:
        raise Broken(f"`success` is {shown(body.get('success'))}, and not true", exchange)
    if "result" not in body:
        raise Broken("the success envelope has no `result`", exchange)
    return body["result"]


def _list(exchange: Exchange) -> list[Any]:
    result = success(exchange)
    if not isinstance(result, list):
        raise Broken(f"`result` is {kind(result)}, and not a list", exchange)
    return result


def listing(exchange: Exchange, component: str) -> list[Json]:
    """The list in the success envelope, each item of the shape of a component.

    Raises:
        Broken: It is something else.
    """
    result = _list(exchange)
    items = () if exchange.conforms else result
    refuse(
        (
            f"result[{index}] is no {component}: {'; '.join(misfits)}"
            for index, item in enumerate(items)
            if (misfits := document.misfits(component, item))
        ),
        exchange,
    )
    return result


def entries(exchange: Exchange) -> list[Json]:
    """The list in the success envelope, of objects whose shape is no part of the rule: the document judges that.

    Raises:
        Broken: It is something else.
    """
    result = _list(exchange)
    refuse(
        (
            f"result[{index}] is {kind(item)}, and not an object"
            for index, item in enumerate(result)
            if not isinstance(item, dict)
        ),
        exchange,
    )
    return result


def bulk(
    exchange: Exchange,
    asked: Sequence[str],
    *,
    key: str = "elementId",
    check: Callable[[Any], Iterable[str]] | None = None,
) -> list[Json]:
    """The items in the bulk envelope, one for each id that was asked for, in that order.

    `check` says what is wrong with the result of a good item; null is no result.

    Raises:
        Broken: It is no such envelope, or not the one for these ids.
    """
    body = exchange.json()
    if not isinstance(body, dict):
        raise Broken(f"the answer is {kind(body)}, and not the bulk envelope", exchange)
    results = body.get("results")
    if not isinstance(body.get("success"), bool) or not isinstance(results, list):
        raise Broken("the bulk envelope needs a boolean `success` and a list `results`", exchange)
    if len(results) != len(asked):
        raise Broken(f"{len(asked)} ids were asked for and {len(results)} results came", exchange)
    refuse(
        (
            f"results[{index}] {problem}"
            for index, (item, identifier) in enumerate(zip(results, asked, strict=True))
            for problem in _item_problems(item, identifier, key, None if exchange.conforms else check)
        ),
        exchange,
    )
    if body["success"] is not all(item["success"] for item in results):
        raise Broken(f"`success` is {shown(body['success'])}, which its items contradict", exchange)
    return results


def good(item: Json, exchange: Exchange | None = None) -> Any:
    """The result of a bulk item that must be good.

    Raises:
        Broken: It failed.
    """
    if not item["success"]:
        name = item.get("elementId", item.get("subscriptionId"))
        detail = item["responseDetail"]
        raise Broken(
            f"the item of {shown(name)} failed with {detail['status']}: {shown(detail['detail'])}", exchange
        )
    return item.get("result")


def failed_as_unknown(item: Json, exchange: Exchange | None = None) -> None:
    """Insist that a bulk item failed because there is nothing with its id.

    Raises:
        Broken: It did not.
    """
    name = shown(item.get("elementId", item.get("subscriptionId")))
    if item["success"]:
        raise Broken(f"the item of {name} is good, although there is no such thing", exchange)
    status = item["responseDetail"]["status"]
    if status != 404:
        raise Broken(f"the item of {name} failed with {status}, and not with 404", exchange)


def failure(exchange: Exchange, status: int) -> None:
    """Insist on a failure envelope with one HTTP status.

    Raises:
        Broken: It is something else.
    """
    refuse_unless(exchange, status)
    if exchange.problem:
        raise Broken(exchange.problem, exchange)
    body = exchange.body
    if not isinstance(body, dict) or body.get("success") is not False:
        raise Broken("the failure envelope needs a `success` that is false", exchange)
    refuse(detail_problems(body.get("responseDetail")), exchange)


def refuse_unless(exchange: Exchange, status: int) -> None:
    """Insist on one HTTP status.

    Raises:
        Broken: It is another one.
    """
    if exchange.status is None:
        raise Broken(exchange.problem, exchange)
    if exchange.status != status:
        raise Broken(f"the status is {exchange.status}, and not {status}", exchange)


def refused_as_undeclared(exchange: Exchange, what: str, statuses: Collection[int] = (501,)) -> None:
    """Insist that the server refuses what it declares not to have.

    Raises:
        Doubtful: It answers with another HTTP status than these.
    """
    if exchange.status not in statuses:
        status = exchange.problem if exchange.status is None else f"the status is {exchange.status}"
        raise Doubtful(f"{what} that is not declared was not refused with 501: {status}", exchange)


def shape(component: str) -> Callable[[Any], list[str]]:
    """What is wrong with a value, by the document's word on a component."""
    return lambda value: document.misfits(component, value)


def detail_problems(detail: Any) -> list[str]:
    """What is wrong with a `responseDetail`."""
    if not isinstance(detail, dict):
        return [f"`responseDetail` is {kind(detail)}, and not an object"]
    problems = [
        f"`responseDetail.{name}` is {kind(detail.get(name))}, and not a string"
        for name in ("title", "detail")
        if not isinstance(detail.get(name), str)
    ]
    if not is_number(detail.get("status")):
        problems.append(f"`responseDetail.status` is {kind(detail.get('status'))}, and not a number")
    return problems


def vqt_problems(point: Any) -> list[str]:
    """What is wrong with a value, its quality and its timestamp, pairing included."""
    if not isinstance(point, dict) or "value" not in point:
        return ["is no value with quality and timestamp"]
    return [*quality_problems(point), *pairing_problems(point)]


def quality_problems(point: Json) -> list[str]:
    """What is wrong with the quality and the timestamp of a value."""
    problems: list[str] = []
    if point.get("quality") not in _QUALITIES:
        problems.append(
            f"has the quality {shown(point.get('quality'))}, which is none of {', '.join(_QUALITIES)}"
        )
    if moment(point.get("timestamp")) is None:
        problems.append(
            f"has the timestamp {shown(point.get('timestamp'))}, which is no RFC 3339 time with Z"
        )
    return problems


def pairing_problems(point: Json) -> list[str]:
    """What is wrong with the quality for this value."""
    empty, quality = point.get("value") is None, point.get("quality")
    if quality not in _QUALITIES or empty == (quality in _EMPTY_QUALITIES):
        return []
    return [f"has {'a null value' if empty else 'a value'} with the quality {quality}"]


def moment(text: Any) -> datetime | None:
    """The time that an RFC 3339 text in UTC stands for; None if it is none, or a day that does not exist."""
    match = _RFC_3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    day, clock, seconds, fraction = match.groups()
    try:
        whole = datetime.strptime(f"{day}T{clock}00", "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
        if int(seconds) > 60:  # RFC 3339 knows leap seconds
            return None
        return whole + timedelta(
            seconds=int(seconds), microseconds=int((fraction or ".0")[1:7].ljust(6, "0"))
        )
    except (ValueError, OverflowError):
        return None


def id_problems(element_id: str) -> list[str]:
    """What is wrong with the text of an element id."""
    if not element_id:
        return ["is empty"]
    problems: list[str] = []
    if element_id != element_id.strip():
        problems.append(f"{shown(element_id)} begins or ends with a blank")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in element_id):
        problems.append(f"{shown(element_id)} holds a character that can't be printed")
    return problems


def is_number(value: Any) -> bool:
    """Whether it is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind(value: Any) -> str:
    """What a value of JSON is, in a word."""
    if value is None:
        return "null or missing"
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return names.get(type(value), "a number")


def shown(value: Any) -> str:
    """A value in a message."""
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "..."


def _item_problems(
    item: Any, identifier: str, key: str, check: Callable[[Any], Iterable[str]] | None
) -> Iterable[str]:
    if not isinstance(item, dict):
        return [f"is {kind(item)}, and not an object"]
    if item.get(key) != identifier:
        return [f"has the {key} {shown(item.get(key))}, where {shown(identifier)} was asked for"]
    if not isinstance(item.get("success"), bool):
        return [f"has a `success` that is {kind(item.get('success'))}, and not a boolean"]
    if not item["success"]:
        return detail_problems(item.get("responseDetail"))
    if check is None or item.get("result") is None:
        return []
    return [f"has a wrong `result`: {problem}" for problem in check(item["result"])]
