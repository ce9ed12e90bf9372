import itertools
from dataclasses import replace

import numpy as np
import pytest
from drawn_stitch import film, info_of, named, parts_of, place_bodies, stitched, walkers

from antpipe.config.stitching import StitchConfig
from antpipe.errors import ConfigError, PosesError
from antpipe.evaluation.tracking import tracking_metrics
from antpipe.labels.read import read_labels
from antpipe.poses import Skeleton, empty_poses, make_poses
from antpipe.poses_file import read_poses, write_poses, write_poses_to
from antpipe.tracking.events import read_events
from antpipe.tracking.stitch import stitch_file

NAN = np.nan


def rows_of(poses, animal, points):
    """The rows of the table in which the animal was found."""
    return [
        int(np.flatnonzero((poses.frame_idx == t) & (np.abs(poses.points[:, 1] - p[animal, 1]).max(axis=1) < 1e-3))[0])
        for t, p in enumerate(points)
        if ((poses.frame_idx == t) & (np.abs(poses.points[:, 1] - p[animal, 1]).max(axis=1) < 1e-3)).any()
    ]


def crossing(frames=80, sizes=(1.0, 1.0)):
    """Two animals that walk through each other, one to the right and one to the left, 6 pixels apart at most."""
    x = np.linspace(200, 600, frames)
    place = np.stack(
        [np.stack([x, np.full(frames, 300.0)], -1), np.stack([x[::-1], np.full(frames, 306.0)], -1)], axis=1
    )
    heading = np.stack([np.zeros(frames), np.full(frames, np.pi)], axis=1)
    noise = np.random.default_rng(0).normal(0, 0.3, (frames, 2, 5, 2))
    return place_bodies(place, heading, list(sizes)) + noise


@pytest.mark.parametrize("gap", [1, 5, 30])
def test_a_track_that_broke_off_is_joined(gap):
    points = walkers(np.random.default_rng(1), 300, [1.0, 1.4])
    tracks = named(300, ["a", "b"])
    tracks[100 : 100 + gap, 0] = ""
    tracks[100 + gap :, 0] = "c"
    poses = film(points, tracks)
    found, events = stitched(poses)
    assert set(found) == {"c" if gap < 100 else "a", "b"}
    assert len(set(found[rows_of(poses, 0, points)])) == 1
    joined = [e for e in events if e.kind == "join"]
    assert [(e.frame_idx, e.gap) for e in joined] == [(100 + gap, gap)]
    assert joined[0].confidence > 0.9
    assert (joined[0].x, joined[0].y) == pytest.approx(points[100 + gap, 0].mean(axis=0), abs=1e-3)


def test_a_longer_gap_than_max_gap_stays():
    points = walkers(np.random.default_rng(1), 300, [1.0])
    tracks = named(300, ["a"])
    tracks[100:130], tracks[130:] = "", "c"
    assert len(set(stitched(film(points, tracks))[0])) == 1
    assert len(set(stitched(film(points, tracks), max_gap=30)[0])) == 2


def test_strangers_are_not_joined():
    # One walks out of the picture to the right, another one comes in there 12 frames later.
    x = np.concatenate([np.linspace(500, 800, 100), np.linspace(795, 500, 100)])
    place = np.stack([x, np.full(200, 300.0)], axis=-1)[:, None]
    heading = np.repeat([0, np.pi], 100)[:, None]
    points = place_bodies(place, heading, [1.0]) + np.random.default_rng(0).normal(0, 0.3, (200, 1, 5, 2))
    tracks = named(200, ["a"])
    tracks[95:107], tracks[107:] = "", "b"
    found, events = stitched(film(points, tracks))
    assert set(found) == {"a", "b"}
    assert {e.kind for e in events} == {"start", "end"}


def test_who_is_too_far_away_is_not_joined():
    points = walkers(np.random.default_rng(2), 200, [1.0])
    points[100:] += 150 * np.sign(400 - points[100, 0, 0, 0])
    tracks = named(200, ["a"])
    tracks[100:] = "b"
    assert set(stitched(film(points, tracks))[0]) == {"a", "b"}


