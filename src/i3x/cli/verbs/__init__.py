"""The verbs of the command, a file for each subject; `i3x.cli.application` puts them together."""
