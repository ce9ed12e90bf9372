import cv2
import numpy as np
import pytest
from drawn_walks import animals, moved, table, track

from antpipe.config.tracking import TrackConfig
from antpipe.errors import ConfigError, VideoError
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import read_poses, write_poses
from antpipe.tracking.memory import Memory
from antpipe.tracking.optical_flow import OpticalFlow
from antpipe.tracking.registry import Setup
from antpipe.tracking.track import track_file
from antpipe.video.write import VideoWriter

WIDTH, HEIGHT = 200, 160
GROUND = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH), np.uint8), (0, 0), 4)


def drifting(step):
    """A film whose every pixel moves by `step` per frame."""

    def image(index):
        shift = np.array([[1, 0, step[0] * index], [0, 1, step[1] * index]], np.float32)
        return cv2.warpAffine(GROUND, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)[..., None]

    return image


class Reads:
    """A film that remembers which frames were read."""

    def __init__(self, image):
        self.image, self.read = image, []

    def __call__(self, index):
        self.read.append(index)
        return self.image(index)


def flow(images, **config):
    return OpticalFlow(
        Setup(config=TrackConfig(method="flow", **config), nodes=4, width=WIDTH, height=HEIGHT, images=images)
    )


def memory(*poses):
    """A memory of (frame, points) of tracks 0, 1, ..."""
    made = Memory(4)
    for number, (frame_idx, points) in sorted(enumerate(poses), key=lambda item: item[1][0]):
        made.add(frame_idx, np.array([number]), points, np.ones((1, 4)), np.ones(1))
    return made


@pytest.mark.parametrize("step", [(3.0, 0.0), (-2.5, 1.25)])
@pytest.mark.parametrize("config", [{}, {"img_scale": 0.5}, {"of_window_size": 31}, {"save_shifted_instances": True}])
def test_poses_move_with_the_pixels_under_them(step, config):
    poses = animals((100, 80))
    went = flow(drifting(step), **config)(memory((0, poses)), 2)
    np.testing.assert_allclose(went, poses + 2 * np.array(step), atol=0.25)


def test_far_movements_need_levels():
    poses, step = animals((100, 80)), (14.0, 0.0)
    reached = flow(drifting(step), of_max_levels=3)(memory((0, poses)), 1)
    np.testing.assert_allclose(reached, poses + step, atol=0.3)
    missed = flow(drifting(step), of_max_levels=0, of_window_size=7)(memory((0, poses)), 1)
    assert np.nanmax(np.abs(missed - poses - step)) > 3


def test_hidden_nodes_stay_hidden_and_poses_out_of_sight_stay_where_they_were():
    half = animals((100, 80))
    half[0, 1] = np.nan
    outside = animals((900, 900))
    went = flow(drifting((3.0, 0.0)))(memory((0, half), (0, outside)), 1)
    assert np.isnan(went[0, 1]).all()
    assert np.isfinite(went[0, [0, 2, 3]]).all()
    np.testing.assert_array_equal(went[1], outside[0])


def test_each_pose_moves_from_the_frame_where_it_was_seen():
    poses = animals((60, 60)), animals((140, 100))
    went = flow(drifting((2.0, 1.0)))(memory((1, poses[0]), (3, poses[1])), 4)
    np.testing.assert_allclose(went[0], poses[0][0] + [6, 3], atol=0.25)
    np.testing.assert_allclose(went[1], poses[1][0] + [2, 1], atol=0.25)


@pytest.mark.parametrize(("saved", "arrives"), [(True, True), (False, False)])
def test_saved_poses_go_from_frame_to_frame(saved, arrives):
    # 6 px per frame are within reach of the search, 24 px at once are not.
    poses = animals((100, 80))
    follow = flow(drifting((6.0, 0.0)), save_shifted_instances=saved, of_max_levels=1)
    for k in range(1, 5):
        arrived = follow(memory((0, poses)), k)
    assert bool(np.allclose(arrived, moved(poses, 24, 0), atol=0.25)) is arrives


def test_poses_older_than_the_window_stay_where_they_were():
    poses = animals((100, 80))
    images = Reads(drifting((2.0, 0.0)))
    went = flow(images, window=3)(memory((0, poses)), 4)
    np.testing.assert_array_equal(went, poses)
    assert images.read == []