@pytest.mark.parametrize(("others", "joined"), [(0, True), (10, False)])
def test_who_leaps_is_the_same_animal_unless_others_come_and_go(others, joined):
    frames = 1500
    points = walkers(np.random.default_rng(2), frames, [1.0] * (2 + others))
    points[700:, 0] += 16 * np.sign(400 - points[700, 0, 0, 0])
    tracks = named(frames, ["a", "b"] + [""] * others)
    tracks[700:, 0] = "c"
    for other, start in itertools.product(range(others), range(20, frames, 50)):
        tracks[start : start + 20, 2 + other] = f"{other} {start}"
    poses = film(points, tracks)
    found, _ = stitched(poses)
    assert (len(set(found[rows_of(poses, 0, points)])) == 1) is joined


@pytest.mark.parametrize("swapped", [True, False])
@pytest.mark.parametrize("sizes", [(1.0, 1.0), (1.0, 1.3)])
def test_tracks_that_changed_animals_at_a_crossing_are_mended(swapped, sizes):
    points = crossing(sizes=sizes)
    tracks = named(80, ["a", "b"])
    if swapped:
        tracks[40:] = tracks[40:, ::-1]
    poses = film(points, tracks)
    found, events = stitched(poses)
    assert len(set(found[rows_of(poses, 0, points)])) == len(set(found[rows_of(poses, 1, points)])) == 1
    repairs = [e for e in events if e.kind == "repair"]
    assert len(repairs) == 2 * swapped
    assert all(abs(e.frame_idx - 40) <= 2 and {e.track, e.other} == {"a", "b"} for e in repairs)


def test_a_swap_between_animals_of_other_sizes_is_mended_although_they_stood_still():
    rng = np.random.default_rng(3)
    place = np.array([[300.0, 300], [312, 300]]) + rng.normal(0, 0.5, (400, 2, 2))
    apart = walkers(np.random.default_rng(5), 900, [1.0, 1.35])
    together = place_bodies(place, np.zeros((400, 2)) + rng.normal(0, 0.05, (400, 2)), [1.0, 1.35])
    points = np.concatenate([apart[:250] * 0.9, together, apart[250:500] * 0.9])
    tracks = named(900, ["a", "b"])
    # They meet and part too far from where they stood to tell by movement.
    tracks[240:255] = tracks[645:660] = ""
    tracks[450:] = tracks[450:, ::-1]
    poses = film(points, tracks)
    found, _ = stitched(poses, max_gap=20, closeness=1.0)
    for animal in (0, 1):
        names, counts = np.unique(found[rows_of(poses, animal, points)].astype(str), return_counts=True)
        assert counts.max() > 0.95 * counts.sum(), names


def random_film(seed, frames=250, animals=6, missed=0.1):
    """A crowd whose tracks break and change animals at random."""
    rng = np.random.default_rng(seed)
    points = walkers(rng, frames, list(rng.uniform(0.7, 1.4, animals)))
    points[rng.random(points.shape[:3]) < 0.1] = NAN
    names = np.array([f"t{i}" for i in range(animals)], object)
    tracks = np.empty((frames, animals), object)
    for t in range(frames):
        if rng.random() < 0.05:
            i, j = rng.choice(animals, 2, replace=False)
            names[[i, j]] = names[[j, i]]
        if rng.random() < 0.05:
            names[rng.integers(animals)] = f"t{t + 100}"
        tracks[t] = np.where(rng.random(animals) < missed, "", names)
    tracks[rng.random(tracks.shape) < 0.02] = "none"
    return film(points, tracks)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("animals", [None, 6])
def test_no_track_is_on_two_instances_of_a_frame_and_none_is_lost(seed, animals):
    poses = random_film(seed)
    found, events = stitched(poses, animals=animals, min_length=1, ghost_nodes=0)
    known = found != None  # noqa: E711
    pairs = list(zip(poses.frame_idx[known], found[known], strict=True))
    assert len(set(pairs)) == len(pairs)
    assert not known[poses.track == None].any()  # noqa: E711
    if animals is None:
        assert known.sum() == (poses.track != None).sum()  # noqa: E711
    for kind in ("start", "end"):
        assert sorted(e.track for e in events if e.kind == kind) == sorted(set(found[known]))


