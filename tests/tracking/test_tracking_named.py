import itertools

import numpy as np
import pytest

from antpipe.config.tracking import TrackConfig
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import read_poses, write_poses
from antpipe.tracking.track import track_file, track_poses

NAN = np.nan
BODY = np.array([[-15.0, 0.0], [0.0, 5.0], [15.0, 0.0]])


def predictions(frames, classes=("queen", "worker")):
    """A table of predictions of a model that tells animals apart: per frame [(x, name or None)]."""
    video = VideoMeta(path="film.mp4", width=640, height=480, fps=25.0, frame_count=len(frames))
    record = {"prediction": {"classes": list(classes)}} if classes is not None else {}
    info = PosesInfo(
        skeleton=Skeleton(nodes=("head", "thorax", "tail")), video=video, frames=((0, len(frames)),), provenance=record
    )
    rows = [(index, x, name) for index, animals in enumerate(frames) for x, name in animals]
    return make_poses(
        info,
        frame_idx=np.array([index for index, *_ in rows]),
        points=np.array([BODY + np.array([x, 50.0]) for _, x, _ in rows]),
        tracking_score=np.array([NAN if name is None else 0.75 for *_, name in rows]),
        track=[name for *_, name in rows],
    )


def track(poses, *cuts, **config):
    edges = np.searchsorted(poses.frame_idx, [0, *cuts, 10**6])
    parts = [poses[slice(start, stop)] for start, stop in itertools.pairwise(edges)]
    tracked = list(track_poses(iter(parts), TrackConfig(**config)))
    return [name for part in tracked for name in part.track], np.concatenate([p.tracking_score for p in tracked])


def test_an_animal_keeps_the_name_and_the_score_that_the_model_gave_it():
    # The two change places within one frame, which no linking by distance would follow.
    frames = [[(100, "queen"), (300, "worker")], [(300, "queen"), (100, "worker")], [(100, "worker"), (300, "queen")]]
    names, scores = track(predictions(frames))
    assert names == ["queen", "worker", "queen", "worker", "worker", "queen"]
    assert (scores == 0.75).all()


@pytest.mark.parametrize("cuts", [(), (2,), (1, 2, 3)])
def test_gaps_between_names_are_filled_by_linking(cuts):
    frames = [
        [(100, "queen"), (300, "worker")],
        [(104, None), (304, "worker")],
        [(308, None), (108, None)],
        [(112, "queen"), (312, None)],
    ]
    names, scores = track(predictions(frames), *cuts)
    assert names == ["queen", "worker", "queen", "worker", "worker", "queen", "queen", "worker"]
    linked = np.array([False, False, True, False, True, True, False, True])
    assert (scores[~linked] == 0.75).all()
    assert (scores[linked] != 0.75).all()
    assert ((scores[linked] > 0) & (scores[linked] <= 1)).all()


def test_an_unnamed_animal_does_not_take_a_name_that_is_taken():
    # Nearer to where the queen was than the one that the model calls queen.
    frames = [[(100, "queen")], [(101, None), (130, "queen")], [(101, None), (131, "queen")]]
    names, _ = track(predictions(frames))
    assert names == ["queen", "track_0", "queen", "track_0", "queen"]


def test_strangers_get_tracks_that_are_no_classes():
    frames = [[(100, "track_0"), (300, None), (500, None)], [(300, None), (500, None), (101, "track_0")]]
    names, _ = track(predictions(frames, classes=("track_0", "track_2")))
    assert names == ["track_0", "track_1", "track_3", "track_1", "track_3", "track_0"]


@pytest.mark.parametrize(
    ("most", "expected"), [(2, [None, None]), (3, ["track_0", None]), (None, ["track_0", "track_1"])]
)
def test_classes_count_as_tracks(most, expected):
    # Also before they are seen, so that the first stranger does not take their place.
    names, _ = track(predictions([[(300, None), (500, None)], [(100, "queen"), (200, "worker")]]), max_tracks=most)
    assert names == [*expected, "queen", "worker"]


def test_a_name_that_comes_back_after_a_long_time_is_the_same_animal():
    frames = [[(100, "queen")], *[[]] * 30, [(600, "queen")], [(603, None)]]
    names, _ = track(predictions(frames), window=5)
    assert names == ["queen", "queen", "queen"]


@pytest.mark.parametrize("classes", [(), None])
def test_tracks_that_no_model_gave_are_made_anew(classes):
    names, scores = track(predictions([[(100, "old")], [(101, "other")]], classes))
    assert names == ["track_0", "track_0"]
    assert np.isnan(scores[0])


def test_tracking_a_tracked_file_again_changes_nothing(tmp_path):
    frames = [[(100, "queen"), (300, None)], [(102, None), (303, None)], [(104, "queen"), (306, "worker")]]
    write_poses(tmp_path / "p.parquet", predictions(frames))
    track_file(tmp_path / "p.parquet", tmp_path / "t.parquet", TrackConfig())
    track_file(tmp_path / "t.parquet", tmp_path / "again.parquet", TrackConfig())
    once, twice = read_poses(tmp_path / "t.parquet"), read_poses(tmp_path / "again.parquet")
    assert once.track.tolist() == twice.track.tolist() == ["queen", "track_0", "queen", "track_0", "queen", "worker"]
    np.testing.assert_array_equal(once.tracking_score, twice.tracking_score)


def test_a_frame_in_which_all_have_names_needs_no_links():
    frames = [[(100, "queen"), (300, "worker")], [(101, "worker"), (301, "queen")], []]
    names, scores = track(predictions(frames))
    assert names == ["queen", "worker", "worker", "queen"]
    assert (scores == 0.75).all()
