from functools import partial

import numpy as np
import pytest

from antpipe.config.inference import GroupingConfig
from antpipe.inference.grouping import Joint, assemble, group_peaks, line_scores, match, nodes_apart
from antpipe.poses import Skeleton

NAN = np.nan
SIZE, STRIDE, SIGMA = 320, 4, 40.0
CONFIG = GroupingConfig()
ANT = Skeleton(
    nodes=("thorax", "head", "abdomen", "L", "R", "L foot", "R foot"),
    edges=(
        ("thorax", "head"),
        ("thorax", "abdomen"),
        ("head", "L"),
        ("head", "R"),
        ("L", "L foot"),
        ("R", "R foot"),
    ),
)
BODY = np.array([[0, 0], [22, 0], [-26, 0], [34, -14], [34, 14], [48, -30], [48, 30.0]])
"""Where the nodes of a straight ant are, in pixels."""
LEAVES = [ANT.nodes.index(name) for name in ("abdomen", "L foot", "R foot")]


def draw_fields(animals, edges, size=(SIZE, SIZE), stride=STRIDE, sigma=SIGMA):
    """Part affinity fields (rows, columns, 2 * edges) of animals (animals, nodes, 2), written as they are defined."""
    rows, columns = (-(-side // stride) for side in size)
    fields = np.zeros((rows, columns, len(edges), 2))
    cells = np.stack(np.meshgrid(np.arange(columns) * stride, np.arange(rows) * stride), axis=-1).astype(float)
    for animal in animals:
        for edge, (a, b) in enumerate(edges):
            way = animal[b] - animal[a]
            if np.isnan(way).any():
                continue
            share = ((cells - animal[a]) @ way / (way @ way)).clip(0, 1)[..., None]
            squared = ((cells - animal[a] - share * way) ** 2).sum(axis=-1, keepdims=True)
            fields[:, :, edge] += np.exp(-(squared**2) / (2 * sigma**2)) * way / np.linalg.norm(way)
    return fields.reshape(rows, columns, -1).astype(np.float32)


def crossing_ants(count, rng):
    """Ants (count, nodes, 2) that lie across each other, but with no edge along the same edge of another.

    Where the fields of two such edges add up or cancel, no grouping can know which end belongs to which.
    """
    ends = np.array(ANT.edge_indices())
    while True:
        angle = rng.uniform(0, 2 * np.pi, count)
        turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=-1).reshape(-1, 2, 2)
        middle = SIZE / 2 + rng.uniform(-1, 1, (count, 1, 2)) * 30 * count**0.5
        ants = np.einsum("aij,nj->ani", turn, BODY) + middle + rng.normal(0, 1.5, (count, len(BODY), 2))
        places = np.concatenate([ants, ants[:, ends].mean(axis=2)], axis=1)
        apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + 1e9 * np.eye(count)[..., None]
        if apart.min() > 4 * STRIDE:
            return ants


def as_peaks(ants, rng):
    """The visible nodes of ants as peaks in random order: points (peaks, 2), nodes (peaks,)."""
    visible = np.isfinite(ants).all(axis=-1)
    order = rng.permutation(int(visible.sum()))
    return ants[visible][order], np.nonzero(visible)[1][order]


def poses_of(groups, points):
    return np.vstack([points, [NAN, NAN]])[groups.peaks]


def group_ants(ants, rng, skeleton=ANT, **values):
    """The poses that the grouping gives for the perfect maps of ants, and all that it says."""
    points, nodes = as_peaks(ants, rng)
    fields = draw_fields(ants, skeleton.edge_indices())
    groups = group_peaks(points, nodes, fields, skeleton, STRIDE, CONFIG, **values)
    return poses_of(groups, points), groups


def assert_same_poses(found, expected):
    """Both are the same set of poses, in any order."""
    assert len(found) == len(expected)
    key = partial(np.nan_to_num, nan=-1)
    assert sorted(key(found).tolist()) == sorted(key(expected).tolist())


@pytest.mark.parametrize("as_sleap", [False, True])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [2, 3, 5, 7, 10])
def test_crossing_animals_come_back(count, seed, as_sleap):
    rng = np.random.default_rng([count, seed])
    ants = crossing_ants(count, rng)
    found, groups = group_ants(ants, rng, as_sleap=as_sleap)
    assert_same_poses(found, ants)
    assert groups.alone == 0
    assert (np.diff(groups.scores) <= 0).all()
    assert as_sleap or groups.scores.max() <= len(ANT.edges)


