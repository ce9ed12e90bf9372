import numpy as np
import pytest
from drawn_films import draw, draw_map, find_blobs, knowing_network, spec_of

from antpipe.config.inference import PredictConfig
from antpipe.inference.topdown import CentroidFinder, Centroids, NodeFinder, Prepared, map_heads

SIZE = 110, 94
STEPS = np.arange(0, 1, 0.1)

PLACES = {
    "in the middle": (44.0, 36.0),
    "at the left": (3.4, 30.0),
    "at the bottom": (50.0, 90.3),
    "in a corner": (3.2, 3.6),
    "in the far corner": (105.1, 89.2),
}


def errors_of(locate, place):
    """The errors (steps, 2) of what `locate` finds for a blob that moves by tenths of a pixel."""
    true = np.array(place) + np.stack([STEPS, STEPS[::-1]], axis=-1)
    return np.array([locate(draw([point], SIZE), point) - point for point in true])


def assert_unbiased(errors):
    assert np.abs(errors.mean(axis=0)).max() < 0.02
    assert np.abs(errors).max() < 0.06


def test_the_knowing_network_knows():
    for point in np.random.default_rng(0).uniform(10, 60, (20, 2)):
        places, heights = find_blobs(draw([point], SIZE)[..., 0])
        np.testing.assert_allclose(places, [point], atol=0.01)
        assert heights == pytest.approx([240 / 255], abs=0.06)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0, 1.5])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_centroids_have_no_bias(place, scale, stride):
    finder = CentroidFinder(
        spec_of("centroid", scale=scale, stride=stride), knowing_network(stride), PredictConfig(centroid_threshold=0.1)
    )

    def locate(image, _):
        (found,) = finder.find([finder.prepare(image)])
        assert len(found.points) == 1
        return found.points[0]

    assert_unbiased(errors_of(locate, PLACES[place]))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0, 1.5])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("crop_size", [32, 33])
def test_nodes_have_no_bias(place, scale, stride, crop_size):
    finder = NodeFinder(
        spec_of("centered_instance", crop_size=crop_size, scale=scale, stride=stride),
        knowing_network(stride),
        PredictConfig(peak_threshold=0.1),
    )
    off = np.random.default_rng(0)

    def locate(image, point):
        # The crop lies around a centroid that is somewhere near the node, not exactly on it.
        at = point + off.uniform(-4, 4, 2)
        (found,) = finder.find([finder.prepare(image)], [Centroids(at[None], np.ones(1))])
        return found.points[0, 0]

    assert_unbiased(errors_of(locate, PLACES[place]))


@pytest.mark.parametrize("size", [(90, 74), (91, 73), (37, 41)])
@pytest.mark.parametrize("scale", [0.37, 0.5, 1.7])
def test_sizes_that_do_not_divide_have_no_bias_either(size, scale):
    middle = np.array(size) / 2
    finder = CentroidFinder(spec_of("centroid", scale=scale, stride=1), knowing_network(1), PredictConfig())
    errors = []
    for step in STEPS:
        point = middle + np.array([step, -step])
        errors.append(finder.find([finder.prepare(draw([point], size))])[0].points[0] - point)
    assert np.abs(np.mean(errors, axis=0)).max() < 0.02


def test_frames_are_padded_at_the_right_and_the_bottom_for_the_network_alone():
    spec = spec_of("centroid", max_stride=32)
    finder = CentroidFinder(spec, knowing_network(2), PredictConfig())
    prepared = finder.prepare(draw([(20.3, 30.7)], SIZE))
    assert prepared.image.shape == (96, 128, 1)
    assert prepared.size == SIZE
    assert finder.prepare(draw([], SIZE, channels=3)).image.shape == (96, 128, 1)
    instance = NodeFinder(spec_of("centered_instance", crop_size=32, channels=3), knowing_network(2), PredictConfig())
    assert instance.prepare(draw([], SIZE)).image.shape == (94, 110, 3)


