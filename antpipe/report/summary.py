"""The summary page of a project."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from antpipe.files import read_json
from antpipe.models.spec import read_spec
from antpipe.report.page import summarise_tracks, write_summary

PARTS = ("train", "val", "test")
FIGURES = {
    "frames": "frames",
    "dist.p50": "median error (px)",
    "dist.p90": "90th percentile of errors (px)",
    "oks_voc.mAP": "mAP",
    "detection.f1": "F1 of centroids",
}
"""Metrics that the page shows, by their key."""


def summarise_project(
    page: str | Path,
    *,
    title: str,
    tracks: Mapping[str, str | Path],
    pictures: Mapping[str, Mapping[str, str | Path]],
    folders: Sequence[str | Path],
    accuracy: str | Path,
) -> None:
    """Write the page: a row and the pictures of each video and each model, and what the whole chain gets right.

    Args:
        page: the HTML file.
        title: its heading.
        tracks: the tracked poses by video.
        pictures: by title, the picture of each video.
        folders: the run folders of the models.
        accuracy: what `project_accuracy` wrote.
    """
    videos = [
        {
            **summarise_tracks(path),
            "pictures": {title: of_video[name] for title, of_video in pictures.items()},
        }
        for name, path in tracks.items()
    ]
    write_summary(page, title=title, videos=videos, models=[*map(_model, folders), *_chain(read_json(accuracy))])


def _model(folder: str | Path) -> dict[str, Any]:
    folder = Path(folder)
    metrics = {part: _figures(read_json(folder / f"metrics.{part}.json")) for part in PARTS}
    names = {"Learning curves": "learning_curves", "Examples": "examples", "Receptive field": "receptive_field"}
    pictures = {title: folder / f"{name}.png" for title, name in names.items()}
    return {"name": f"{read_spec(folder).model_type} network", "metrics": metrics, "pictures": pictures}


def _chain(accuracy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the whole chain, from video to tracks, on frames that no network was trained on."""
    rows = []
    if accuracy["poses"] is not None:
        rows.append({"name": "whole chain", "metrics": {"test": _figures(accuracy["poses"])}})
    return rows


def _figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of the page by their words; of a list over radii the one at 5 px."""
    found = {}
    for key, words in FIGURES.items():
        value = metrics.get(key)
        if isinstance(value, list):
            value = value[metrics["detection.radii"].index(5.0)] if 5.0 in metrics.get("detection.radii", []) else None
            words = f"{words} within 5 px"
        if value is not None:
            found[words] = value
    return found
