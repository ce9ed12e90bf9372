"""The figures that tell at a glance how well a video was tracked."""

from pathlib import Path
from typing import Any

import numpy as np

from antpipe.report.track_record import record_tracks


def summarise_tracks(poses_path: str | Path) -> dict[str, Any]:
    """Return the row of one video in the summary page; a figure that cannot be told is None.

    `coverage` is the part of the frames examined in which an average track is present: 1 when each animal has one
    unbroken track, small when tracks are fragments or animals come and go. The file is read as a stream.
    """
    record = record_tracks(poses_path)
    lengths = np.array([sum(stop - start for start, stop in runs) for runs in record.runs.values()])
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