@pytest.mark.parametrize("crop_size", [32, 33])
def test_sleaps_geometry_is_half_a_pixel_off_and_nothing_else(crop_size):
    spec = spec_of("centered_instance", crop_size=crop_size, stride=1, from_sleap=True)
    finder = NodeFinder(spec, knowing_network(1, sigma=0.8), PredictConfig(geometry="sleap"))
    errors = errors_of(
        lambda image, p: finder.find([finder.prepare(image)], [Centroids(p[None] + 1.3, np.ones(1))])[0].points[0, 0],
        PLACES["in the middle"],
    )
    np.testing.assert_allclose(errors.mean(axis=0), [-0.5, -0.5], atol=0.02)
    assert np.abs(errors + 0.5).max() < 0.05


def test_crops_of_sleaps_networks_lie_between_pixels():
    spec = spec_of("centered_instance", crop_size=32, stride=1, from_sleap=True)
    finder = NodeFinder(spec, knowing_network(1), PredictConfig())
    at = np.array([40.3, 30.85])
    crop = finder.cut(finder.prepare(draw([at], SIZE)), at)
    np.testing.assert_allclose(find_blobs(crop.image[..., 0])[0], [[15.5, 15.5]], atol=0.03)
    np.testing.assert_allclose(crop.to_video(np.array([15.5, 15.5])), at)


def test_offsets_are_used_by_sleaps_geometry_alone():
    maps, offsets = np.zeros((1, 12, 12, 1), np.float32), np.zeros((1, 12, 12, 2), np.float32)
    maps[0, :, :, 0] = draw_map([(20.0, 16.0)], [1.0], (48, 48), 4, 1.5)
    offsets[0, 4, 5] = [0.25, -0.5]
    given = {"confidence_maps": maps, "offset_refinement": offsets}
    for learned, geometry, heads, expected in (
        (True, "sleap", ["confidence_maps", "offset_refinement"], [21.0, 14.0]),
        (True, "exact", ["confidence_maps"], [20.0, 16.0]),
        (False, "sleap", ["confidence_maps"], [20.0, 16.0]),
    ):
        spec, config = spec_of("centroid", stride=4, offsets=learned), PredictConfig(geometry=geometry)
        assert map_heads(spec, config) == heads
        finder = CentroidFinder(spec, lambda images, heads=heads: [given[head] for head in heads], config)
        (found,) = finder.find([Prepared((48, 48), np.zeros((48, 48, 1), np.uint8))])
        np.testing.assert_allclose(found.points, [expected], atol=1e-4)


HEIGHTS = [100.0, 240.0, 160.0]
SEVERAL = np.array([[15.0, 20.0], [45.0, 50.0], [75.0, 20.0]])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, [1, 2, 0]),
        ({"max_instances": 2}, [1, 2]),
        ({"max_instances": 1}, [1]),
        ({"max_instances": 9}, [1, 2, 0]),
        ({"centroid_threshold": 0.5}, [1, 2]),
        ({"centroid_threshold": 1.0}, []),
    ],
)
def test_centroids_come_with_the_most_confident_first(config, expected):
    finder = CentroidFinder(spec_of("centroid"), knowing_network(2), PredictConfig(**config))
    (found,) = finder.find([finder.prepare(draw(SEVERAL, SIZE, HEIGHTS))])
    np.testing.assert_allclose(found.points, SEVERAL[expected], atol=0.05)
    assert (np.diff(found.scores) <= 0).all()
    np.testing.assert_allclose(found.scores, np.array(HEIGHTS)[expected] / 255, atol=0.06)


def test_frames_of_a_batch_keep_their_own_animals():
    finder = CentroidFinder(spec_of("centroid"), knowing_network(2), PredictConfig())
    frames = [SEVERAL[:1], SEVERAL[:0], SEVERAL[1:]]
    found = finder.find([finder.prepare(draw(points, SIZE)) for points in frames])
    assert [len(f.points) for f in found] == [1, 0, 2]
    assert finder.run.batches == [3]


