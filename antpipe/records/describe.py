"""What there is to say of a project once all is done."""

from pathlib import Path

from antpipe.records.costs import write_costs
from antpipe.records.crate import write_crate


def describe(results: str | Path, title: str, costs: str | Path) -> None:
    """Write ro-crate-metadata.json into the folder of results, and the page of what they cost."""
    write_costs(results, costs)
    write_crate(results, title)
