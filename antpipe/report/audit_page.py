"""The page of an audit: what the labels hold, what is suspect, with pictures."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from antpipe.labels.audit.audit import Audit
from antpipe.labels.audit.finding import KINDS, SEVERITIES
from antpipe.report.audit_gallery import MOST_LISTED, suspects_section, text, words_table
from antpipe.report.audit_tables import count_kinds
from antpipe.report.html_parts import cell, document, figure, table

FIGURES = {
    "poses.png": "All animals laid on top of each other. Points far from their cloud are misplaced, or belong to an "
    "animal in a rare posture; a right point in a left cloud is exchanged.",
    "frames.png": "Where in the videos the labelled frames lie, and how many animals are labelled in each.",
    "nodes.png": "Body parts that are often not visible are hard to label and hard to learn. Points that nobody has "
    "confirmed are where SLEAP or a model put them; training uses them like all others.",
    "lengths.png": "Lengths of the edges, compared with animals of the same size.",
}
_GALLERY = """
.numbers { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none; }
.numbers li { background: #f2f6f9; border-radius: .4rem; padding: .5rem 1rem; }
.numbers b { display: block; font-size: 1.5rem; line-height: 1.2; }
.gallery { display: flex; flex-wrap: wrap; gap: 1rem; }
.gallery figure { margin: 0; width: 22.5rem; }
.gallery figcaption { font-size: .85rem; overflow-wrap: anywhere; }
.words td, .words th { text-align: left; vertical-align: top; }
"""
_SEVERITY_WORDS = {"error": "cannot be right", "suspect": "look at it", "note": "good to know"}


def write_page(folder: Path, labels_path: Path, audit: Audit, images: Mapping[int, str], absent: Sequence[str]) -> None:
    """Write audit.html, with nothing outside the file.

    Args:
        folder: holds the figures and the pictures of suspects; the page goes there.
        labels_path: the label file.
        audit: what was counted and found.
        images: the picture of a suspect, relative to the folder, by its place in `audit.findings`.
        absent: videos that were not at hand.
    """
    title = f"Audit of {labels_path.name}"
    body = [
        f"<h1>{html.escape(title)}</h1>",
        _numbers(audit),
        *_overview(audit),
        *suspects_section(folder, labels_path, audit, images, absent),
        "<h2>What the labels look like</h2>",
        *(figure(folder / name, words) for name, words in FIGURES.items()),
        *_counts(audit),
        *_not_judged(audit),
    ]
    (folder / "audit.html").write_text(document(title, body, _GALLERY), encoding="utf-8")


def _numbers(audit: Audit) -> str:
    total = audit.total
    visible = "" if total["visible_fraction"] is None else f" ({100 * (1 - total['visible_fraction']):.1f} %)"
    numbers = [
        (total["videos"], "video" if total["videos"] == 1 else "videos"),
        (total["frames"], f"labelled frames, {total['empty_frames']} of them without an animal"),
        (total["user_instances"], f"labelled animals{_per_frame(total)}"),
        (total["invisible"], f"points not visible{visible}"),
        (total["unverified"], "points not confirmed by a person"),
        (sum(KINDS[f.kind].severity != "note" for f in audit.findings), "errors and suspects"),
    ]
    if total["predicted_instances"]:
        numbers.insert(3, (total["predicted_instances"], "predicted animals, not judged"))
    items = "".join(f"<li><b>{number:,}</b>{html.escape(words)}</li>" for number, words in numbers)
    return f'<ul class="numbers">{items}</ul>'


def _per_frame(total: Mapping[str, Any]) -> str:
    if not total["user_instances"]:
        return ""
    return f", {total['instances_min']} to {total['instances_max']} in a frame, mean {total['instances_mean']:.1f}"


def _overview(audit: Audit) -> list[str]:
    found = {kind: count for kind, count in count_kinds(audit).items() if count}
    if not found:
        return ["<h2>What was found</h2>", text("Nothing: no label is unlike the others.")]
    order = sorted(found, key=lambda kind: SEVERITIES.index(KINDS[kind].severity))
    rows = [
        [KINDS[kind].title, f"{found[kind]:,}", _SEVERITY_WORDS[KINDS[kind].severity], KINDS[kind].meaning]
        for kind in order
    ]
    none = ", ".join(about.title.lower() for kind, about in KINDS.items() if kind not in found)
    return [
        "<h2>What was found</h2>",
        words_table(["Finding", "Number", "How sure", "What it means"], rows),
        text(f"Not found: {none}." if none else ""),
    ]


def _counts(audit: Audit) -> list[str]:
    return [
        "<h2>Counts</h2>",
        "<h3>By body part</h3>",
        _rows(audit.nodes, _NODE_COLUMNS, "nodes.tsv"),
        "<h3>By video</h3>",
        _rows(audit.videos, _VIDEO_COLUMNS, "videos.tsv"),
        "<h3>Frames with most points that are not confirmed or not visible</h3>",
        _rows(_worst_frames(audit), _FRAME_COLUMNS, "frames.tsv"),
    ]


def _worst_frames(audit: Audit) -> list[Mapping[str, Any]]:
    frames = [frame for frame in audit.frames if frame["unverified"] or frame["invisible"]]
    return sorted(frames, key=lambda frame: (-frame["unverified"], -frame["invisible"]))


_NODE_COLUMNS = {
    "node": ("Body part", "{}"),
    "points": ("Points", "{:,}"),
    "invisible": ("Not visible", "{:,}"),
    "invisible_percent": ("Not visible (%)", "{:.1f}"),
    "unverified": ("Not confirmed", "{:,}"),
    "unverified_percent": ("Not confirmed (%)", "{:.1f}"),
}
_VIDEO_COLUMNS = {
    "video": ("Video", "{}"),
    "frames": ("Labelled frames", "{:,}"),
    "empty_frames": ("Without an animal", "{:,}"),
    "user_instances": ("Animals", "{:,}"),
    "instances_min": ("Fewest in a frame", "{}"),
    "instances_mean": ("Mean", "{:.1f}"),
    "instances_max": ("Most", "{}"),
    "invisible": ("Points not visible", "{:,}"),
    "unverified": ("Points not confirmed", "{:,}"),
}
_FRAME_COLUMNS = {
    "video": ("Video", "{}"),
    "frame_idx": ("Frame", "{}"),
    "user_instances": ("Animals", "{:,}"),
    "points": ("Points", "{:,}"),
    "unverified": ("Not confirmed", "{:,}"),
    "invisible": ("Not visible", "{:,}"),
}


def _rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, tuple[str, str]], file: str) -> str:
    cells = [[cell(row[key], form) for key, (_, form) in columns.items()] for row in rows[:MOST_LISTED]]
    rest = f"{len(rows) - MOST_LISTED:,} more are in {file}." if len(rows) > MOST_LISTED else f"Also in {file}."
    return table([heading for heading, _ in columns.values()], cells) + text(rest) if rows else text("None.")


def _not_judged(audit: Audit) -> list[str]:
    if not audit.not_judged:
        return []
    return ["<h2>What could not be judged</h2>", *map(text, audit.not_judged)]
