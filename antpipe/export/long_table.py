"""The lab's long table: one row per node of each instance."""

import numpy as np
import pyarrow as pa

from antpipe.geometry import Array
from antpipe.poses import Poses

_NAME = pa.dictionary(pa.int32(), pa.string())
LONG_SCHEMA = pa.schema(
    [
        ("video_path", _NAME),
        ("video_width", pa.int32()),
        ("video_height", pa.int32()),
        ("frame_idx", pa.int32()),
        ("instance_idx", pa.int16()),
        ("track_id", _NAME),
        ("part_name", _NAME),
        ("predicted", pa.bool_()),
        ("x_pos", pa.float32()),
        ("y_pos", pa.float32()),
        ("time_s", pa.float64()),
        ("part_score", pa.float32()),
        ("instance_score", pa.float32()),
        ("tracking_score", pa.float32()),
    ]
)


def long_table(poses: Poses) -> pa.Table:
    """Return the poses with one row per node, sorted as they are: by frame, instance and node.

    What is not there is null, so that averages in a data base skip it: a point that is not visible, its score, a
    score that was not given, the track of an untracked instance.
    """
    skeleton, video = poses.info.skeleton, poses.info.video
    nodes, rows = len(skeleton.nodes), len(poses)
    total = rows * nodes
    columns = {
        "video_path": _encode(np.zeros(total, np.int32), [video.path]),
        "video_width": np.full(total, video.width),
        "video_height": np.full(total, video.height),
        "track_id": pa.array(poses.track, pa.string()).dictionary_encode().take(np.repeat(np.arange(rows), nodes)),
        "part_name": _encode(np.tile(np.arange(nodes, dtype=np.int32), rows), list(skeleton.nodes)),
        "x_pos": poses.points[..., 0].ravel(),
        "y_pos": poses.points[..., 1].ravel(),
        "part_score": poses.point_scores.ravel(),
    }
    for name in ("frame_idx", "instance_idx", "predicted", "time_s", "instance_score", "tracking_score"):
        columns[name] = np.repeat(getattr(poses, name), nodes)
    return pa.table([_column(columns[f.name], f.type) for f in LONG_SCHEMA], schema=LONG_SCHEMA)


def _encode(indices: Array, names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def _column(values: Array | pa.Array, kind: pa.DataType) -> pa.Array:
    # from_pandas turns NaN into null.
    return pa.array(values, kind, from_pandas=True) if isinstance(values, np.ndarray) else values
