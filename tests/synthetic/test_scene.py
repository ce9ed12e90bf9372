import numpy as np
import pytest

from antpipe.config.simulate import SimulateConfig
from antpipe.synthetic.body import body_parts, covers
from antpipe.synthetic.scene import identities, knee_angles, make_scene, pose_at, simulate_tracks, visible_nodes
from antpipe.synthetic.skeleton import FEET, KNEES, LEG_PARENTS, MEAN_POSE, NODES

LENGTH = 100.0
SIZE = (600, 400)


def standing_ants(*places):
    """Return (1, ants, nodes, 2): ants of mean pose that head to the right."""
    return np.stack([MEAN_POSE * LENGTH + place for place in places])[None]


def hidden(points, depth=(0, 1)):
    lengths = np.full(points.shape[1], LENGTH)
    seen = visible_nodes(points, lengths, np.array(depth), SIZE)
    return [[NODES[node] for node in np.flatnonzero(~ant)] for ant in seen[0]]


def test_ants_apart_are_seen_whole():
    assert hidden(standing_ants((150, 200), (450, 200))) == [[], []]


def test_the_upper_ant_hides_nodes_of_the_lower_one():
    # The middle of the second gaster, 36 % of a body length behind its middle, lies on the first one's head.
    under = standing_ants((150, 200), (150 + 47.1 + 36, 200))
    assert "Head" in hidden(under)[0]
    assert hidden(under)[1] == []
    assert hidden(under, depth=(1, 0))[0] == []
    assert hidden(standing_ants((150, 200), (150 + 47.1 + 36, 290)))[0] == []


def test_legs_hide_nothing():
    # The Head of the first lies on a knee of the second.
    knee = MEAN_POSE[NODES.index("RMidLeg")] * LENGTH
    assert "Head" not in hidden(standing_ants((150, 200), np.array([150 + 47.1, 200]) - knee))[0]


@pytest.mark.parametrize(
    ("place", "seen"),
    [((-0.5, 200), True), ((-0.51, 200), False), ((599.49, 200), True), ((599.5, 200), False), ((300, 399.6), False)],
)
def test_pixels_reach_half_a_pixel_beyond_their_centres(place, seen):
    points = standing_ants((300, 200))
    points[0, 0, 0] = place
    assert visible_nodes(points, np.array([LENGTH]), np.array([0]), SIZE)[0, 0, 0] == seen


def test_visibility_is_that_of_the_drawn_outlines():
    scene = make_scene(SimulateConfig(ants=12, frames=4, difficulty="hard", width=300, height=240), 0)
    tracks = simulate_tracks(scene.config, 0)
    expected = ((tracks.points >= -0.5) & (tracks.points < [299.5, 239.5])).all(axis=-1)
    for upper in range(12):
        body = body_parts(tracks.points[:, upper], np.full(4, tracks.body_length[upper]))
        for lower in np.flatnonzero(tracks.depth < tracks.depth[upper]):
            for node in range(len(NODES)):
                expected[:, lower, node] &= ~covers(body, tracks.points[:, lower, node])
    np.testing.assert_array_equal(tracks.visible, expected)
    assert not tracks.visible.all()


def test_tracks_agree_with_their_points():
    tracks = simulate_tracks(SimulateConfig(ants=4, frames=100, seed=9), 2)
    head, neck, upper, lower, petiole, abdomen = np.moveaxis(tracks.points[:, :, :6], 2, 0)

    def angle(vectors):
        return np.arctan2(vectors[..., 1], vectors[..., 0])

    def turn(angles):
        return np.angle(np.exp(1j * angles))

    np.testing.assert_allclose(angle(upper - lower), tracks.heading, atol=1e-9)
    np.testing.assert_allclose(turn(angle(head - neck) - tracks.heading), tracks.head_yaw, atol=1e-9)
    np.testing.assert_allclose(turn(angle(petiole - abdomen) - tracks.heading), tracks.gaster_yaw, atol=1e-9)
    assert tracks.points.shape == (100, 4, 18, 2)
    assert tracks.visible.shape == (100, 4, 18)
    assert tracks.knee_angle.shape == tracks.planted.shape == (100, 4, 6)


def test_knee_angle_of_a_right_angle_and_a_straight_leg():
    points = np.zeros((18, 2))
    for leg, (parent, knee, foot) in enumerate(zip(LEG_PARENTS, KNEES, FEET, strict=True)):
        points[knee] = points[parent] + (10, 0)
        points[foot] = points[knee] + ((0, 5) if leg % 2 else (5, 0))
    np.testing.assert_allclose(np.rad2deg(knee_angles(points)), [180, 90] * 3)


def test_more_overlap_when_hard():
    def overlap(difficulty):
        parts = [simulate_tracks(SimulateConfig(frames=200, difficulty=difficulty), v) for v in range(5)]
        inside = [((t.points >= -0.5) & (t.points < [639.5, 479.5])).all(axis=-1) for t in parts]
        return np.mean([(i & ~t.visible).mean() for i, t in zip(inside, parts, strict=True)])

    easy, hard = overlap("easy"), overlap("hard")
    assert easy > 0
    assert hard > 4 * easy


@pytest.mark.parametrize("difficulty", ["easy", "hard"])
def test_nearly_all_nodes_are_visible(difficulty):
    tracks = simulate_tracks(SimulateConfig(frames=300, difficulty=difficulty), 1)
    assert 0.93 < tracks.visible.mean() < 1


def test_spacing_of_easy_ants_is_as_measured():
    nearest = []
    for video in range(4):
        tracks = simulate_tracks(SimulateConfig(ants=20, frames=200), video)
        middle = tracks.points[:, :, 2:4].mean(axis=2) / 60
        distance = np.linalg.norm(middle[:, :, None] - middle[:, None], axis=-1)
        nearest.append((distance + 1e9 * np.eye(20)).min(axis=-1))
    low, median = np.percentile(nearest, [5, 50])
    assert 0.55 < low < 0.95
    assert 1.0 < median < 1.5


def test_same_seed_same_tracks_and_every_video_another_film():
    config = SimulateConfig(ants=3, frames=30)
    first, again, other = simulate_tracks(config, 0), simulate_tracks(config, 0), simulate_tracks(config, 1)
    np.testing.assert_array_equal(first.points, again.points)
    assert not np.allclose(first.points, other.points)
    assert not np.allclose(first.points, simulate_tracks(config.model_copy(update={"seed": 1}), 0).points)


def test_frames_do_not_depend_on_where_a_chunk_ends():
    config = SimulateConfig(ants=3, frames=130)
    tracks, scene = simulate_tracks(config, 0), make_scene(config, 0)
    np.testing.assert_array_equal(tracks.points[60:70], pose_at(scene, np.arange(60, 70)).points)


def test_names():
    assert identities(3) == ("ant_01", "ant_02", "ant_03")
    assert identities(100)[-1] == "ant_100"
    assert list(identities(100)) == sorted(identities(100))
