"""The words of the library in those of the command: who typed an option has never seen the argument behind it."""

from __future__ import annotations

import re

NAMES = {
    "token=, auth= or headers=": "--token, --token-env, --basic or --header",
    "give token= without": "give the token without",
    "pass verify='/path/to/ca.pem', for a URL through a tunnel server_hostname='its.real.name', and "
    "verify=False only to test": "give --ca FILE, and --insecure only to test",
    "verify= or cert= names": "--ca names",
    "verify names": "--ca names",
    "give the client a larger timeout= or deadline=": "give a larger --timeout",
    "timeout (in seconds)": "--timeout",
    "timeout=": "--timeout",
    "base_url": "--url",
    "resume=False": "--anew",
    "get_objects() and the calls for types list": "`i3x ls -r` and `i3x types` list",
    "see server_info.capabilities": "`i3x info` shows what it offers",
    "update_value() writes": "--force writes",
    "must not be after end_time": "must not be after --end",
}
"""What messages of the library say, and what the command says instead; what holds another comes before it."""

ARGUMENTS = {
    "start_time": "--start",
    "end_time": "--end",
    "timestamp": "--timestamp",
    "quality": "--quality",
    "each of element_ids": "an element id",
    "each of relationship_types": "--type",
    "ca": "--ca",
    "path": "the file",
}
"""The arguments that messages begin with, and what the command calls them."""

_KNOWN = re.compile("|".join(map(re.escape, NAMES)))
_BEGIN = re.compile(rf"({'|'.join(ARGUMENTS)})(?= must | is | names )")


def in_options(message: str) -> str:
    """Return a message of the library with the options of the command in place of arguments and methods."""
    if begin := _BEGIN.match(message):
        message = ARGUMENTS[begin[0]] + message[begin.end() :]
    return _KNOWN.sub(lambda found: NAMES[found[0]], message)
