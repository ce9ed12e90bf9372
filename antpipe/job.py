"""What every rule's script stands in: a log that ends with the cause, and the GPU where it is needed."""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from antpipe.backend import start_backend
from antpipe.errors import AntpipeError


@contextlib.contextmanager
def job(log: str | Path, *, network: bool = False) -> Iterator[None]:
    """Send all output of the block to `log`; end the process with 1 if it fails.

    An error that a user can mend is the log's last line, alone; of any other error that is its name and message,
    after the traceback.

    Args:
        log: the rule's log file.
        network: whether the block runs a network, and so needs TensorFlow and a GPU if there is one.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as file:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        if network:
            print(f"running on {start_backend()}", file=sys.stderr, flush=True)
        yield
    except AntpipeError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        sys.exit(1)
    except Exception as error:
        traceback.print_exc()
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        sys.exit(1)
