"""What a check says."""

from dataclasses import dataclass

STATES = ("error", "warning", "ok")
"""error: the workflow would stop; warning: it runs, but look at this; ok."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing that was looked at."""

    state: str
    """One of STATES."""
    about: str
    """A file, or a part of the project."""
    text: str
    """What was found, and for what is not ok the way out."""


def ok(about: str, text: str) -> Note:
    """Return a note on what is as it should be."""
    return Note(state="ok", about=about, text=text)


def warning(about: str, text: str) -> Note:
    """Return a note on what does not stop the work."""
    return Note(state="warning", about=about, text=text)


def error(about: str, text: str) -> Note:
    """Return a note on what would stop the work."""
    return Note(state="error", about=about, text=text)
