"""All results as a Research Object Crate (RO-Crate 1.1): a JSON-LD file that archives and catalogues read."""

import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import antpipe
from antpipe.files import write_json
from antpipe.provenance import today
from antpipe.records.origins import Origins
from antpipe.records.record import Record, read_records

CRATE = "ro-crate-metadata.json"
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://schema.org/sha256"}]
SOFTWARE = "#antpipe"

mimetypes.add_type("application/vnd.apache.parquet", ".parquet")
mimetypes.add_type("application/x-hdf5", ".slp")
mimetypes.add_type("application/x-hdf5", ".h5")


def write_crate(results: str | Path, title: str) -> None:
    """Write `ro-crate-metadata.json` into the folder of results: each file with its SHA-256, and what made it of what.

    Results that no job's record names are left out. Files of the user, which lie elsewhere, are named with their
    SHA-256 too. Dates are days, so that two runs of a day give the same bytes.
    """
    origins = Origins(read_records(results))
    made = [path for path in origins if os.path.isfile(path)]
    raw = sorted({file["path"] for record in origins.records for file in record.inputs} - set(origins))
    names = {path: _inside(path, results) for path in made} | {path: f"#{quote(path)}" for path in raw}
    records = [record for record in origins.records if any(file["path"] in names for file in record.outputs)]
    graph = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": title,
            "description": "Tracked poses of animals in videos, and what they were made of and with, by antpipe.",
            "datePublished": today(),
            "hasPart": [{"@id": names[path]} for path in made],
            "mentions": [{"@id": _action_id(record)} for record in records],
        },
        {
            "@id": SOFTWARE,
            "@type": "SoftwareApplication",
            "name": "antpipe",
            "softwareVersion": antpipe.__version__,
        },
        *(_file(path, names[path], "File", origins) for path in made),
        *(_file(path, names[path], "CreativeWork", origins) for path in raw),
        *(_action(record, names) for record in records),
    ]
    write_json(Path(results, CRATE), {"@context": CONTEXT, "@graph": graph})


def _inside(path: str, results: str | Path) -> str:
    return quote(Path(os.path.relpath(path, results)).as_posix())


def _file(path: str, name: str, kind: str, origins: Origins) -> dict[str, Any]:
    return dict(_properties(path, name, kind, origins))


def _properties(path: str, name: str, kind: str, origins: Origins) -> Iterator[tuple[str, Any]]:
    yield from {"@id": name, "@type": kind, "name": Path(path).name}.items()
    format, _ = mimetypes.guess_type(path)
    if format is not None:
        yield "encodingFormat", format
    sha256 = origins.fingerprint(path)
    if sha256 is not None:
        yield from {"contentSize": str(os.path.getsize(path)), "sha256": sha256}.items()


def _action_id(record: Record) -> str:
    return "#" + quote(" ".join([record.rule, *record.wildcards.values()]))


def _action(record: Record, names: dict[str, str]) -> dict[str, Any]:
    """Return what a job did; its settings lie in its record."""
    return {
        "@id": _action_id(record),
        "@type": "CreateAction",
        "name": " ".join([record.rule, *record.wildcards.values()]),
        "description": f"Rule {record.rule}, code {record.params.get('code')}",
        "endTime": record.date,
        "instrument": {"@id": SOFTWARE},
        "object": [{"@id": names[file["path"]]} for file in record.inputs if file["path"] in names],
        "result": [{"@id": names[file["path"]]} for file in record.outputs if file["path"] in names],
    }
