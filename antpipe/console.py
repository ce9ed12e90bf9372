"""Where tables for people are printed."""

from rich.console import Console

WIDTH = 160
"""Columns of what goes to a file or another program; at 80, sentences would be broken in the middle."""


def make_console() -> Console:
    """Return a console as wide as the terminal, and a wide one where there is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