def test_the_drawn_animals_do_cross():
    for count in (2, 10):
        low, high = (f(crossing_ants(count, np.random.default_rng(count)), axis=1) for f in (np.min, np.max))
        overlap = ((low[:, None] < high[None]) & (low[None] < high[:, None])).all(axis=-1)
        assert overlap.sum() > count


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [2, 5, 10])
def test_animals_without_some_of_their_ends_come_back(count, seed):
    rng = np.random.default_rng([count, seed])
    ants = crossing_ants(count, rng)
    ants[:, LEAVES] = np.where(rng.random((count, len(LEAVES), 1)) < 0.5, NAN, ants[:, LEAVES])
    found, groups = group_ants(ants, rng)
    assert_same_poses(found, ants)
    assert groups.alone == 0


def pieces_of(ant, edges):
    """What is left of an ant when it falls apart at its hidden nodes, and how many nodes then hang alone."""
    visible = [n for n in range(len(ant)) if np.isfinite(ant[n]).all()]
    pieces = {n: {n} for n in visible}
    for a, b in edges:
        if a in pieces and b in pieces:
            whole = pieces[a] | pieces[b]
            pieces.update(dict.fromkeys(whole, whole))
    distinct = {frozenset(p) for p in pieces.values()}
    poses = [np.where(np.isin(np.arange(len(ant)), list(p))[:, None], ant, NAN) for p in distinct if len(p) > 1]
    return poses, sum(len(p) == 1 for p in distinct)


@pytest.mark.parametrize("as_sleap", [False, True])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [2, 5, 10])
def test_a_hidden_node_between_others_parts_an_animal_and_a_node_alone_is_counted(count, seed, as_sleap):
    rng = np.random.default_rng([count, seed, 1])
    ants = crossing_ants(count, rng)
    ants[rng.random(ants.shape[:2]) < 0.3] = NAN
    pieces = [pieces_of(ant, ANT.edge_indices()) for ant in ants]
    found, groups = group_ants(ants, rng, as_sleap=as_sleap)
    assert_same_poses(found, np.concatenate([np.reshape(poses, (-1, *BODY.shape)) for poses, _ in pieces]))
    assert groups.alone == sum(alone for _, alone in pieces) > 0


def test_an_edge_that_closes_a_ring_holds_an_animal_together():
    ring = Skeleton(nodes=ANT.nodes, edges=(*ANT.edges, ("thorax", "L"), ("thorax", "R")))
    rng = np.random.default_rng(0)
    ants = crossing_ants(3, rng)
    assert_same_poses(group_ants(ants, rng, ring)[0], ants)
    ants[1, ANT.nodes.index("head")] = NAN
    assert_same_poses(group_ants(ants, rng, ring)[0], ants)
    assert len(group_ants(ants, rng)[0]) == 5


@pytest.mark.parametrize("turned", [{0}, {1, 2}, {3, 4, 5}, set(range(6))])
def test_the_direction_of_an_edge_in_the_skeleton_does_not_matter(turned):
    # SLEAP goes down from one root, and drops what it does not reach so.
    edges = tuple((b, a) if number in turned else (a, b) for number, (a, b) in enumerate(ANT.edges))
    rng = np.random.default_rng(1)
    ants = crossing_ants(4, rng)
    assert_same_poses(group_ants(ants, rng, Skeleton(nodes=ANT.nodes, edges=edges))[0], ants)


