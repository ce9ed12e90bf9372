import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from antpipe.arrow import to_arrow, to_dictionary, to_numpy

KINDS = [(pa.int16(), np.int16), (pa.int32(), np.int32), (pa.float32(), np.float32), (pa.float64(), np.float64)]


@pytest.mark.parametrize(("kind", "dtype"), KINDS)
@pytest.mark.parametrize("rows", [0, 1, 7])
def test_numbers_are_those_of_arrow_itself_and_come_back(kind, dtype, rows):
    values = np.arange(rows, dtype=dtype) - 2
    column = to_arrow(values, kind)
    assert column.equals(pa.array(values, kind))
    back = to_numpy(pa.chunked_array([column, column]))
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, np.tile(values, 2))
    back[:] = 1


def test_numbers_that_do_not_lie_side_by_side_are_taken_one_by_one():
    values = np.arange(12, dtype=np.float32).reshape(4, 3)[:, 1]
    assert to_arrow(values, pa.float32()).to_pylist() == [1.0, 4.0, 7.0, 10.0]


def test_numbers_become_what_the_column_holds():
    assert to_arrow(np.array([1.0, 2.0]), pa.int16()).equals(pa.array([1, 2], pa.int16()))


def test_nan_stays_nan_and_null_becomes_nan():
    column = to_arrow(np.array([np.nan, 1.0]), pa.float64())
    assert column.null_count == 0
    assert np.isnan(to_numpy(pa.chunked_array([column]))[0])
    assert np.isnan(to_numpy(pa.chunked_array([pa.array([None, 1.0])]))[0])


@pytest.mark.parametrize("rows", [0, 1, 8, 13])
def test_truth_values_come_back(rows):
    values = np.arange(rows) % 3 == 0
    column = to_arrow(values, pa.bool_())
    assert column.to_pylist() == values.tolist()
    np.testing.assert_array_equal(to_numpy(pa.chunked_array([column.slice(1), column])), [*values[1:], *values])


def test_a_column_without_chunks_is_empty():
    assert to_numpy(pa.chunked_array([], pa.int32())).dtype == np.int32


@pytest.mark.parametrize("texts", [[], [None, None], ["b", None, "a", "b", "\u00fc\u4e2d", ""], ["x"] * 9])
def test_texts_are_those_of_arrow_itself(texts):
    column = to_dictionary(texts)
    assert column.equals(pa.array(texts, pa.string()).dictionary_encode())
    column.validate(full=True)


def test_pandas_is_not_needed_to_write_and_read_poses(tmp_path):
    code = """
import sys, numpy as np
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import read_poses, write_poses
video = VideoMeta(path="a.mp4", width=9, height=9, fps=5.0, frame_count=3, fingerprint="")
info = PosesInfo(skeleton=Skeleton(nodes=("a",)), video=video, frames=((0, 3),))
write_poses(sys.argv[1], make_poses(info, frame_idx=np.array([0, 1]), points=np.zeros((2, 1, 2)), track=["x", None]))
assert read_poses(sys.argv[1]).track.tolist() == ["x", None]
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "poses.parquet")], check=True)
