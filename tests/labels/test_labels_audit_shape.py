"""The shape of animals: closed forms, mistakes planted into simulated ants, and real label files."""

import itertools

import numpy as np
import pytest

from antpipe.config.simulate import SimulateConfig
from antpipe.labels.audit.angles import circular_median, find_joints, measure_angles, wrap
from antpipe.labels.audit.body import fit_body
from antpipe.labels.audit.lengths import measure_lengths
from antpipe.labels.audit.pairs import find_pairs
from antpipe.labels.audit.shape import measure_shape
from antpipe.labels.audit.spread import MIN_MEASURED, side_scores, side_spreads, spread
from antpipe.labels.audit.swaps import exchanged
from antpipe.labels.audit.table import Entries, make_entries, make_table, make_tables
from antpipe.labels.read import read_labels
from antpipe.poses import Skeleton
from antpipe.synthetic.scene import simulate_tracks
from antpipe.synthetic.skeleton import ANT_SKELETON, FEET, KNEES, NODES

BODY_LENGTH = 140
PAIRS = find_pairs(ANT_SKELETON)[0]
TREE = np.array([[0, 1], [1, 2], [2, 3], [2, 4], [4, 5]])


def entries(frames):
    numbers = np.arange(frames)
    return Entries(videos=("v.mp4",), video=np.zeros(frames, int), frame_idx=numbers, frame=numbers)


def table_of(points, visible=None, skeleton=ANT_SKELETON, per_frame=10):
    rows = np.arange(len(points))
    return make_table(
        skeleton,
        entry=rows // per_frame,
        instance=rows % per_frame,
        points=points,
        visible=np.ones(points.shape[:2], bool) if visible is None else visible,
        verified=np.ones(points.shape[:2], bool),
    )


