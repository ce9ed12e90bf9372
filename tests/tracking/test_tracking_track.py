import itertools

import numpy as np
import pytest

from antpipe import poses_file
from antpipe.config.tracking import TrackConfig
from antpipe.errors import PosesError
from antpipe.labels.read import read_labels
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import read_poses, write_poses, write_poses_to
from antpipe.tracking.track import track_file, track_poses

NAN = np.nan
BODY = np.array([[-15.0, 0.0], [0.0, 5.0], [15.0, 0.0]])


def info_of(frames, nodes=("head", "thorax", "tail"), name="film.mp4"):
    video = VideoMeta(path=name, width=640, height=480, fps=25.0, frame_count=frames)
    return PosesInfo(
        skeleton=Skeleton(nodes=nodes), video=video, frames=((0, frames),), provenance={"prediction": {"by": "test"}}
    )


def drawn(frames=40, animals=4, seed=0, missed=0.15):
    """Predictions of animals that walk on circles beside each other; some are missed, in some a node is."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, animals)
    frame_idx, points = [], []
    for t in range(frames):
        for animal in rng.permutation(animals):
            if rng.random() >= missed:
                at = [90.0 * animal + 30 * np.cos(phase[animal] + 0.15 * t), 30 * np.sin(phase[animal] + 0.15 * t)]
                pose = BODY + at
                if rng.random() < 0.1:
                    pose[rng.integers(3)] = NAN
                frame_idx.append(t)
                points.append(pose)
    return make_poses(info_of(frames), frame_idx=np.array(frame_idx), points=np.array(points).reshape(-1, 3, 2))


def split_at(poses, *frames):
    edges = np.searchsorted(poses.frame_idx, [0, *frames, 10**6])
    return [poses[slice(start, stop)] for start, stop in itertools.pairwise(edges)]


def track(parts, **config):
    tracked = list(track_poses(iter(parts), TrackConfig(**config)))
    return [name for part in tracked for name in part.track], np.concatenate([p.tracking_score for p in tracked])


@pytest.mark.parametrize("cuts", [(20,), (1, 2, 3), (7, 7, 30), (0, 39, 40)])
def test_in_parts_it_is_the_same_as_in_one_go(cuts):
    poses = drawn()
    names, scores = track([poses])
    parts, part_scores = track(split_at(poses, *cuts))
    assert parts == names
    np.testing.assert_array_equal(part_scores, scores)
    assert set(names) == {"track_0", "track_1", "track_2", "track_3"}


def test_every_video_starts_with_its_own_first_track():
    first, _ = track([drawn(seed=1)])
    second, _ = track([drawn(seed=2)])
    assert first[0] == second[0] == "track_0"


def test_everything_but_the_track_stays_as_it_was():
    poses = drawn()
    (tracked,) = track_poses(iter([poses]), TrackConfig())
    for name in ("frame_idx", "instance_idx", "points", "point_scores", "instance_score", "predicted", "time_s"):
        np.testing.assert_array_equal(getattr(tracked, name), getattr(poses, name))
    assert all(name is None for name in poses.track)


def test_surplus_instances_stay_in_the_table():
    poses = drawn(animals=5, missed=0)
    names, scores = track([poses], max_tracks=3)
    assert len(names) == len(poses)
    assert set(names) == {"track_0", "track_1", "track_2", None}
    assert sum(name is None for name in names) == 2 * 40
    assert np.isnan(scores[[name is None for name in names]]).all()


def test_a_file_becomes_a_tracked_file(tmp_path, monkeypatch):
    # Row groups of a few rows, so that the tracks go on over many of them.
    monkeypatch.setattr(poses_file, "ROWS_PER_GROUP", 7)
    poses = drawn()
    with write_poses_to(tmp_path / "predictions ü.parquet", poses.info) as writer:
        for part in split_at(poses, *range(1, 40)):
            writer.write(part)
    track_file(tmp_path / "predictions ü.parquet", tmp_path / "tracks.parquet", TrackConfig(window=9))
    tracked = read_poses(tmp_path / "tracks.parquet")
    assert tracked.track.tolist() == track([poses], window=9)[0]
    np.testing.assert_array_equal(tracked.points, poses.points)
    assert tracked.info.frames == poses.info.frames
    assert tracked.info.provenance["prediction"] == {"by": "test"}
    assert tracked.info.provenance["tracking"]["command"] == "antpipe track"
    assert tracked.info.provenance["tracking"]["settings"]["window"] == 9


def test_tracking_twice_gives_the_same_bytes(tmp_path):
    write_poses(tmp_path / "p.parquet", drawn())
    for name in ("a", "b"):
        track_file(tmp_path / "p.parquet", tmp_path / name, TrackConfig())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("min_length", [1, 3, 4, 100])
def test_short_tracks_lose_their_name_and_keep_their_instances(tmp_path, min_length):
    frame_idx = np.array([0, 0, 1, 1, 2, 2, 3])
    places = [(0, 0), (200, 0), (1, 0), (201, 0), (2, 0), (202, 0), (3, 0)]
    poses = make_poses(info_of(4), frame_idx=frame_idx, points=np.array([BODY + p for p in places]))
    write_poses(tmp_path / "p.parquet", poses)
    track_file(tmp_path / "p.parquet", tmp_path / "t.parquet", TrackConfig(min_length=min_length))
    tracked = read_poses(tmp_path / "t.parquet")
    long, short = ("track_0" if min_length <= 4 else None), ("track_1" if min_length <= 3 else None)
    assert tracked.track.tolist() == [long, short, long, short, long, short, long]
    unnamed = [name is None for name in tracked.track]
    assert np.isnan(tracked.tracking_score[unnamed]).all()


@pytest.mark.parametrize("min_length", [1, 2])
def test_a_video_without_animals_is_a_table_without_rows(tmp_path, min_length):
    empty = make_poses(info_of(10), frame_idx=np.zeros(0, int), points=np.zeros((0, 3, 2)))
    write_poses(tmp_path / "p.parquet", empty)
    track_file(tmp_path / "p.parquet", tmp_path / "t.parquet", TrackConfig(min_length=min_length))
    tracked = read_poses(tmp_path / "t.parquet")
    assert len(tracked) == 0
    assert tracked.info.frame_total == 10


@pytest.mark.parametrize("content", [None, b"", b"no Parquet"])
def test_what_is_no_poses_file_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "p.parquet").write_bytes(content)
    with pytest.raises(PosesError, match=r"p\.parquet"):
        track_file(tmp_path / "p.parquet", tmp_path / "t.parquet", TrackConfig())
    assert not (tmp_path / "t.parquet").exists()


def of_flies(path):
    """Predictions of a SLEAP file as a table, and the track that SLEAP gave to each row."""
    labels = read_labels(path)
    rows = sorted((frame.frame_idx, i) for frame in labels.labeled_frames for i in range(len(frame.instances)))
    frames = {frame.frame_idx: frame for frame in labels.labeled_frames}
    instances = [frames[frame_idx].instances[i] for frame_idx, i in rows]
    points = np.array([instance.numpy() for instance in instances])
    info = info_of(rows[-1][0] + 1, tuple(labels.skeletons[0].node_names))
    poses = make_poses(info, frame_idx=np.array([frame_idx for frame_idx, _ in rows]), points=points)
    return poses, [instance.track.name for instance in instances]


def switches(names, true):
    """How many pairs of a given and a true name there are beyond one per true name."""
    return len(set(zip(names, true, strict=True))) - len(set(true))


def test_two_courting_flies_are_two_tracks_without_a_switch(shared_data):
    poses, true = of_flies(shared_data / "fly_clips" / "courtship_120s_13nodes" / "predictions.slp")
    names, _ = track([poses])
    assert len(names) == 6000
    assert set(names) == {"track_0", "track_1"}
    assert switches(names, true) == 0


def test_fragmented_flies_become_two_animals(shared_data):
    # The same predictions, before and after they were cleaned by hand: 27 fragments of two flies.
    poses, true = of_flies(shared_data / "fly_clips" / "centered_pair_24nodes" / "centered_pair_predictions.clean.slp")
    names, _ = track([poses])
    assert len(set(true)) == 2
    assert switches(names, true) == 0
    assert len(set(names)) <= 2
