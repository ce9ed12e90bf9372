"""The status of a project as a table for people."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from antpipe.console import make_console
from antpipe.gpu_use import gpu_words
from antpipe.progress import duration
from antpipe.records.heartbeat import Heartbeat
from antpipe.records.status import STATES, Row

COLOURS = {"running": "cyan", "failed": "bold red", "waiting": "dim", "done": "green"}
QUIET_ROWS = 30
"""Of videos that wait or are done, so many are shown one by one; of more, their number."""
REFRESH_S = 2.0


def status_table(rows: Sequence[Row]) -> RenderableType:
    """Return the rows as a table, and below it how many there are of each kind and what failed."""
    if not rows:
        return Text("nothing was run here yet; run snakemake, the README of the project says how")
    table = Table(box=None, pad_edge=False, header_style="bold")
    gpu = "GPU" if any(row.heartbeat and row.heartbeat.gpu for row in rows) else ""
    for column in ("", "stage", "done", "speed", "left", gpu):
        table.add_column(column, justify="left" if column in ("", "stage") else "right")
    quiet = [row for row in rows if row.state in ("waiting", "done")]
    for row in rows if len(quiet) <= QUIET_ROWS else [row for row in rows if row not in quiet]:
        table.add_row(*_cells(row), style=COLOURS[row.state])
    counts = Counter(row.state for row in rows)
    summary = Text(", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]))
    return Group(table, Text(), summary, *(_failure(row) for row in rows if row.state == "failed"))


def show_status(rows: Callable[[], Sequence[Row]], *, watch: bool, console: Console | None = None) -> None:
    """Print the table; with `watch`, on a terminal, again every two seconds until Ctrl-C."""
    console = console or make_console()
    if not (watch and console.is_terminal):
        console.print(status_table(rows()))
        return
    with Live(status_table(rows()), console=console, auto_refresh=False) as live:
        while True:
            time.sleep(REFRESH_S)
            live.update(status_table(rows()), refresh=True)


def _cells(row: Row) -> list[str]:
    name, beat = escape(row.name), row.heartbeat
    if beat is None:
        stages = f"{row.jobs_done} of {row.jobs} jobs" if row.jobs else ""
        return [name, f"{row.state}: {row.stage}" if row.stage else row.state, stages]
    return [name, row.stage, _done(beat), _speed(beat), _left(beat), gpu_words(beat.gpu) if beat.gpu else ""]


def _done(beat: Heartbeat) -> str:
    if not beat.unit:
        return f"for {duration(max(0.0, time.time() - beat.started_s))}"
    return f"{beat.done} of {beat.total} {beat.unit}" if beat.total is not None else f"{beat.done} {beat.unit}"


def _speed(beat: Heartbeat) -> str:
    return f"{beat.rate:.1f} {beat.unit}/s" if beat.rate else ""


def _left(beat: Heartbeat) -> str:
    return duration((beat.total - beat.done) / beat.rate) if beat.rate and beat.total is not None else ""


def _failure(row: Row) -> Text:
    return Text(f"\n{row.name}, {row.stage}: {row.failure}\n  log: {row.log}", style="red")
