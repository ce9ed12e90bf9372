import numpy as np
import pytest

from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses

INFO = PosesInfo(
    skeleton=Skeleton(nodes=("head", "tail")),
    video=VideoMeta(path="a.mp4", width=64, height=48, fps=25.0, frame_count=10),
    frames=((0, 10),),
)


def test_a_point_is_missing_as_a_whole():
    points = np.array([[[1.0, np.nan], [3.0, 4.0]]])
    poses = make_poses(INFO, frame_idx=[0], points=points)
    assert np.isnan(poses.points[0, 0]).all()
    assert np.isnan(poses.point_scores[0, 0])
    assert poses.point_scores[0, 1] == 1


def test_rows_out_of_order_are_refused():
    with pytest.raises(ValueError, match="sorted by frame"):
        make_poses(INFO, frame_idx=[3, 1], points=np.zeros((2, 2, 2)))


def test_flip_order_swaps_symmetric_nodes():
    skeleton = Skeleton(nodes=("L", "mid", "R"), symmetries=(("L", "R"),))
    assert skeleton.flip_order().tolist() == [2, 1, 0]