@pytest.mark.parametrize("rows", [1, 50, 400])
def test_the_size_of_the_tables_does_not_matter(rows):
    points = walkers(np.random.default_rng(4), 120, [1.0, 1.2, 0.8])
    tracks = named(120, ["a", "b", "c"])
    tracks[50:58, 0], tracks[58:, 0] = "", "d"
    poses = film(points, tracks)
    whole, events = stitched(poses)
    in_parts, events_in_parts = stitched(poses, rows=rows)
    assert in_parts.tolist() == whole.tolist()
    assert [(e.frame_idx, e.kind, e.track) for e in events_in_parts] == [(e.frame_idx, e.kind, e.track) for e in events]


def test_ghosts_and_short_tracks_lose_their_name_but_stay():
    points = walkers(np.random.default_rng(1), 100, [1.0, 1.0, 1.0])
    points[:, 2, 1:] = NAN
    tracks = named(100, ["a", "b", "leg"])
    tracks[2:, 1] = ""
    found, _ = stitched(film(points, tracks), least_odds=1e9)
    assert set(found) == {"a", None}
    assert set(stitched(film(points, tracks), least_odds=1e9, min_length=1, ghost_nodes=0.1)[0]) == {"a", "b", "leg"}


@pytest.mark.parametrize(("score", "kept"), [(0.9, True), (0.5, False), (NAN, True)])
def test_what_was_found_rarely_and_badly_is_a_ghost_and_joins_nothing(score, kept):
    points = walkers(np.random.default_rng(1), 100, [1.0, 1.0])
    tracks = named(100, ["a", "b"])
    tracks[50:53, 1], tracks[53:, 1] = "between", "after"
    poses = film(points, tracks)
    poses.instance_score[:] = np.where(poses.track == "between", score, 0.95)
    found, _ = stitched(poses)
    assert set(found[poses.track == "between"]) == ({"b"} if kept else {None})
    assert set(found[poses.track == "after"]) == {"b"}
    known = replace(poses, info=replace(poses.info, provenance={"prediction": {"classes": ["between"]}}))
    assert set(stitched(known)[0][poses.track == "between"]) <= {"b", "between"}


def test_animals_known_by_name_are_never_joined():
    points = walkers(np.random.default_rng(1), 200, [1.0])
    tracks = named(200, ["queen"])
    tracks[100:] = "king"
    classes = {"prediction": {"classes": ["queen", "king"]}}
    assert len(set(stitched(film(points, tracks))[0])) == 1
    assert set(stitched(film(points, tracks, provenance=classes))[0]) == {"queen", "king"}
    # Nor by way of one without a name.
    tracks[90:110] = "track_0"
    found, _ = stitched(film(points, tracks, provenance=classes))
    assert {"queen", "king"} <= set(found)
    assert set(found) <= {"queen", "king", "track_0"}
    tracks[110:] = "track_0"
    assert set(stitched(film(points, tracks, provenance=classes))[0]) == {"queen"}


def test_one_node_is_enough_to_be_joined():
    one = Skeleton(nodes=("thorax",))
    points = walkers(np.random.default_rng(1), 300, [1.0, 1.0])[:, :, 1:2]
    tracks = named(300, ["a", "b"])
    tracks[100:110, 0], tracks[110:, 0] = "", "c"
    found, _ = stitched(film(points, tracks, skeleton=one))
    assert set(found) == {"b", "c"}


@pytest.mark.parametrize(
    "poses",
    [
        pytest.param(empty_poses(info_of(10)), id="nothing"),
        pytest.param(film(np.full((10, 2, 5, 2), NAN), named(10, ["a", "b"])), id="nothing visible"),
        pytest.param(film(walkers(np.random.default_rng(0), 3, [1.0]), named(3, ["a"])), id="three frames"),
        pytest.param(film(walkers(np.random.default_rng(0), 60, [1.0]), named(60, ["none"])), id="no track"),
        pytest.param(film(np.full((60, 1, 5, 2), 5.0), named(60, ["a"])), id="all nodes in one place for ever"),
        pytest.param(
            film(walkers(np.random.default_rng(0), 2, [1.0] * 9)[:1], named(1, list("abcdefghi"))), id="one frame"
        ),
    ],
)
def test_what_cannot_be_joined_stays_as_it_is(poses):
    found, _ = stitched(poses, min_length=1)
    visible = ~np.isnan(poses.points[..., 0]).all(axis=1)
    assert found[visible].tolist() == poses.track[visible].tolist()


def test_the_second_instance_of_a_track_in_a_frame_loses_its_name():
    points = walkers(np.random.default_rng(0), 60, [1.0, 1.0])
    found, _ = stitched(film(points, named(60, ["a", "a"])))
    assert found.tolist() == ["a", None] * 60


