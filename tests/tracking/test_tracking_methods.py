"""What holds for every tracking method."""

import numpy as np
import pytest
from drawn_walks import animals, dots, per_frame, table, track, tracked, walk

from antpipe.config.tracking import OWN_SETTINGS, TrackConfig
from antpipe.errors import PosesError
from antpipe.tracking.registry import METHODS
from antpipe.tracking.track import track_poses

NEEDS = {
    "kalman": {"target_instance_count": 3, "kf_init_frame_count": 5},
    "simplemaxtracks": {"max_tracks": 3},
    "flowmaxtracks": {"max_tracks": 3},
}
"""What some methods cannot do without."""


def grey(index):
    """A film in which nothing is to be seen."""
    return np.full((480, 640, 1), 128, np.uint8)


def settings(method, **more):
    return {"method": method, **NEEDS.get(method, {}), **more}


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


def three(frames=20, seed=0):
    """Three animals that stand far apart, in random order; each is missed now and then."""
    rng = np.random.default_rng(seed)
    places = np.array([(100.0, 100.0), (300.0, 100.0), (500.0, 300.0)])
    shown = [rng.permutation(3)[: 3 - (t > 5 and rng.random() < 0.4)] for t in range(frames)]
    return [animals(*places[order]) + rng.normal(0, 0.3, (len(order), 4, 2)) for order in shown], shown


def test_every_method_has_its_settings_written_down():
    assert set(OWN_SETTINGS) == set(METHODS)


def test_animals_that_stand_far_apart_keep_their_names(method):
    frames, shown = three()
    names = track(frames, images=grey, **settings(method))
    who = {}
    for found, order in zip(names, shown, strict=True):
        for name, animal in zip(found, order, strict=True):
            assert name is not None
            assert who.setdefault(name, animal) == animal
    assert sorted(who) == ["track_0", "track_1", "track_2"]


def test_in_parts_it_is_the_same_as_in_one_go(method):
    frames, _ = three()
    whole = tracked(frames, images=grey, **settings(method))
    parts = [table(frames[a:b], first=a) for a, b in ((0, 1), (1, 7), (7, 7), (7, 19), (19, 20))]
    results = list(track_poses(parts, TrackConfig(**settings(method)), grey))
    assert [name for part in results for name in part.track] == list(whole.track)
    np.testing.assert_array_equal(np.concatenate([p.tracking_score for p in results]), whole.tracking_score)


def test_a_video_without_animals_has_no_tracks(method):
    empty = table([animals()] * 5)
    (result,) = track_poses([empty], TrackConfig(**settings(method)), grey)
    assert len(result) == 0
    assert list(track_poses([], TrackConfig(**settings(method)), grey)) == []


def test_instances_without_a_visible_node_stay_in_the_table_without_a_track(method):
    frames, _ = three()
    nothing = np.full((1, 4, 2), np.nan)
    with_nothing = [np.concatenate([nothing, poses, nothing]) for poses in frames]
    names = track(with_nothing, images=grey, **settings(method))
    assert all(found[0] is None and found[-1] is None for found in names)
    assert [found[1:-1] for found in names] == track(frames, images=grey, **settings(method))


def test_skeletons_of_one_node_are_tracked(method):
    rng = np.random.default_rng(0)
    places = np.array([(100.0, 100.0), (200.0, 120.0), (320.0, 100.0)])
    orders = [rng.permutation(3) for _ in range(15)]
    frames = [dots(*places[order]) + rng.normal(0, 0.3, (3, 1, 2)) for order in orders]
    names = track(frames, images=grey, **settings(method))
    first = dict(zip(orders[0], names[0], strict=True))
    assert None not in names[0]
    assert names == [[first[animal] for animal in order] for order in orders]


def test_frames_may_be_missing(method):
    frames, _ = three()
    frames[9] = frames[11] = None
    names = track(frames, images=grey, **settings(method))
    assert {name for found in names if found for name in found} == {"track_0", "track_1", "track_2"}


