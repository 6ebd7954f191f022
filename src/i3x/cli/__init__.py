"""Programs for the terminal, on the package's public names alone; they need the extra ``[cli]``."""
