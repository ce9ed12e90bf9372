"""Features of a whole video: poses file in, the same file with columns added out, in one pass."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from antpipe.config.features import FeaturesConfig
from antpipe.features.plan import describe_columns, plan_features
from antpipe.features.registry import Feature
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo, concat_poses
from antpipe.poses_file import iter_poses, read_info, write_poses_to
from antpipe.progress import show_progress
from antpipe.provenance import provenance


def measure_file(tracks: str | Path, output: str | Path, config: FeaturesConfig) -> None:
    """Measure every instance of a poses file; write the same table with the features as columns beside the nodes.

    Memory is that of a row group and the frames around it, whatever the video's length. Features that the file has
    already are made anew.

    Raises:
        ConfigError: if a feature needs a node that the skeleton lacks.
        PosesError: if the file cannot be read, a track is in one frame twice, or frames are not evenly spaced in time.
    """
    info = read_info(tracks)
    config = config.of_video(Path(info.video.path).stem)
    features = plan_features(config, info.skeleton)
    for kind, feature in features.items():
        if not feature.columns:
            print(f"nothing to measure for {kind}: name its nodes in features, see docs/config.md", file=sys.stderr)
    measured = _measured_info(info, features, config)
    with write_poses_to(output, measured) as writer, show_progress("features") as advance:
        for poses in measure(iter_poses(tracks), list(features.values()), measured):
            writer.write(poses)
            advance(int(poses.frame_idx[-1]) + 1 if len(poses) else 0, info.frame_total)


def measure(parts: Iterable[Poses], features: Sequence[Feature], info: PosesInfo) -> Iterator[Poses]:
    """Yield the tables of one video, in frame order, with all features; `info` names these.

    Rows wait until the frames after them that their features depend on have come, and stay until no later row depends
    on them, so the result is that of the whole video at once.
    """
    reach = max((feature.reach for feature in features), default=0)
    kept: Poses | None = None
    done = -1
    for part in parts:
        kept = part if kept is None else concat_poses([kept, part])
        if len(kept):
            # The last frame may go on in the next part.
            ready = int(kept.frame_idx[-1]) - reach - 1
            yield _measure_rows(kept, (kept.frame_idx > done) & (kept.frame_idx <= ready), features, info)
            done = max(done, ready)
            kept = kept[kept.frame_idx > done - reach]
    if kept is not None:
        yield _measure_rows(kept, kept.frame_idx > done, features, info)


def _measure_rows(poses: Poses, rows: Array, features: Sequence[Feature], info: PosesInfo) -> Poses:
    """Return some of the rows with features, which are worked out with all rows in sight."""
    to_raw = poses.info.to_raw if poses.info.coordinates == "video" else None
    points = poses.points.astype(np.float64)
    seen = replace(poses, points=points if to_raw is None else to_raw(points))
    chosen = poses[rows]
    columns = [feature.compute(seen)[rows].T for feature in features if feature.columns]
    values = np.concatenate([np.zeros((0, len(chosen))), *columns]).astype(np.float32)
    return replace(chosen, info=info, features=dict(zip(info.features, values, strict=True)))


def _measured_info(info: PosesInfo, features: dict[str, Feature], config: FeaturesConfig) -> PosesInfo:
    record = provenance("antpipe features", settings=config.model_dump(mode="json"))
    columns = describe_columns(features, info)
    return replace(info, features=columns, provenance={**info.provenance, "features": record})
