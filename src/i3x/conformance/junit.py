"""The report as JUnit XML, which the CI systems of this world show."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from i3x.conformance.definition import Outcome, Result
from i3x.conformance.report import Report, explanation

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """The document: one test case for each test, warnings in its output."""
    counts = report.counts()
    suite = Xml.Element(
        "testsuite",
        name="i3X 1.0 conformance",
        tests=str(len(report.outcomes)),
        failures=str(counts["fail"]),
        errors="0",
        skipped=str(counts["skip"]),
        time=f"{report.seconds:.3f}",
        timestamp=report.started.removesuffix("Z"),
    )
    properties = Xml.SubElement(suite, "properties")
    Xml.SubElement(properties, "property", name="url", value=_legal(report.url))
    if report.verdict is not None:
        Xml.SubElement(properties, "property", name="verdict", value=report.verdict.value)
    for outcome in report.outcomes:
        _case(suite, outcome)
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _case(suite: Xml.Element, outcome: Outcome) -> None:
    test = outcome.test
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=f"i3x.conformance.{test.section}",
        name=f"{test.id} {test.title}",
        time=f"{outcome.seconds:.3f}",
    )
    told = "\n".join(f"{name}: {text}" if name else text for name, text in explanation(outcome))
    if outcome.result is Result.FAIL:
        element = Xml.SubElement(case, "failure", type=test.level.value, message=_legal(outcome.message))
        element.text = _legal(told)
    elif outcome.result is Result.SKIP:
        reason = outcome.reason.value if outcome.reason else ""
        Xml.SubElement(case, "skipped", message=_legal(f"{reason}: {outcome.message}"))
    remarks = [] if outcome.result is not Result.WARN else [f"warning: {told}"]
    remarks += [f"document: {deviation}" for deviation in outcome.deviations]
    if remarks:
        Xml.SubElement(case, "system-out").text = _legal("\n".join(remarks))


def _legal(text: str) -> str:
    """The text without the characters that XML does not have."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
