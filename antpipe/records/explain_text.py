"""An explanation of a result, for people."""

import json
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from antpipe.console import make_console
from antpipe.progress import duration
from antpipe.records.explain import Explanation, flat

COLOURS = {"same": "green", "changed": "yellow", "gone": "red", "unknown": "yellow"}
MOST, MOST_SETTINGS = 12, 120
"""Of longer lists of files and of settings so many are shown."""


def print_explanation(explanation: Explanation, console: Console | None = None) -> None:
    """Print what made a result, of what, how, and what would make it anew."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, cell in _rows(explanation):
        table.add_row(name, cell)
    (console or make_console()).print(table)


def _rows(explanation: Explanation) -> Iterator[tuple[str, RenderableType]]:
    record = explanation.record
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    yield "file", Text.assemble(explanation.path, "  ", _told(explanation.state))
    yield "SHA-256", explanation.fingerprint
    what = " ".join([record.rule, *record.wildcards.values()])
    yield "made by", f"{what}, on {record.date}, in {duration(record.seconds)}, log {record.log}"
    yield "with", versions
    inputs = [
        Text.assemble(path, "  ", _told(state), f"  {(sha or '')[:12]}") for path, state, sha in explanation.inputs
    ]
    yield "from", Text("\n").join(_first(inputs))
    yield "in the end from", Text("\n").join(_first([Text(path) for path in explanation.raw]))
    params = {name: value for name, value in record.params.items() if name != "code"}
    settings = [Text(f"{name}: {json.dumps(value, ensure_ascii=False)}") for name, value in flat(params)]
    yield "settings", Text("\n").join(_first(settings, MOST_SETTINGS))
    yield "code", Text.assemble(str(record.params.get("code", "")), "  ", _told(explanation.code))
    yield "made anew when", _reasons(explanation)
    yield "make it again", f"snakemake --cores 8 --force {explanation.path}"


def _reasons(explanation: Explanation) -> str:
    sections = [f"`{name}` in config.yaml" for name in explanation.sections]
    return ", ".join([*sections, "one of the files that it is from", "the code behind it"]) + " changes"


def _told(state: str) -> Text:
    words = {"same": "unchanged", "changed": "changed since", "gone": "no longer there", "unknown": "not known here"}
    return Text(words[state], style=COLOURS[state])


def _first(lines: Sequence[Text], most: int = MOST) -> list[Text]:
    more = [Text(f"and {len(lines) - most} more")] if len(lines) > most else []
    return [*lines[:most], *more]
