"""The app, what it does with errors, and what several verbs share.

Imports stand inside the verbs, so that `antpipe --help` is quick and only verbs that run a network load TensorFlow.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from antpipe.backend import Work
from antpipe.errors import AntpipeError

app = typer.Typer(
    help="From videos and SLEAP labels to tracked poses in Parquet.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

INTERRUPTED = 130
"""The exit code into which typer turns an interruption."""
UsageError: Any = typer.BadParameter.__bases__[0]
"""An option that is missing, unknown or of the wrong kind; typer gives no other name to the class."""

Output = Annotated[Path, typer.Option("-o", "--output", help="Where the result goes.")]


def main() -> NoReturn:
    """Run the command line: exit 0 when done, 2 for bad input, 130 when interrupted."""
    try:
        # Without standalone mode, errors of usage come here too, and get one line like all others.
        code = app(standalone_mode=False) or 0
    except (AntpipeError, OSError, UsageError) as error:
        print(f"error: {' '.join(_sentence(error).split())}", file=sys.stderr)
        sys.exit(2)
    if code == INTERRUPTED:
        print("interrupted; nothing half-done is left, run the same command again to go on", file=sys.stderr)
    sys.exit(code)


@contextlib.contextmanager
def network(work: Work) -> Iterator[None]:
    """Start TensorFlow, and say what it runs on."""
    from antpipe.backend import start_backend

    print(f"running on {start_backend(work)}", file=sys.stderr)
    yield


def _sentence(error: Exception) -> str:
    if isinstance(error, UsageError):
        verb = error.ctx.command_path if error.ctx is not None else "antpipe"
        return f"{error.format_message().rstrip('.')}; see {verb} --help"
    if isinstance(error, OSError) and error.filename:
        # Writing ends with a rename, so the second name is the one that the user gave.
        name = error.filename2 or error.filename
        return f"{name}: cannot be read or written ({error.strerror}); check the path"
    return str(error)
