"""What the README shows of the command is what it writes."""

import re
import shlex
from pathlib import Path

from i3x.testing import Server

from .running import Runner

README = Path(__file__).parents[2] / "README.md"
ADDRESS = "http://127.0.0.1:8080"
MOMENT = re.compile(r"[0-9-]{10}T[0-9:.]+Z")


def test_the_readme_shows_real_output(i3x: Runner, server: Server) -> None:
    section = README.read_text(encoding="utf-8").partition("## The command\n")[2]
    shown = section.partition("```console\n")[2].partition("```")[0]
    here = server.url.removesuffix("/v1")
    commands = re.findall(r"^\$ i3x (.*)\n((?:[^$].*\n)*)", shown, re.MULTILINE)

    assert len(commands) == 5
    for line, output in commands:
        verb, *arguments = shlex.split(line.replace(ADDRESS, here), comments=True)
        run = i3x(verb, *arguments, "-o", "table")
        written = (run.out + run.err).replace(here, ADDRESS)
        assert MOMENT.sub("TIME", written) == MOMENT.sub("TIME", output), line
