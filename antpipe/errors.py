"""Errors a user can cause: one sentence each that names the place, the expectation, what came and the way out."""

import json
import reprlib
from typing import Any

LONGEST = 200
"""Letters of what a library says, or of a value that came, which an error repeats."""


class AntpipeError(Exception):
    """Base of every error that a user can mend; the command line shows it as one line and exits with 2."""


class ConfigError(AntpipeError):
    """A configuration, option or combination of options that cannot be used."""


class VideoError(AntpipeError):
    """A video that is missing, broken, or not what was asked for."""


class LabelError(AntpipeError):
    """A label file or data set that is missing, empty, or does not fit the others."""


class ModelError(AntpipeError):
    """A model folder that is missing, incomplete, or does not fit the data."""


class PosesError(AntpipeError):
    """A poses file that is missing, broken, or does not fit the others."""


class MeasurementError(AntpipeError):
    """A file of measurements that is missing, broken, or does not fit the video."""


class ResourceError(AntpipeError):
    """A program, device or disk that the work needs and that is not there."""


def reason(error: BaseException) -> str:
    """Return what an error of a library says, on one line and not too long; of pydantic's the first of its errors."""
    text = " ".join(_words(error).split())
    return printable(text if len(text) <= LONGEST else f"{text[:LONGEST]}...") or type(error).__name__


def printable(text: str) -> str:
    """Return a text on one line, with escapes for letters that cannot be seen."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shown(value: Any) -> str:
    """Return a value as an error repeats it: on one line and not too long, whatever it is."""
    try:
        return _SHORT.repr(value)
    except ValueError:
        # Python writes no number of more than 4300 digits.
        return f"a {type(value).__name__} that is too long to show"


def _words(error: BaseException) -> str:
    if hasattr(error, "errors"):
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        return f"{'.'.join(map(str, first['loc']))}: {message}" if first["loc"] else message
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: {error.msg}"
    # What these say means little without their kind.
    return repr(error) if isinstance(error, LookupError | TypeError | AttributeError) else str(error)


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = LONGEST
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = _SHORT.maxset = 20
_SHORT.maxlevel = 3
