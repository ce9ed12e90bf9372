"""The tables of an audit, as tab-separated text and JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from antpipe.files import write_json
from antpipe.labels.audit.audit import Audit
from antpipe.labels.audit.finding import KINDS, Finding
from antpipe.labels.audit.footage import Footage
from antpipe.tsv import write_tsv

FINDING_COLUMNS = (
    *("severity", "kind", "file", "video", "frame_idx", "instance", "node"),
    *("value", "expected", "unit", "score", "detail", "x", "y", "image"),
)


def write_tables(
    folder: Path, labels_path: Path, audit: Audit, footage: Mapping[str, Footage], images: Mapping[int, str]
) -> None:
    """Write summary.json, nodes.tsv, videos.tsv, frames.tsv and findings.tsv.

    Args:
        folder: where they go.
        labels_path: the label file.
        audit: what was counted and found.
        footage: what is known of each video.
        images: the picture of a suspect, relative to the folder, by its place in `audit.findings`.
    """
    write_json(folder / "summary.json", summary(labels_path, audit, footage, images))
    per_entry = Counter(finding.entry for finding in audit.findings)
    per_video = Counter(audit.entries.videos[audit.entries.video[finding.entry]] for finding in audit.findings)
    _write(folder / "nodes.tsv", _nodes(audit))
    _write(folder / "videos.tsv", [{**row, "findings": per_video[row["video"]]} for row in audit.videos])
    _write(folder / "frames.tsv", [{**row, "findings": per_entry[i]} for i, row in enumerate(audit.frames)])
    rows = (finding_row(labels_path, audit, f, images.get(i, "")) for i, f in enumerate(audit.findings))
    _write(folder / "findings.tsv", rows, FINDING_COLUMNS)


def summary(
    labels_path: Path, audit: Audit, footage: Mapping[str, Footage], images: Mapping[int, str]
) -> dict[str, Any]:
    """Return what summary.json holds: the counts, the findings by kind, and what could not be judged or shown."""
    return {
        "file": labels_path.name,
        **audit.total,
        "skeletons": [
            {
                "nodes": len(shape.table.skeleton.nodes),
                "edges": len(shape.edges),
                "symmetries": len(shape.table.skeleton.symmetries),
                "user_instances": len(shape.table),
            }
            for shape in audit.shapes
        ],
        "findings": count_kinds(audit),
        "not_judged": audit.not_judged,
        "suspects_drawn": len(images),
        "videos_not_at_hand": {name: about.absent for name, about in footage.items() if about.absent},
    }


def count_kinds(audit: Audit) -> dict[str, int]:
    """Return the number of findings of each kind, also of those that were not found."""
    count = Counter(finding.kind for finding in audit.findings)
    return {kind: count[kind] for kind in KINDS}


def finding_row(labels_path: Path, audit: Audit, finding: Finding, image: str) -> dict[str, Any]:
    """Return a row of findings.tsv."""
    entry = finding.entry
    x, y = finding.at or (None, None)
    return {
        "severity": KINDS[finding.kind].severity,
        "kind": finding.kind,
        "file": labels_path.name,
        "video": audit.entries.videos[audit.entries.video[entry]],
        "frame_idx": int(audit.entries.frame_idx[entry]),
        "instance": finding.instance,
        "node": ", ".join(finding.nodes),
        "value": finding.value,
        "expected": finding.expected,
        "unit": finding.unit,
        "score": finding.score,
        "detail": finding.detail,
        "x": x,
        "y": y,
        "image": image,
    }


def _nodes(audit: Audit) -> list[dict[str, Any]]:
    kinds = list(dict.fromkeys(finding.kind for finding in audit.findings if finding.nodes))
    count = Counter((node, finding.kind) for finding in audit.findings for node in finding.nodes)
    return [{**row, **{kind: count[row["node"], kind] for kind in kinds}} for row in audit.nodes]


def _write(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    """Write rows by their names, numbers with six digits; the columns are those of the first row if not given."""
    rows = list(rows)
    columns = columns or list(rows[0] if rows else ())
    write_tsv(path, columns, ([_cell(row[column]) for column in columns] for row in rows))


def _cell(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value