def node_finder(**config):
    return NodeFinder(spec_of("centered_instance", crop_size=32), knowing_network(2), PredictConfig(**config))


@pytest.mark.parametrize(("batch", "batches"), [(16, [5]), (2, [2, 2, 1]), (1, [1] * 5)])
def test_crops_of_several_frames_share_batches(batch, batches):
    finder = node_finder(crop_batch_size=batch)
    frames = [SEVERAL[:2], SEVERAL[:0], SEVERAL]
    at = [Centroids(points + 2.2, np.linspace(0.9, 0.5, len(points))) for points in frames]
    found = finder.find([finder.prepare(draw(points, SIZE)) for points in frames], at)
    for points, f, c in zip(frames, found, at, strict=True):
        np.testing.assert_allclose(f.points[:, 0], points, atol=0.03)
        np.testing.assert_array_equal(f.instance_scores, c.scores)
    assert finder.run.batches == batches


def test_frames_without_animals_do_not_run_the_network():
    finder = node_finder()
    nothing = Centroids(np.zeros((0, 2)), np.zeros(0))
    found = finder.find([finder.prepare(draw([], SIZE))] * 2, [nothing, nothing])
    assert [f.points.shape for f in found] == [(0, 1, 2)] * 2
    assert finder.run.batches == []


def fixed_finder(points, heights, **config):
    """A finder of two nodes whose network gives the same maps for every crop, whatever is in it."""
    maps = np.stack([draw_map([p], [h], (32, 32), 2, 1.5) for p, h in zip(points, heights, strict=True)], axis=-1)
    spec = spec_of("centered_instance", crop_size=32, nodes=("a", "b"))
    return NodeFinder(spec, lambda images: [np.stack([maps] * len(images)).astype(np.float32)], PredictConfig(**config))


def find_at(finder, *at):
    frame = finder.prepare(draw([], SIZE))
    return finder.find([frame], [Centroids(np.array(at, float), np.linspace(0.9, 0.3, len(at)))])[0]


def test_a_node_below_the_threshold_is_not_visible_and_keeps_its_score():
    found = find_at(fixed_finder([(10, 12), (20, 22)], [0.19, 0.8]), (40, 40))
    assert np.isnan(found.points[0, 0]).all()
    np.testing.assert_allclose(found.points[0, 1], [25 + 20, 25 + 22], atol=1e-4)  # the crop starts at pixel 25
    np.testing.assert_allclose(found.point_scores, [[0.19, 0.8]], atol=1e-6)


def test_an_animal_without_a_visible_node_is_left_out():
    assert len(find_at(fixed_finder([(10, 12), (20, 22)], [0.1, 0.1]), (40, 40)).points) == 0


@pytest.mark.parametrize(("min_distance", "kept"), [(0.0, [0, 1, 2]), (2.0, [0, 1, 2]), (4.0, [0, 2]), (50.0, [0])])
def test_two_predictions_of_one_animal_become_the_more_confident_one(min_distance, kept):
    finder = fixed_finder([(10, 12), (20, 22)], [0.9, 0.8], min_distance=min_distance)
    found = find_at(finder, (40, 40), (43, 40), (43, 60))
    np.testing.assert_allclose(found.instance_scores, np.linspace(0.9, 0.3, 3)[kept])


def test_predictions_that_share_no_node_are_two_animals():
    # The crop is what tells them apart: the left one shows node a, the right one node b.
    def run(images):
        first = draw_map([(16, 16)], [0.9], (32, 32), 2, 1.5)
        nothing = np.zeros_like(first)
        return [np.stack([np.stack(pair, axis=-1) for pair in ((first, nothing), (nothing, first))]).astype(np.float32)]

    spec = spec_of("centered_instance", crop_size=32, nodes=("a", "b"))
    found = find_at(NodeFinder(spec, run, PredictConfig(min_distance=50.0)), (40, 40), (41, 40))
    assert len(found.points) == 2