def test_each_frame_is_read_once_and_in_order_and_none_without_animals():
    images = Reads(drifting((1.0, 0.0)))
    frames = [animals((60 + t, 60)) if t not in (4, 5, 6) else None for t in range(10)]
    track(frames, images=images, method="flow", window=5)
    assert images.read == [0, 1, 2, 3, 7, 8, 9]


@pytest.mark.parametrize("robust", [1.0, 0.5])
@pytest.mark.parametrize("method", ["flow", "flowmaxtracks"])
def test_fast_animals_keep_their_names_where_pixels_are_seen(method, robust):
    # All move by more than half the distance between them, so the nearest earlier pose is a neighbour's.
    step = (14.0, 0.0)
    frames = [animals(*[(40 + 22 * i + 14 * t, 60) for i in range(3)]) for t in range(6)]
    limit = {"max_tracks": 3} if method == "flowmaxtracks" else {}
    settings = {"window": 3, "robust": robust, "matching": "greedy", **limit}
    assert track(frames, images=drifting(step), method=method, **settings) == [["track_0", "track_1", "track_2"]] * 6
    assert track(frames, method=method.replace("flow", "simple"), **settings)[1] != ["track_0", "track_1", "track_2"]


def test_without_the_video_there_is_no_flow():
    with pytest.raises(ConfigError, match=r"track\.method 'flow' looks at the pixels and needs the video, .* --video"):
        track([animals((0, 0))], method="flow")


def test_a_video_is_refused_where_it_is_not_looked_at(tmp_path):
    with pytest.raises(ConfigError, match=r"track\.method 'motion' does not look at pixels, got the video film\.mp4"):
        track_file(tmp_path / "p.parquet", tmp_path / "t.parquet", TrackConfig(), "film.mp4")


@pytest.fixture
def drift_file(tmp_path):
    """A film of eight frames, and poses that move with its pixels."""
    with VideoWriter(tmp_path / "film.mp4", width=WIDTH, height=HEIGHT, fps=10, grayscale=True) as writer:
        for index in range(8):
            writer.write(drifting((6.0, 0.0))(index)[..., 0])
    video = VideoMeta(path="film.mp4", width=WIDTH, height=HEIGHT, fps=10.0, frame_count=8)
    info = PosesInfo(skeleton=Skeleton(nodes=("a", "b", "c", "d")), video=video, frames=((0, 8),))
    points = np.concatenate([animals((40 + 6 * t, 60), (60 + 6 * t, 100)) for t in range(8)])
    write_poses(tmp_path / "p.parquet", make_poses(info, frame_idx=np.repeat(np.arange(8), 2), points=points))
    return tmp_path


@pytest.mark.parametrize("config", [{"method": "flow"}, {"method": "flowmaxtracks", "max_tracks": "auto"}])
def test_a_file_is_tracked_with_its_video(drift_file, config):
    track_file(
        drift_file / "p.parquet",
        drift_file / "t.parquet",
        TrackConfig(min_length=2, **config),
        video=drift_file / "film.mp4",
    )
    assert read_poses(drift_file / "t.parquet").track.tolist() == ["track_0", "track_1"] * 8


@pytest.mark.parametrize(
    ("size", "frames", "message"),
    [((64, 48), 8, "of 200x160 pixels, got 64x48"), ((WIDTH, HEIGHT), 5, "of 8 frames or more, got 5")],
)
def test_another_video_is_refused(drift_file, size, frames, message):
    with VideoWriter(drift_file / "other.mp4", width=size[0], height=size[1], fps=10, grayscale=True) as writer:
        for _ in range(frames):
            writer.write(np.zeros(size[::-1], np.uint8))
    with pytest.raises(VideoError, match=rf"other\.mp4: expected the video .* {message}; name film\.mp4"):
        track_file(
            drift_file / "p.parquet", drift_file / "t.parquet", TrackConfig(method="flow"), drift_file / "other.mp4"
        )
    assert not (drift_file / "t.parquet").exists()


def test_a_table_of_nothing_needs_no_frame():
    images = Reads(drifting((1.0, 0.0)))
    assert len(table([animals()] * 3)) == 0
    track([animals()] * 3, images=images, method="flow")
    assert images.read == []