def slow_line_score(field, source, target, stride, config, as_sleap):
    """The score of one line, as it is described."""
    length = np.hypot(*(target - source))
    values = []
    for number in range(config.n_points):
        x, y = source + (target - source) * number / (config.n_points - 1)
        row = min(max(round(float(y / stride)), 0), field.shape[0] - 1)
        column = min(max(round(float(x / stride)), 0), field.shape[1] - 1)
        value = float(field[row, column] @ ((target - source) / length))
        values.append(value if as_sleap else min(value, 1))
    longest = config.max_edge_length_ratio * max(field.shape[:2]) * stride
    return sum(values) / len(values) + config.dist_penalty_weight * min(longest / length - 1, 0)


@pytest.mark.parametrize("as_sleap", [False, True])
@pytest.mark.parametrize("stride", [1, 4, 8])
@pytest.mark.parametrize("values", [{}, {"n_points": 2}, {"n_points": 23, "max_edge_length_ratio": 0.7}, {"dist": 3.0}])
def test_scores_of_all_lines_are_those_of_each(values, stride, as_sleap):
    config = GroupingConfig(**{"dist_penalty_weight": values.pop("dist", 1.0), **values})
    rng = np.random.default_rng(0)
    field = rng.normal(0, 0.8, (20, 30, 2))
    sources, targets = (rng.uniform(-2, [30 * stride + 2, 20 * stride + 2], (count, 2)) for count in (7, 5))
    found = line_scores(field, sources, targets, stride, config, as_sleap=as_sleap)
    expected = [[slow_line_score(field, s, t, stride, config, as_sleap) for t in targets] for s in sources]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_line_along_the_field_scores_one_and_a_long_one_less():
    field = np.zeros((25, 50, 2))
    field[..., 0] = 1
    start = np.array([[10.0, 40.0]])

    def score(*end, **values):
        return float(line_scores(field, start, np.array([end]), 4, GroupingConfig(**values))[0, 0])

    assert score(50.0, 40.0) == pytest.approx(1)
    assert score(10.0, 70.0) == pytest.approx(0, abs=1e-9)
    assert score(40.0, 70.0) == pytest.approx(0.5**0.5)
    assert score(60.0, 40.0) == pytest.approx(1)  # a quarter of 200 pixels
    assert score(110.0, 40.0) == pytest.approx(0.5)
    assert score(110.0, 40.0, dist_penalty_weight=0.0) == pytest.approx(1)
    assert score(110.0, 40.0, max_edge_length_ratio=0.5) == pytest.approx(1)
    end = start + np.array([20.0, 0.0])
    assert line_scores(-field, start, end, 4, CONFIG)[0, 0] == pytest.approx(-1)
    assert line_scores(2 * field, start, end, 4, CONFIG)[0, 0] == pytest.approx(1)
    assert line_scores(2 * field, start, end, 4, CONFIG, as_sleap=True)[0, 0] == pytest.approx(2)
    assert line_scores(field, start, start, 4, CONFIG)[0, 0] == 0  # two nodes at one place have no direction


@pytest.mark.parametrize(
    ("scores", "expected", "of_sleap"),
    [
        ([[0.9, 0.1], [0.1, 0.8]], [(0, 0), (1, 1)], None),
        ([[0.4, 0.9], [0.8, 0.5]], [(0, 1), (1, 0)], None),
        ([[0.24, 0.1], [0.1, 0.25]], [(1, 1)], None),
        ([[0.9, 0.2], [0.4, -0.9]], [(0, 0)], [(1, 0)]),  # what is left over would score badly
        ([[NAN, 0.5], [NAN, NAN]], [(0, 1)], None),
        ([[NAN, NAN]], [], None),
        ([[0.3, 0.9, 0.5]], [(0, 1)], None),
        ([[0.3], [0.9], [0.5]], [(1, 0)], None),
        (np.zeros((0, 3)), [], None),
        (np.zeros((3, 0)), [], None),
    ],
)
def test_an_edge_joins_the_pairs_that_score_highest_together(scores, expected, of_sleap):
    assert list(match(np.array(scores), 0.25)) == expected
    assert list(match(np.array(scores), 0.25, as_sleap=True)) == (expected if of_sleap is None else of_sleap)


