"""The suspects of an audit on its page: pictures and tables, kind by kind."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from antpipe.labels.audit.audit import Audit
from antpipe.labels.audit.finding import KINDS, Finding
from antpipe.report.audit_tables import finding_row
from antpipe.report.html_parts import figure, table

MOST_LISTED = 30
"""So many rows a table of the page has; the .tsv files have all."""
HOW_TO_READ = (
    "Yellow is the animal in question, white are its neighbours. Orange is a point that is out of place, blue the "
    "place where it usually is in other animals. Of exchanged parts the ones labelled left are blue, the right ones "
    "orange; of an animal labelled twice the other instance is purple. Instances count from 0 in the order of the file."
)


def suspects_section(
    folder: Path, labels_path: Path, audit: Audit, images: Mapping[int, str], absent: Sequence[str]
) -> list[str]:
    """Return the part of the page with all findings; arguments as of `write_page`."""
    section = ["<h2>The suspects</h2>"] if audit.findings else []
    if images:
        section.append(text(HOW_TO_READ))
    if absent and images:
        section.append(text(f"Drawn without their image, because the video is not at hand: {', '.join(absent)}."))
    for kind, about in KINDS.items():
        places = [place for place, finding in enumerate(audit.findings) if finding.kind == kind]
        if places:
            section.append(f"<h3>{html.escape(about.title)}</h3>")
            section.append(_gallery(folder, audit, [place for place in places if place in images], images))
            section.append(_listing(labels_path, audit, [place for place in places if place not in images]))
    return section


def _gallery(folder: Path, audit: Audit, places: Sequence[int], images: Mapping[int, str]) -> str:
    figures = [figure(folder / images[place], _caption(audit, audit.findings[place])) for place in places]
    return f'<div class="gallery">{"".join(figures)}</div>' if figures else ""


def _caption(audit: Audit, finding: Finding) -> str:
    where = f"{_video(audit, finding)}, frame {_frame(audit, finding)}, instance {finding.instance}"
    nodes = f" {', '.join(finding.nodes)}:" if finding.nodes else ""
    return f"{where}.{nodes} {_measure(finding)}"


def _measure(finding: Finding) -> str:
    """Return in words what was measured and what is usual."""
    value, expected = (None if v is None else f"{v:,.0f}" for v in (finding.value, finding.expected))
    if finding.kind == "left_right_swap":
        return f"{value} px from the usual places, {expected} px if exchanged."
    if finding.kind == "empty_frame":
        return f"{finding.detail or 'none'}."
    if finding.kind == "frame_beyond_video":
        return f"The video's last frame is {expected}."
    if finding.kind == "repeated_frame":
        return f"The file has {value} entries for it."
    if finding.kind == "copied_points":
        return f"{value} points are the {finding.detail}."
    if finding.kind == "duplicate_instance":
        return f"{finding.detail}: {value} px apart on average."
    if finding.kind == "outside_frame":
        return f"{value} px {finding.detail}."
    usual = "" if expected is None else f", expected {expected}"
    return f"{finding.detail}{': ' if finding.detail else ''}{value} {finding.unit}{usual}."


def _listing(labels_path: Path, audit: Audit, places: Sequence[int]) -> str:
    if not places:
        return ""
    rows = []
    for place in places[:MOST_LISTED]:
        row = finding_row(labels_path, audit, audit.findings[place], "")
        cells = ["" if row[key] is None else str(row[key]) for key in ("video", "frame_idx", "instance", "node")]
        rows.append([*cells, _measure(audit.findings[place])])
    headings = ["Video", "Frame", "Instance", "Node", "Measured"]
    used = [i for i in range(len(headings)) if any(row[i] for row in rows)]
    more = len(places) - MOST_LISTED
    rest = text(f"And {more:,} more in findings.tsv.") if more > 0 else ""
    return words_table([headings[i] for i in used], [[row[i] for i in used] for row in rows]) + rest


def words_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of text, which stands on the left."""
    return f'<div class="words">{table(headings, rows)}</div>'


def _video(audit: Audit, finding: Finding) -> str:
    return audit.entries.videos[audit.entries.video[finding.entry]]


def _frame(audit: Audit, finding: Finding) -> int:
    return int(audit.entries.frame_idx[finding.entry])


def text(words: str) -> str:
    """Return a paragraph; nothing for no words."""
    return f"<p>{html.escape(words)}</p>" if words else ""
