"""What every rule's script stands in: a log that ends with the cause, a heartbeat, a record, and the GPU if needed."""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from antpipe.backend import Work, start_backend
from antpipe.errors import AntpipeError
from antpipe.files import remove_leftovers
from antpipe.gpu_use import gpu_summary
from antpipe.records.heartbeat import beat, cause
from antpipe.records.record import write_record
from antpipe.records.task import Task


@contextlib.contextmanager
def job(snakemake: Any, *, network: Work | None = None) -> Iterator[None]:
    """Send all output of the block to the rule's log; end the process if it fails or is stopped.

    While the block runs, a heartbeat says how far it is; when it is done, a record says what it made. An error that a
    user can mend is the log's last line, alone; of any other error that is its name and message, after the traceback.

    Args:
        snakemake: the variable of this name that a rule's script has.
        network: what the block does with a network, for which it needs TensorFlow and a GPU if there is one.
    """
    task, started_s = Task.of(snakemake), time.time()
    _redirect(task.log)
    try:
        with beat(task):
            for output in task.outputs:
                remove_leftovers(output)
            if network:
                print(f"running on {start_backend(network)}", file=sys.stderr, flush=True)
            yield
            if summary := gpu_summary():
                print(summary, file=sys.stderr, flush=True)
            write_record(task, started_s)
    except KeyboardInterrupt:
        print("stopped; run the same command again to go on", file=sys.stderr, flush=True)
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        if not isinstance(error, AntpipeError):
            traceback.print_exc()
        print(f"error: {cause(error)}", file=sys.stderr, flush=True)
        sys.exit(1)


def _redirect(log: str) -> None:
    try:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as file:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
    except OSError as error:
        sys.exit(f"error: {log}: the log cannot be written ({error.strerror}); give yourself the right to write there")
