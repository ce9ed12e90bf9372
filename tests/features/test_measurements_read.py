"""A joined table that was damaged or changed by another program."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from antpipe.errors import MeasurementError
from antpipe.features.joined_read import read_joined
from antpipe.features.joined_table import METADATA_KEY

ABOUT = {
    "video": {"fps": 25.0, "path": "film.mp4"},
    "measured": {"Force": "mN"},
    "features": {"angle.LHindLeg": {"unit": "deg", "meaning": "of the hind leg"}},
}


def columns(**changes):
    return {
        "frame_idx": pa.array([3, 3, 5], pa.int32()),
        "raw_time_s": [0.1, 0.1, 0.2],
        "track": pa.array(["a", "b", None]).dictionary_encode(),
        "Force": [1.0, 1.0, None],
        "angle.LHindLeg": pa.array([0.5, 1.5, None], pa.float32()),
        **changes,
    }


def write(path, about=ABOUT, **changes):
    table = pa.table({name: values for name, values in columns(**changes).items() if values is not None})
    pq.write_table(table.replace_schema_metadata({METADATA_KEY: json.dumps(about)}), path)
    return path


def test_a_table_is_read_by_frame_and_track(tmp_path):
    joined = read_joined(write(tmp_path / "j.parquet"), None)
    np.testing.assert_array_equal(joined.measured["Force"], [1, np.nan, np.nan])
    assert {name: places.tolist() for name, (places, _) in joined.tracks.items()} == {"a": [0], "b": [0]}
    assert joined.units == {"Force": "mN", "angle.LHindLeg": "deg"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"about": []}, "TypeError"),
        ({"about": {**ABOUT, "video": {}}}, "KeyError('fps')"),
        ({"about": {**ABOUT, "video": {"fps": float("inf")}}}, "expected frames per second, got inf"),
        ({"about": {**ABOUT, "measured": ["Force"]}}, "measured: Input should be a valid"),
        ({"about": {**ABOUT, "features": {"angle.LHindLeg": {}}}}, "a feature has no unit"),
        ({"track": None}, "No match for FieldRef.Name(track)"),
        ({"frame_idx": pa.array([3, 2, 5], pa.int32())}, "rows are not sorted by frame"),
        ({"frame_idx": pa.array([3, 3, None], pa.int32())}, "rows are not sorted by frame"),
        ({"frame_idx": pa.array([3, 3, 2**31 - 1], pa.int32())}, "frames 3 to 2147483647 are too many"),
        ({"Force": ["1", "2", "much"]}, "Failed to parse string"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence(tmp_path, changes, message):
    path = write(tmp_path / "j.parquet", **changes)
    with pytest.raises(MeasurementError, match=r"j.parquet: expected a table that antpipe join wrote") as error:
        read_joined(path, None)
    assert f"cannot be read ({message}" in str(error.value)
    assert "\n" not in str(error.value)
