"""The summary page: one HTML file with all tables and pictures in it, and the figures of its rows."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from antpipe.files import atomic_path
from antpipe.report.html_parts import cell, document, figure, metric, table
from antpipe.report.track_record import record_tracks

_VIDEO_COLUMNS = {
    "video": ("Video", "{}"),
    "frames_examined": ("Frames examined", "{:,}"),
    "animals_median": ("Animals per frame, median", "{:g}"),
    "animals_max": ("Animals per frame, largest", "{}"),
    "frames_without_animals": ("Frames without animals", "{:,}"),
    "tracks": ("Tracks", "{:,}"),
    "track_length_median_s": ("Track length, median (s)", "{:.1f}"),
    "coverage": ("Part of the film that an average track covers", "{:.1%}"),
    "tracked_share": ("Animals that have a track", "{:.1%}"),
    "score_mean": ("Mean score", "{:.2f}"),
}


def summarise_tracks(poses_path: str | Path) -> dict[str, Any]:
    """Return the row of one video in the summary page; a figure that cannot be told is None.

    `coverage` is the part of the frames examined in which an average track is present: 1 when each animal has one
    unbroken track, small when tracks are fragments or animals come and go. The file is read as a stream.
    """
    record = record_tracks(poses_path)
    lengths = np.array([np.diff(runs, axis=1).sum() for runs in record.runs.values()])
    examined, instances = len(record.frames), int(record.animals.sum())
    return {
        "video": record.info.video.path,
        "frames_examined": examined,
        "animals_median": float(np.median(record.animals)) if examined else None,
        "animals_max": int(record.animals.max()) if examined else None,
        "frames_without_animals": int((record.animals == 0).sum()),
        "tracks": len(lengths),
        "track_length_median_s": float(np.median(lengths)) / record.info.video.fps if len(lengths) else None,
        "coverage": float(lengths.mean()) / examined if len(lengths) else None,
        "tracked_share": float(lengths.sum()) / instances if instances else None,
        "score_mean": record.score_sum / record.scored if record.scored else None,
    }


def write_summary(
    output_html: str | Path,
    *,
    title: str,
    videos: Sequence[Mapping[str, Any]],
    models: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write one page with a table of videos, a table of models, and their pictures, with nothing outside the file.

    Args:
        output_html: the page.
        title: its heading.
        videos: per video what `summarise_tracks` returns, and optionally `pictures`: caption to PNG or JPEG file.
        models: per model `name`, `metrics` (split to metric to value) and optionally `pictures`. Metrics that are lists
            or mappings, such as those by node, are for the pictures and not for the table.

    Raises:
        ValueError: for a key that the page does not know.
    """
    body = [f"<h1>{html.escape(title)}</h1>"]
    if videos:
        body += ["<h2>Videos</h2>", _video_table(videos), *(_pictures(v, v["video"]) for v in videos)]
    if models:
        body += ["<h2>Models</h2>", _model_table(models), *(_pictures(m, m["name"]) for m in models)]
    if not videos and not models:
        body.append("<p>There is nothing to report yet.</p>")
    with atomic_path(output_html) as temporary:
        temporary.write_text(document(title, body), encoding="utf-8")


def _video_table(videos: Sequence[Mapping[str, Any]]) -> str:
    for video in videos:
        _refuse_unknown(video, {*_VIDEO_COLUMNS, "pictures"})
    rows = [[cell(video.get(key), form) for key, (_, form) in _VIDEO_COLUMNS.items()] for video in videos]
    return table([heading for heading, _ in _VIDEO_COLUMNS.values()], rows)


def _model_table(models: Sequence[Mapping[str, Any]]) -> str:
    for model in models:
        _refuse_unknown(model, {"name", "metrics", "pictures"})
    splits = [(model["name"], split, values) for model in models for split, values in model["metrics"].items()]
    numbers = (name for _, _, values in splits for name, value in values.items() if not isinstance(value, dict | list))
    names = list(dict.fromkeys(numbers))
    rows = [[model, split, *(metric(values.get(name)) for name in names)] for model, split, values in splits]
    return table(["Model", "Split", *names], rows)


def _refuse_unknown(entry: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(entry) - known)
    if unknown:
        raise ValueError(f"the summary page does not know {unknown}; it knows {sorted(known)}")


def _pictures(entry: Mapping[str, Any], name: str) -> str:
    pictures = entry.get("pictures") or {}
    if not pictures:
        return ""
    return f"<h3>{html.escape(name)}</h3>\n" + "\n".join(figure(path, text) for text, path in pictures.items())