@pytest.fixture
def files(tmp_path):
    return tmp_path / "tracks.parquet", tmp_path / "out.parquet", tmp_path / "events.tsv"


def test_files(files):
    points = walkers(np.random.default_rng(1), 200, [1.0, 1.3])
    tracks = named(200, ["a", "b"])
    tracks[80:90, 0], tracks[90:, 0] = "", "ü c"
    poses = film(points, tracks)
    with write_poses_to(files[0], poses.info) as writer:
        for part in parts_of(poses, 50):
            writer.write(part)
    stitch_file(*files, StitchConfig())
    result = read_poses(files[1])
    assert set(result.track) == {"b", "ü c"}
    np.testing.assert_array_equal(result.points, poses.points)
    assert result.info.provenance["stitching"]["settings"]["max_gap"] == 96
    assert [e.kind for e in read_events(files[2])] == ["start", "start", "join", "end", "end"]
    before = [path.read_bytes() for path in files[1:]]
    stitch_file(*files, StitchConfig())
    assert [path.read_bytes() for path in files[1:]] == before


def test_pixels_without_a_video_are_refused(files):
    write_poses(files[0], empty_poses(info_of(5)))
    with pytest.raises(ConfigError, match=r"stitch\.appearance needs the video, got none"):
        stitch_file(*files, StitchConfig(appearance=True))
    assert not files[1].exists()


def test_a_missing_file_is_refused(files):
    with pytest.raises(PosesError, match="not found"):
        stitch_file(*files, StitchConfig())


def test_27_fragments_of_two_flies_become_two_tracks(shared_data):
    folder = shared_data / "fly_clips" / "centered_pair_24nodes"
    poses = from_labels(folder / "centered_pair_predictions.slp")
    assert len(set(poses.track)) == 27
    found, _ = stitched(poses)
    truth = from_labels(folder / "centered_pair_predictions.clean.slp")
    result = tracking_metrics(frames_of(truth, truth.track), frames_of(poses, found))
    assert {name: result[name] for name in ("HOTA", "IDF1", "MOTA", "tracks", "id_switches")} == {
        "HOTA": 1,
        "IDF1": 1,
        "MOTA": 1,
        "tracks": 2,
        "id_switches": 0,
    }


def from_labels(path):
    labels = read_labels(path)
    skeleton = labels.skeletons[0]
    edges = tuple((edge.source.name, edge.destination.name) for edge in skeleton.edges)
    rows = [(f.frame_idx, i) for f in sorted(labels.labeled_frames, key=lambda f: f.frame_idx) for i in f.instances]
    return make_poses(
        info_of(1100, Skeleton(nodes=tuple(skeleton.node_names), edges=edges)),
        frame_idx=[frame for frame, _ in rows],
        points=np.array([instance.numpy() for _, instance in rows]),
        track=[instance.track.name for _, instance in rows],
    )


def frames_of(poses, tracks):
    frames = []
    for t in range(1100):
        rows = np.flatnonzero((poses.frame_idx == t) & (tracks != None))  # noqa: E711
        frames.append((tracks[rows].tolist(), poses.points[rows].astype(float)))
    return frames


def test_ten_thousand_tracklets_take_little_time_and_memory():
    # 10,000 tracks of 4 frames: a table of all pairs would have 10^8 entries.
    rng = np.random.default_rng(0)
    starts = np.sort(rng.integers(0, 2000, 10_000))
    place = rng.uniform(100, 500, (10_000, 1, 2))
    body = np.array([[-5.0, 0], [0, 0], [5, 0]])
    frame = (starts[:, None] + np.arange(4)).ravel()
    points = (place[:, None] + body + rng.normal(0, 0.2, (10_000, 4, 3, 2))).reshape(-1, 3, 2)
    names = np.repeat([f"t{i}" for i in range(10_000)], 4)
    order = np.argsort(frame, kind="stable")
    skeleton = Skeleton(nodes=("a", "b", "c"))
    poses = make_poses(
        info_of(2010, skeleton), frame_idx=frame[order], points=points[order], track=names[order].astype(object)
    )
    found, events = stitched(poses, rows=4000)
    assert len(found) == 40_000
    assert len(list(itertools.islice((e for e in events if e.kind == "join"), 1))) == 1