@pytest.mark.parametrize("frame_idx", [[0, 0, 2, 1], [3, 1, 2, 3]])
def test_frames_out_of_order_are_refused(method, frame_idx):
    poses = table([animals((0, 0))] * 4)
    poses.frame_idx[:] = frame_idx
    with pytest.raises(
        PosesError, match=r"film\.mp4: expected whole frames in order, but frame 1 comes after frame [23]"
    ):
        list(track_poses([poses], TrackConfig(**settings(method)), grey))


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 2), (5, 0)])
def test_a_frame_in_two_tables_or_before_the_last_one_is_refused(method, first, second):
    parts = [table([animals((0, 0))] * 3, first=first), table([animals((0, 0))] * 3, first=second)]
    with pytest.raises(PosesError, match=f"frame {second} comes after frame {first + 2}"):
        list(track_poses(parts, TrackConfig(**settings(method)), grey))


def test_many_instances_in_a_frame_are_no_trouble(method):
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(25) * 60.0, np.arange(20) * 60.0), axis=-1).reshape(-1, 2)
    orders = [rng.permutation(500) for _ in range(3)]
    needs = {name: 500 for name in NEEDS.get(method, {}) if name != "kf_init_frame_count"}
    frames = [animals(*grid[order]) for order in orders]
    names = track(frames, images=grey, **{**settings(method), **needs})
    first = dict(zip(orders[0], names[0], strict=True))
    assert len(set(names[0])) == 500
    assert names[1:] == [[first[animal] for animal in order] for order in orders[1:]]


def test_no_name_is_twice_in_a_frame_and_the_limit_holds(method):
    # Instances all over the place, on top of each other, some with nearly nothing visible.
    rng = np.random.default_rng(1)
    frames = []
    for _ in range(60):
        poses = animals(*rng.uniform(0, 200, (rng.integers(0, 9), 2)))
        poses[rng.random(poses.shape[:2]) < 0.4] = np.nan
        frames.append(np.concatenate([poses, poses[:1]]))
    result = tracked(frames, [rng.random(len(p)) for p in frames], images=grey, **settings(method))
    for found in per_frame(result, frames):
        named = [name for name in found if name is not None]
        assert len(set(named)) == len(named)
    untracked = np.array([name is None for name in result.track])
    assert np.isnan(result.tracking_score[untracked]).all()
    if "max_tracks" in OWN_SETTINGS[method]:
        limited = tracked(frames, images=grey, **settings(method, max_tracks=3))
        assert set(limited.track) - {None} <= {"track_0", "track_1", "track_2"}


def test_named_animals_keep_their_names(method):
    frames, shown = three()
    classes = ("a", "b", "c")
    rng = np.random.default_rng(3)
    names = [classes[animal] if rng.random() < 0.5 else None for order in shown for animal in order]
    names[:3] = [classes[animal] for animal in shown[0]]
    poses = table(frames, classes=classes, names=names, tracking_score=[0.5 if name else np.nan for name in names])
    (result,) = track_poses([poses], TrackConfig(**settings(method)), grey)
    assert list(result.track) == [classes[animal] for order in shown for animal in order]
    was_named = np.array([name is not None for name in names])
    assert (result.tracking_score[was_named] == 0.5).all()
    assert (result.tracking_score[~was_named] != 0.5).all()


def test_of_two_instances_with_one_name_the_surer_one_has_it(method):
    poses = table(
        [animals((100, 100), (300, 300))] * 3,
        classes=("a",),
        names=["a", "a"] * 3,
        tracking_score=[0.4, 0.9, 0.9, 0.4, 0.4, 0.9],
    )
    (result,) = track_poses([poses], TrackConfig(**settings(method)), grey)
    assert [list(result.track[i : i + 2]).index("a") for i in (0, 2, 4)] == [1, 0, 1]
    assert list(result.track).count("a") == 3


def test_it_is_the_same_every_time(method):
    places, _ = walk(6, 60, side=300.0, seed=4)
    frames = [animals(*now) for now in places]
    assert track(frames, images=grey, **settings(method)) == track(frames, images=grey, **settings(method))
