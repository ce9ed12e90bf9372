"""Names of runs, short enough for a figure and still unlike each other."""

import re
import textwrap
from collections.abc import Sequence

from antpipe.evaluation.runs import Run

_WIDTH = 34
_TIME = r"\d{6}_\d{6}"


def short_names(runs: Sequence[Run]) -> dict[str, str]:
    """Return for each run's name what tells it from the others of its type, in lines of limited width.

    The type, words that all runs of one type have in common, and the times that SLEAP puts into names are left out, as
    long as no two names become alike.
    """
    short: dict[str, str] = {}
    for model_type in dict.fromkeys(run.model_type for run in runs):
        short |= shorten_names([run.name for run in runs if run.model_type == model_type], model_type)
    return short


def shorten_names(names: Sequence[str], model_type: str) -> dict[str, str]:
    """Return a short form of the name of each run of a type, no two alike."""
    words = {name: re.split(r"([./])", name) for name in names}
    common = set.intersection(*(set(w) for w in words.values())) - {".", "/"} if len(names) > 1 else set()
    for dropped in (f"{_TIME}|{re.escape(model_type)}", r"(?!)"):
        kept = {n: _join([x for x in w if x not in common and not re.fullmatch(dropped, x)]) for n, w in words.items()}
        if all(kept.values()) and len(set(kept.values())) == len(names):
            break
    else:
        kept = {name: name for name in names}
    lines = {name: _wrap(short) for name, short in kept.items()}
    alike = len(set(lines.values())) < len(names)
    return {name: f"{number}: {short}" if alike else short for number, (name, short) in enumerate(lines.items(), 1)}


def _join(words: Sequence[str]) -> str:
    text = re.sub(r"\.*/[./]*", "/", "".join(words))
    return re.sub(r"\.{2,}", ".", text).strip("./")


def _wrap(name: str) -> str:
    # A line may end after a sign that separates words.
    spaced = re.sub(r"([./_-])", r"\1 ", " ".join(name.split()))
    lines = textwrap.wrap(spaced, _WIDTH, max_lines=3, placeholder="…") or [name]
    return "\n".join(re.sub(r"([./_-]) ", r"\1", line) for line in lines)
