"""What the checks of a project say, as a table for people."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from antpipe.console import make_console
from antpipe.projects.note import STATES, Note

COLOURS = {"error": "bold red", "warning": "yellow", "ok": "green"}


def print_notes(notes: Sequence[Note], console: Console | None = None) -> None:
    """Print a table of notes, and below it how many there are of each kind."""
    console = console or make_console()
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for note in notes:
        table.add_row(f"[{COLOURS[note.state]}]{note.state}[/]", escape(note.about), escape(note.text))
    console.print(table)
    counts = Counter(note.state for note in notes)
    console.print(
        ", ".join(f"{counts[state]} {state}{'s' * (counts[state] > 1 and state != 'ok')}" for state in STATES)
    )