def test_pieces_with_a_node_in_common_stay_apart():
    nodes = np.array([0, 0, 1, 1, 2, 2])
    # 0-2-4 and 1-3-5 are two chains; a bad joint of a ring would make one animal with two of each node.
    chains = [Joint(0.9, 0, 2), Joint(0.8, 2, 4), Joint(0.9, 1, 3), Joint(0.8, 3, 5)]
    for joints in ([*chains, Joint(0.3, 0, 5)], [Joint(0.3, 0, 5), *chains]):
        assert sorted(sorted(piece) for piece in assemble(joints, nodes)) == [[0, 2, 4], [1, 3, 5]]
    # The better joint wins where only one of two can be.
    assert sorted(map(sorted, assemble([Joint(0.3, 0, 2), Joint(0.9, 2, 1)], nodes))) == [[1, 2]]


@pytest.mark.parametrize("as_sleap", [False, True])
@pytest.mark.parametrize(
    ("points", "nodes"),
    [
        (np.zeros((0, 2)), []),
        ([[30.0, 40.0]], [0]),
        ([[30.0, 40.0], [30.0, 40.0]], [0, 1]),
        ([[30.0, 40.0], [50.0, 40.0]], [1, 1]),
        ([[NAN, NAN], [50.0, 40.0]], [0, 1]),
        ([[1e9, 1e9], [-1e9, 3.0]], [0, 1]),
    ],
    ids=["none", "one", "two at one place", "two of one kind", "NaN", "far outside"],
)
def test_peaks_that_nothing_joins_are_no_animal(points, nodes, as_sleap):
    fields = np.ones((20, 20, 2 * len(ANT.edges)), np.float32)
    groups = group_peaks(np.array(points), np.array(nodes, int), fields, ANT, STRIDE, CONFIG, as_sleap=as_sleap)
    assert groups.peaks.shape == (0, len(ANT.nodes))
    assert groups.scores.shape == (0,)
    assert groups.alone == len(points)


def test_fields_that_are_nan_join_nothing():
    rng = np.random.default_rng(0)
    points, nodes = as_peaks(crossing_ants(3, rng), rng)
    fields = np.full((80, 80, 2 * len(ANT.edges)), NAN, np.float32)
    for as_sleap in (False, True):
        groups = group_peaks(points, nodes, fields, ANT, STRIDE, CONFIG, as_sleap=as_sleap)
        assert (len(groups.peaks), groups.alone) == (0, len(points))


def test_the_score_is_the_sum_over_joined_edges():
    two = Skeleton(nodes=("a", "b", "c"), edges=(("a", "b"), ("b", "c")))
    fields = np.zeros((20, 20, 4), np.float32)
    fields[..., 0], fields[..., 2] = 0.9, 0.5
    points = np.array([[10.0, 10.0], [20.0, 10.0], [30.0, 10.0], [10.0, 60.0], [20.0, 60.0]])
    groups = group_peaks(points, np.array([0, 1, 2, 1, 2]), fields, two, STRIDE, GroupingConfig(dist_penalty_weight=9))
    assert groups.peaks.tolist() == [[0, 1, 2], [-1, 3, 4]]
    np.testing.assert_allclose(groups.scores, [1.4, 0.5], rtol=1e-6)


@pytest.mark.parametrize(
    ("edges", "apart"),
    [
        ([], ["b", "c", "d"]),
        ([("a", "b"), ("b", "c"), ("c", "d")], []),
        ([("c", "d"), ("b", "c"), ("b", "a")], []),
        ([("a", "b"), ("c", "d")], ["c", "d"]),
        ([("a", "b"), ("b", "c"), ("c", "a")], ["d"]),
    ],
)
def test_nodes_that_no_edge_joins_to_the_body_are_named(edges, apart):
    assert nodes_apart(Skeleton(nodes=("a", "b", "c", "d"), edges=tuple(edges))) == apart
