"""MOTChallenge text: one box per line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource, only_source
from antpipe.export.tell import tell, tell_empty_frames
from antpipe.export.text import as_lines, as_text, joined
from antpipe.export.tracks import track_names
from antpipe.files import atomic_path
from antpipe.geometry import bounding_boxes
from antpipe.poses import Poses

_NAMES_TOLD = 100


@EXPORTERS.register("mot")
def export_mot(sources: Sequence[PosesSource], output: Path) -> None:
    """Write one video as boxes around the visible nodes: frame, track, left, top, width, height, score, -1, -1, -1.

    Frames, tracks and pixels are counted from 1, as the benchmark says (https://motchallenge.net/instructions). A
    track is the number of its first appearance, which the log tells; -1 for none. An instance without a score, such
    as a person's, has 1. An instance without a visible node has no box; those left out are counted in the log.
    """
    source = only_source(sources, "mot", "export them one by one")
    names = track_names(source.path)
    numbers = {name: number for number, name in enumerate(names, start=1)}
    without_box = with_animals = 0
    with atomic_path(output) as temporary, open(temporary, "wb") as file:
        for poses in source:
            seen = poses[~np.isnan(poses.points).all(axis=(1, 2))]
            file.write(as_lines(_rows(seen, numbers)))
            without_box += len(poses) - len(seen)
            with_animals += len(np.unique(poses.frame_idx))
    tell_empty_frames(output, source.info, with_animals)
    if without_box:
        tell(output, f"{without_box} instances have no visible node, so no box, and were left out")
    if names:
        told = ", ".join(f"{numbers[name]} is {name!r}" for name in names[:_NAMES_TOLD])
        tell(output, f"tracks are numbers: {told}{', ...' if len(names) > _NAMES_TOLD else ''}")


def _rows(poses: Poses, numbers: dict[str, int]) -> pa.Array:
    boxes = bounding_boxes(poses.points).astype(np.float32)
    left, top = boxes[:, 0] + 1, boxes[:, 1] + 1
    sides = (boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    track = np.array([numbers.get(name, -1) for name in poses.track], np.int64)
    columns = (poses.frame_idx + 1, track, left, top, *sides, poses.instance_score)
    return joined(*(as_text(column, "1.0") for column in columns), "-1,-1,-1", by=",")
