"""Which parts of config.yaml a rule goes by, read from the chapters of the workflow themselves."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import antpipe
from antpipe.config.project import Config

RULES = Path(antpipe.__file__).parent.parent / "workflow" / "rules"
RUNS = ("models", "grid", "split.folds")
"""What decides on the settings of a run, which a rule names as `RUNS[run, model_type]`."""


def sections_of(rule: str) -> tuple[str, ...]:
    """Return the keys of config.yaml among the params of a rule; none where the workflow is not beside the package."""
    found = dict.fromkeys(key for chapter in sorted(RULES.glob("*.smk")) for key in _keys(chapter, rule))
    return tuple(found)


def _keys(chapter: Path, rule: str) -> Iterator[str]:
    for text in re.split(r"^ *rule ", chapter.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        if text.partition(":")[0] != rule:
            continue
        params = text.partition("params:")[2].partition("message:")[0]
        if "RUNS[" in params:
            yield from RUNS
        yield from (_as_far_as_known(dotted) for dotted in re.findall(r"CONFIG\.([\w.]+)", params))


def _as_far_as_known(dotted: str) -> str:
    """Return the leading part of `a.b.c` that is a key; what follows is a method of the section."""
    section: Any = Config
    known: list[str] = []
    for name in dotted.split("."):
        field = getattr(section, "model_fields", {}).get(name)
        if field is None:
            break
        known.append(name)
        section = field.annotation
    return ".".join(known)
