"""Help, the version, and shell completion."""

import os
import re
import shlex
import subprocess

import pytest

from i3x.cli.application import application

from .running import COMMAND, Runner

VERBS = [
    "info", "doctor", "ls", "tree", "related", "types", "get", "set", "history", "watch", "export", "smoke",
    "conformance", "mock",
]  # fmt: skip


def test_these_are_the_verbs() -> None:
    assert [
        command.name or command.callback.__name__
        for command in application.registered_commands
        if command.callback
    ] == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_that_is_right_usage(bare: Runner, verb: str) -> None:
    run = bare(verb, "--help")
    example = re.search(r"Example: (i3x .*?)\n", run.out)

    assert (run.status, run.err) == (0, "")
    assert "\x1b" not in run.out
    assert not re.search(r"--[A-Z]", run.out)
    assert example
    _, name, *arguments = shlex.split(example[1])
    assert name == verb
    parsed = bare(name, *arguments, "--help")
    assert parsed.status == 0


def test_the_overview_names_every_verb_and_the_environment(bare: Runner) -> None:
    run = bare("--help")

    assert run.status == 0
    for word in (*VERBS, "I3X_URL", "I3X_TOKEN", "--install-completion", "Exit status"):
        assert word in run.out


def test_nothing_at_all_shows_the_overview(bare: Runner) -> None:
    run = bare()

    assert run.status == 2
    assert "Commands" in run.out


def test_the_version(bare: Runner) -> None:
    assert re.fullmatch(r"i3x-client 2\.\d+\.\d+\S*\n", bare("--version").out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gte", "x"], "No such command 'gte'. Did you mean"),
        (["--frobnicate"], "No such option: --frobnicate"),
        (["get", "x", "-o", "xml"], "'xml' is not one of 'table', 'json', 'jsonl', 'csv'"),
        (["get", "x", "--depth", "deep"], "'deep'"),
    ],
)
def test_a_mistake_is_told_in_one_line_that_leads_to_the_help(
    bare: Runner, arguments: list[str], said: str
) -> None:
    run = bare(*arguments)

    assert (run.status, run.out) == (2, "")
    assert said in run.complaint
    assert "--help" in run.complaint


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_verbs(shell: str) -> None:
    variables = {"_I3X_COMPLETE": f"complete_{shell}", "COMP_WORDS": "i3x hi", "COMP_CWORD": "1"}
    variables |= {"_TYPER_COMPLETE_ARGS": "i3x hi", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    run = subprocess.run([*COMMAND], env=os.environ | variables, capture_output=True, text=True, check=False)

    assert "history" in run.stdout
    assert "tree" not in run.stdout
