"""Programs for the terminal: the command `i3x` and a demonstration. They stand on the package's public names."""