def measure(points, visible=None, **table):
    return measure_shape(table_of(points, visible, **table), entries(len(points) // 10 + 1))


@pytest.fixture(scope="module", params=["easy", "hard"])
def ants(request):
    """Points and visibility of 600 simulated ants, placed as exactly as a person clicks."""
    config = SimulateConfig(
        ants=10, frames=60, width=1920, height=1080, body_length=BODY_LENGTH, difficulty=request.param, fps=1, seed=5
    )
    tracks = simulate_tracks(config, 0)
    points = tracks.points + np.random.default_rng(0).normal(0, 1.5, tracks.points.shape)
    return points.reshape(-1, len(NODES), 2), tracks.visible.reshape(-1, len(NODES))


def test_side_spreads_are_standard_deviations_whatever_a_few_say():
    rng = np.random.default_rng(1)
    values = np.where((draws := rng.normal(size=(20_000, 1))) < 0, 3 * draws, draws)
    below, above = side_spreads(values)
    assert (below[0], above[0]) == (pytest.approx(3, rel=0.05), pytest.approx(1, rel=0.05))
    values[:400] = 1e6
    assert side_spreads(values)[1][0] < 1.4
    assert spread(values)[0] == pytest.approx(2, rel=0.2)


def test_of_few_values_nothing_is_said():
    values = np.linspace(-1, 1, MIN_MEASURED)[:, None]
    assert not np.isnan(side_scores(values, 0.1)).any()
    assert np.isnan(side_scores(values[1:], 0.1)).all()


def test_lengths_follow_the_animals_size():
    rng = np.random.default_rng(2)
    template = np.array([[0, 0], [10, 0], [25, 0], [60, 0], [30, 20], [30, 60]], float)
    sizes = np.exp(rng.normal(0, 0.3, 100))
    points = template * sizes[:, None, None]
    points[7, 5] = points[7, 4] + 2 * (points[7, 5] - points[7, 4])
    points[8, 3] = np.nan
    found = measure_lengths(points, TREE, np.zeros(100, int), np.full(100, 80.0))
    true = np.linalg.norm(template[TREE[:, 0]] - template[TREE[:, 1]], axis=1)
    np.testing.assert_allclose(found.expected[:7], true * sizes[:7, None], rtol=1e-9)
    assert np.argwhere(np.abs(found.deviation) > 1e-9).tolist() == [[7, 4]]
    assert found.deviation[7, 4] == pytest.approx(np.log(2))
    # Four edges are enough to tell the animal's size; with fewer it has the video's usual one.
    assert not np.isnan(found.scale[8])
    points[8, 5] = np.nan
    found = measure_lengths(points, TREE, np.zeros(100, int), np.full(100, 80.0))
    assert np.isnan(found.scale[8])
    assert found.expected[8, 0] == pytest.approx(10 * np.median(np.delete(sizes, 8)), rel=1e-6)


def test_angles_keep_their_sense_of_rotation():
    rng = np.random.default_rng(3)
    joints = np.array(find_joints([(0, 1), (1, 2)]))
    assert joints.tolist() == [[0, 1, 2]]
    turn = np.exp(1j * rng.uniform(0, 2 * np.pi, 60))
    bend = np.exp(1j * np.deg2rad(np.linspace(55, 65, 60)))
    places = np.stack([turn, 0 * turn, turn * bend], axis=1)
    places[5, 2] = turn[5] / bend[5]
    found = measure_angles(np.stack([places.real, places.imag], axis=-1), joints, np.full(60, 2.0))
    assert np.rad2deg(found.expected[0]) == pytest.approx(60, abs=0.5)
    assert np.rad2deg(wrap(found.value[5, 0])) == pytest.approx(-60, abs=5)
    assert np.flatnonzero(np.abs(found.score[:, 0]) > 5).tolist() == [5]


def test_circular_median_has_no_seam():
    angles = np.deg2rad([[170.0], [175], [-178], [-175], [-170], [np.nan]])
    assert np.rad2deg(circular_median(angles))[0] % 360 == pytest.approx(182)


def test_body_frame_undoes_place_turn_and_size():
    rng = np.random.default_rng(4)
    template = np.array([[0, 0], [20, 3], [50, 0], [30, 25]], float)
    turn = rng.uniform(0, 2 * np.pi, 50)
    rotation = np.stack([np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn)], axis=-1).reshape(-1, 2, 2)
    points = rng.uniform(0.5, 2, (50, 1, 1)) * (template @ rotation) + rng.uniform(0, 1000, (50, 1, 2))
    points[3, 1] = np.nan
    points[4, 1:] = np.nan
    body = fit_body(points, np.arange(3))
    known = np.delete(body.places, [3, 4], axis=0)
    np.testing.assert_allclose(known, np.broadcast_to(body.usual, known.shape), atol=1e-6)
    np.testing.assert_allclose(body.to_pixels(0, body.usual), points[0], atol=1e-3)
    np.testing.assert_allclose(body.to_pixels(3, body.usual[3:]), points[3, 3:], atol=1e-3)
    assert np.isnan(body.turn).tolist() == [row == 4 for row in range(50)]


def test_body_frame_is_not_led_astray_by_a_misplaced_node():
    points = np.tile(np.array([[0, 0], [20, 0], [40, 0], [60, 0], [100, 0]], float), (40, 1, 1))
    points += np.random.default_rng(0).normal(0, 0.5, points.shape)
    points[0, 0] = (10, 90)
    body = fit_body(points, np.arange(5))
    np.testing.assert_allclose(body.to_pixels(0, body.usual[:1])[0], (0, 0), atol=6)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (("LForeLeg", "RForeLeg", "Head"), [("LForeLeg", "RForeLeg")]),
        (("wingR", "wingL", "tail"), [("wingL", "wingR")]),
        (("left_ear", "nose", "right_ear"), [("left_ear", "right_ear")]),
        (("LeftEye", "RightEye"), [("LeftEye", "RightEye")]),
        (("ear_l", "ear_r", "tail"), [("ear_l", "ear_r")]),
        (("L1", "R1", "L2", "R2"), [("L1", "R1"), ("L2", "R2")]),
        (("LowerL", "LowerR"), [("LowerL", "LowerR")]),
        (("head", "thorax", "tail"), []),
        ((), []),
    ],
)
def test_partners_are_known_by_name_where_the_skeleton_is_silent(nodes, expected):
    pairs, given = find_pairs(Skeleton(nodes=nodes))
    assert [(nodes[a], nodes[b]) for a, b in pairs] == expected
    assert not given


def test_the_skeletons_own_symmetries_come_first():
    skeleton = Skeleton(nodes=("wingL", "wingR", "a", "b"), symmetries=(("a", "b"),))
    assert find_pairs(skeleton) == ([(2, 3)], True)


@pytest.mark.parametrize("mirrored", [False, True])
def test_clean_ants_are_left_in_peace(ants, mirrored):
    points, visible = ants
    shape = measure(points * ([-1, 1] if mirrored else 1), visible)
    assert len(shape.swaps) <= 1
    assert len(shape.outliers) <= 3


@pytest.mark.parametrize("parts", ["limb", "knees", "feet"])
def test_planted_swaps_are_found(ants, parts):
    points, visible = (array.copy() for array in ants)
    rng = np.random.default_rng(6)
    planted = {}
    for row in rng.choice(len(points), 60, replace=False):
        limb = rng.integers(3)
        pairs = [p for p in PAIRS if NODES[p[0]][1:].startswith(("Fore", "Mid", "Hind")[limb])]
        pairs = {
            "limb": pairs,
            "knees": [p for p in pairs if p[0] in KNEES],
            "feet": [p for p in pairs if p[0] in FEET],
        }
        order = exchanged(len(NODES), pairs[parts])
        if visible[row, list(itertools.chain(*pairs[parts]))].all():
            points[row], visible[row] = points[row, order], visible[row, order]
            planted[row] = set(pairs[parts])
    found = {swap.row: set(swap.pairs) for swap in measure(points, visible).swaps}
    assert len(planted) > 35
    assert sum(found.get(row) == pairs for row, pairs in planted.items()) >= 0.9 * len(planted)
    assert sum(row not in planted for row in found) <= 1


