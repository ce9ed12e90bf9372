import av
import numpy as np
import pytest
import sleap_io as sio

from antpipe.config.simulate import SimulateConfig
from antpipe.files import fingerprint
from antpipe.poses_file import read_poses
from antpipe.synthetic import simulate as module
from antpipe.synthetic.scene import simulate_tracks
from antpipe.synthetic.simulate import labelled_frames, simulate
from antpipe.synthetic.skeleton import ANT_SKELETON, NODES

CONFIG = SimulateConfig(
    videos=2, ants=3, frames=12, width=200, height=160, body_length=45, labelled_frames=5, difficulty="hard", seed=11
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sim") / "émile's ants"
    steps = []
    paths = simulate(folder, CONFIG, lambda done, total: steps.append((done, total)))
    return folder, paths, steps


def test_files_and_progress(made):
    folder, paths, steps = made
    names = [path.relative_to(folder).as_posix() for path in paths]
    assert names == ["ants_001.mp4", "truth/ants_001.parquet", "ants_002.mp4", "truth/ants_002.parquet", "labels.slp"]
    assert sorted(p for p in folder.rglob("*") if p.is_file()) == sorted(paths)
    assert steps == [(done, 24) for done in range(1, 25)]


def test_same_config_same_bytes_and_every_video_another(made, tmp_path):
    _, paths, _ = made
    again = simulate(tmp_path / "again", CONFIG)
    assert [fingerprint(path) for path in again] == [fingerprint(path) for path in paths]
    assert fingerprint(paths[0]) != fingerprint(paths[2])


def test_videos_hold_the_frames(made):
    folder, _, _ = made
    with av.open(str(folder / "ants_001.mp4")) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert stream.average_rate == 24
    assert np.shape(frames) == (12, 160, 200, 3)


@pytest.mark.parametrize("index", [0, 1])
def test_labels_open_in_sleap_io_and_are_exact(made, index):
    folder, _, _ = made
    labels = sio.load_slp(str(folder / "labels.slp"))
    tracks = simulate_tracks(CONFIG, index)
    video = labels.videos[index]
    assert (len(labels.videos), len(labels.tracks), len(labels.labeled_frames)) == (2, 6, 10)
    assert video.shape == (12, 160, 200, 3)
    assert video.exists()
    frames = labels.find(video)
    assert [frame.frame_idx for frame in frames] == labelled_frames(CONFIG).tolist()
    for frame in frames:
        assert {type(instance) for instance in frame.instances} == {sio.Instance}
        for instance in frame.instances:
            ant = tracks.names.index(instance.track.name)
            seen = tracks.visible[frame.frame_idx, ant]
            expected = np.where(seen[:, None], tracks.points[frame.frame_idx, ant], np.nan)
            np.testing.assert_array_equal(instance.numpy(), expected)
            assert instance.points["visible"].tolist() == seen.tolist()


def test_labels_name_the_videos_without_a_folder_and_have_the_skeleton(made):
    folder, _, _ = made
    labels = sio.load_slp(str(folder / "labels.slp"), open_videos=False)
    assert [video.filename for video in labels.videos] == ["ants_001.mp4", "ants_002.mp4"]
    skeleton = labels.skeletons[0]
    assert tuple(skeleton.node_names) == NODES
    assert {(e.source.name, e.destination.name) for e in skeleton.edges} == set(ANT_SKELETON.edges)


def test_truth_has_all_frames_and_identities(made):
    folder, paths, _ = made
    poses = read_poses(folder / "truth" / "ants_002.parquet")
    tracks = simulate_tracks(CONFIG, 1)
    video = poses.info.video
    assert (video.path, video.width, video.height, video.fps, video.frame_count) == ("ants_002.mp4", 200, 160, 24, 12)
    assert video.fingerprint == fingerprint(paths[2])
    assert poses.info.frames == ((0, 12),)
    assert poses.info.skeleton == ANT_SKELETON
    assert not poses.predicted.any()
    assert len(poses) == tracks.visible.any(axis=-1).sum()
    ants = [tracks.names.index(name) for name in poses.track]
    expected = np.where(tracks.visible[..., None], tracks.points, np.nan)[poses.frame_idx, ants]
    np.testing.assert_array_equal(poses.points, expected.astype(np.float32))


def test_one_frame_one_ant(tmp_path):
    paths = simulate(tmp_path, SimulateConfig(videos=1, ants=1, frames=1, width=128, height=128))
    assert len(sio.load_slp(str(paths[-1])).labeled_frames) == 1
    assert len(read_poses(paths[1])) == 1


@pytest.mark.parametrize(
    ("frames", "count", "expected"), [(10, 5, [1, 3, 5, 7, 9]), (3, 20, [0, 1, 2]), (100, 1, [50]), (7, 3, [1, 3, 5])]
)
def test_labelled_frames_are_spread_evenly(frames, count, expected):
    assert labelled_frames(SimulateConfig(frames=frames, labelled_frames=count)).tolist() == expected


def test_labels_come_last_and_a_failed_run_leaves_no_halves(tmp_path, monkeypatch):
    def fail(scene, studio, frame):
        if frame == 3 and scene.video == 1:
            raise OSError("disk full")
        return np.zeros((160, 200, 3), np.uint8)

    monkeypatch.setattr(module, "render_frame", fail)
    with pytest.raises(OSError, match="disk full"):
        simulate(tmp_path, CONFIG)
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert files == ["ants_001.mp4", "truth/ants_001.parquet"]