def test_a_whole_ant_that_is_mirrored_is_one_finding(ants):
    points, visible = (array.copy() for array in ants)
    row = int(np.flatnonzero(visible.all(axis=1))[3])
    points[row] = points[row, exchanged(len(NODES), PAIRS)]
    (swap,) = [swap for swap in measure(points, visible).swaps if swap.row == row]
    assert set(swap.pairs) == set(PAIRS)
    assert swap.then_px < 0.5 * swap.now_px


@pytest.mark.parametrize(
    ("nodes", "distance", "share"), [(range(6), 0.5, 0.75), (range(6), 1, 0.9), (KNEES, 1, 0.75), (FEET, 3, 0.75)]
)
def test_planted_outliers_are_found_and_the_right_node_is_named(ants, nodes, distance, share):
    points, visible = (array.copy() for array in ants)
    rng = np.random.default_rng(7)
    planted = {}
    for row in rng.choice(np.flatnonzero(visible.all(axis=1)), 30, replace=False):
        node = rng.choice(nodes)
        angle = rng.uniform(0, 2 * np.pi)
        points[row, node] += distance * BODY_LENGTH * np.array([np.cos(angle), np.sin(angle)])
        planted[row] = node
    found = {}
    for outlier in measure(points, visible).outliers:
        found.setdefault(outlier.row, []).append(outlier.node)
    hit = [row for row in planted if row in found]
    assert len(hit) >= share * len(planted)
    assert sum(found[row] == [planted[row]] for row in hit) >= 0.85 * len(hit)
    assert sum(row not in planted for row in found) <= 3


def test_what_was_exchanged_is_not_called_misplaced_as_well(ants):
    points, visible = (array.copy() for array in ants)
    row = int(np.flatnonzero(visible.all(axis=1))[0])
    points[row] = points[row, exchanged(len(NODES), [p for p in PAIRS if "MidLeg" in NODES[p[0]]])]
    shape = measure(points, visible)
    assert [swap.row for swap in shape.swaps].count(row) == 1
    assert row not in {outlier.row for outlier in shape.outliers}


@pytest.mark.parametrize(("name", "swaps", "most"), [("main", 0, 16), ("col224", 0, 4), ("quel223", 0, 8)])
def test_few_real_ants_are_flagged(shared_data, name, swaps, most):
    labels = read_labels(shared_data / "ants_labels" / "datasets" / f"{name}.v001.slp")
    shape = measure_shape(make_tables(labels)[0], make_entries(labels))
    assert len(shape.swaps) == swaps
    assert len({outlier.row for outlier in shape.outliers}) <= most


# By eye, in drawings of the labels: (frame, instance).
EXCHANGED = {
    "col210": {(70751, 3), (37122, 2), (18539, 3), (45115, 7), (44825, 0), (20444, 1), (20444, 6), (24271, 4)},
    "quel321_1": {(10692, 1), (10737, 1), (10742, 1), (51907, 0)},
}


@pytest.mark.parametrize("name", EXCHANGED)
def test_real_swaps_are_found_without_symmetries_in_the_skeleton(shared_data, name):
    labels = read_labels(shared_data / "ants_labels" / "datasets" / f"{name}.v001.slp")
    shape = measure_shape(table := make_tables(labels)[0], frames := make_entries(labels))
    assert not shape.pairs_given
    assert len(shape.pairs) == 6
    found = {(int(frames.frame_idx[table.entry[s.row]]), int(table.instance[s.row])) for s in shape.swaps}
    assert found >= EXCHANGED[name]
    assert len(found) <= len(EXCHANGED[name]) + 1
    for swap in shape.swaps:
        assert swap.then_px < 0.5 * swap.now_px


@pytest.mark.parametrize(
    "skeleton",
    [
        Skeleton(nodes=("a",)),
        Skeleton(nodes=("a", "b")),
        Skeleton(nodes=("a", "b"), edges=(("a", "b"),)),
        Skeleton(nodes=("L", "R"), symmetries=(("L", "R"),)),
        Skeleton(nodes=("a", "b", "c"), edges=(("a", "b"), ("b", "c"), ("c", "a"))),
    ],
)
@pytest.mark.parametrize("spoil", ["nothing", "nan", "same place"])
def test_small_skeletons_and_degenerate_animals_are_no_trouble(skeleton, spoil):
    points = np.random.default_rng(8).normal(0, 1, (30, len(skeleton.nodes), 2)).cumsum(axis=1) * 20 + 300
    if spoil == "nan":
        points[::3] = np.nan
    if spoil == "same place":
        points[:] = 100
    shape = measure(points, skeleton=skeleton)
    assert shape.swaps == []
    assert len(shape.body.turn) == 30
