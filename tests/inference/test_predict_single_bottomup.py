import json
import shutil

import keras
import numpy as np
import pytest
import sleap_io as sio
from drawn_films import draw, draw_map, find_blobs, spec_of

from antpipe.config.inference import PredictConfig
from antpipe.config.model import ModelConfig
from antpipe.errors import ConfigError, ModelError
from antpipe.inference.predict import predict_video
from antpipe.inference.predictor import PREDICTORS
from antpipe.inference.predictors.multi_instance import BottomUp
from antpipe.inference.predictors.single_instance import SingleInstance
from antpipe.inference.topdown import Prepared
from antpipe.models.folder import load_model
from antpipe.models.spec import ModelSpec
from antpipe.poses import Skeleton
from antpipe.poses_file import read_poses
from antpipe.targets.confidence_maps import confidence_maps
from antpipe.targets.pafs import pafs
from antpipe.training.assess import assess
from antpipe.training.samples import LabelledFrame
from antpipe.training.train import train_model

NAN = np.nan
SIZE = 110, 94
STEPS = np.arange(0, 1, 0.1)
BRIGHT, DIM = 240.0, 150.0
"""Heights of the blobs that are node a and node b."""
PAIR = Skeleton(nodes=("a", "b"), edges=(("a", "b"),))
PLACES = {
    "in the middle": (44.0, 36.0),
    "at the left": (3.4, 30.0),
    "at the bottom": (50.0, 90.3),
    "in a corner": (3.2, 3.6),
    "in the far corner": (105.1, 89.2),
}
CLASSES = {"single_instance": SingleInstance, "multi_instance": BottomUp}


def spec_of_pairs(model_type, *, paf_stride=8, **values):
    spec = spec_of(model_type, **values)
    head = spec.config.head.model_copy(
        update={"pafs": spec.config.head.pafs.model_copy(update={"output_stride": paf_stride})}
    )
    config = spec.config.model_copy(update={"head": head})
    return ModelSpec(**{**vars(spec), "config": config, "skeleton": PAIR})


def outputs_of(spec, maps, fields, *offsets):
    """What a network gives: a network of single instances has no fields."""
    last = [fields] if spec.model_type == "multi_instance" else []
    return [np.asarray(output, np.float32) for output in (maps, *offsets, *last)]


def predictor_of(spec, run, **config):
    return CLASSES[spec.model_type](spec, run, PredictConfig(**config))


def knowing(spec, sigma=1.5):
    """An engine that finds the bright and the dim blob of an image and gives their maps, and a field from a to b."""

    def run(images):
        run.batches.append(len(images))
        maps, fields = [], []
        for image in images:
            places, heights = find_blobs(image[..., 0])
            kinds = [places[heights > 0.8], places[heights <= 0.8]]
            shape = image.shape[:2]
            maps.append([draw_map(at, np.ones(len(at)), shape, spec.stride, sigma) for at in kinds])
            way = np.sum(kinds[1][:1], axis=0) - np.sum(kinds[0][:1], axis=0)
            field = np.zeros((shape[0] // 8, shape[1] // 8, 2))
            fields.append(field + way / max(np.linalg.norm(way), 1e-9))
        return outputs_of(spec, np.moveaxis(maps, 1, -1), fields)

    run.batches = []
    return run


def pair_at(place):
    """A pair of nodes, a at the place, and b 32 pixels from it towards the middle of the frame."""
    inwards = np.array(SIZE) / 2 - place
    return np.array([place, place + 32 * inwards / np.linalg.norm(inwards)])


def draw_pairs(pairs, size=SIZE):
    return draw(np.reshape(pairs, (-1, 2)), size, [BRIGHT, DIM] * len(pairs))


def find_one(predictor, image):
    (found,) = predictor.find([predictor.prepare(image)])
    assert len(found.points) == 1
    return found.points[0]


def errors_of(predictor, place):
    """The errors (steps, nodes, 2) of what is found for a pair that moves by tenths of a pixel."""
    moving = np.stack([STEPS, STEPS[::-1]], axis=-1)
    return np.array([find_one(predictor, draw_pairs([pair_at(place) + m])) - pair_at(place) - m for m in moving])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0, 1.5])
@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("model_type", CLASSES)
def test_nodes_have_no_bias(model_type, stride, scale, place):
    spec = spec_of_pairs(model_type, scale=scale, stride=stride)
    errors = errors_of(predictor_of(spec, knowing(spec)), np.array(PLACES[place]))
    assert np.abs(errors.mean(axis=0)).max() < 0.02
    assert np.abs(errors).max() < 0.06


@pytest.mark.parametrize(("scale", "expected"), [(0.5, 0.0), (1.0, 0.0), (1.5, 2 / 3)])
@pytest.mark.parametrize("model_type", CLASSES)
def test_sleaps_geometry_adds_half_a_pixel_where_the_input_is_scaled(model_type, scale, expected):
    # SLEAP divides by the scale about pixel centres, (scale - 1) / (2 * scale) beside the light, and adds 0.5.
    spec = spec_of_pairs(model_type, scale=scale, stride=1, from_sleap=True)
    predictor = predictor_of(spec, knowing(spec, sigma=0.8), geometry="sleap")
    errors = errors_of(predictor, np.array(PLACES["in the middle"]))
    np.testing.assert_allclose(errors.mean(axis=0), np.full((2, 2), expected), atol=0.02)


SEVERAL = np.array([[[16.0, 20.0], [46.0, 20.0]], [[16.0, 76.0], [46.0, 76.0]], [[70.0, 20.0], [100.0, 20.0]]])


def test_frames_of_a_batch_keep_their_own_animals():
    spec = spec_of_pairs("multi_instance")
    predictor = predictor_of(spec, knowing(spec))
    frames = [SEVERAL[:2], SEVERAL[:0], SEVERAL]
    found = predictor.find([predictor.prepare(draw_pairs(pairs)) for pairs in frames])
    for f, pairs in zip(found, frames, strict=True):
        order = np.lexsort((f.points[:, 0, 0], f.points[:, 0, 1]))
        expected = pairs[np.lexsort((pairs[:, 0, 0], pairs[:, 0, 1]))]
        np.testing.assert_allclose(f.points[order], expected, atol=0.05)
        assert f.point_scores.shape == expected.shape[:2]
        assert f.tracks is None
    assert predictor.run.batches == [3]


def test_each_frame_of_a_batch_has_its_own_single_animal():
    spec = spec_of_pairs("single_instance")
    predictor = predictor_of(spec, knowing(spec))
    frames = [SEVERAL[:1], SEVERAL[:0], SEVERAL[2:]]
    found = predictor.find([predictor.prepare(draw_pairs(pairs)) for pairs in frames])
    for f, pairs in zip(found, frames, strict=True):
        np.testing.assert_allclose(f.points, pairs, atol=0.05)
        assert len(f.instance_scores) == len(f.point_scores) == len(pairs)
    assert predictor.run.batches == [3]


def fixed(spec, animals, heights, edge_heights=None, offsets=(), **config):
    """A predictor whose network gives the maps of animals (animals, 2, 2) with the given heights, whatever it sees."""
    maps = [draw_map(animals[:, node], np.array(heights)[:, node], (96, 112), spec.stride, 1.5) for node in range(2)]
    fields = np.zeros((12, 14, 2))
    for animal, height in zip(animals, edge_heights or np.ones(len(animals)), strict=True):
        way = animal[1] - animal[0]
        for share in np.linspace(0, 1, 50):
            column, row = np.rint((animal[0] + share * way) / 8).astype(int)
            fields[row, column] = height * way / np.linalg.norm(way)
    outputs = outputs_of(spec, np.stack(maps, axis=-1)[None], fields[None], *offsets)
    return predictor_of(spec, lambda images: outputs, **config)


FRAME = Prepared(SIZE, np.zeros((96, 112, 1), np.uint8))
FULL = [(0.9, 0.8), (0.7, 0.6), (0.5, 0.5)]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, [2, 0, 1]),
        ({"max_instances": 2}, [2, 0]),
        ({"max_instances": 9}, [2, 0, 1]),
        ({"peak_threshold": 0.55}, [0, 1]),
        ({"peak_threshold": 0.95}, []),
        ({"grouping": {"min_line_score": 0.65}}, [2, 0]),
        ({"min_distance": 53.0}, [2, 0, 1]),
        ({"min_distance": 55.0}, [2, 1]),
        ({"min_distance": 55.0, "max_instances": 2}, [2, 1]),
    ],
)
def test_animals_come_with_the_highest_score_first(config, expected):
    predictor = fixed(spec_of_pairs("multi_instance"), SEVERAL, FULL, [0.8, 0.6, 1.0], **config)
    (found,) = predictor.find([FRAME])
    np.testing.assert_allclose(found.points, SEVERAL[expected], atol=0.02)
    np.testing.assert_allclose(found.point_scores, np.array(FULL)[expected], atol=0.05)
    # Edges of 30 pixels are longer than a quarter of the 112 pixels of the input.
    np.testing.assert_allclose(found.instance_scores, np.array([0.8, 0.6, 1.0])[expected] + 112 / 4 / 30 - 1, atol=1e-6)


def test_a_node_that_is_not_found_is_nan_and_a_node_alone_is_no_animal():
    three = Skeleton(nodes=("a", "b", "c"), edges=(("a", "b"), ("b", "c")))
    spec = ModelSpec(**{**vars(spec_of_pairs("multi_instance")), "skeleton": three})
    points = np.array([[[20.0, 20.0], [50.0, 20.0], [NAN, NAN]], [[20.0, 70.0], [NAN, NAN], [80.0, 70.0]]])
    truth = points[None].astype(np.float32)
    outputs = [
        np.asarray(confidence_maps(truth / spec.stride, 48, 56, 1.5)),
        np.asarray(pafs(truth, three.edge_indices(), 12, 14, 8, 75.0)),
    ]
    (found,) = predictor_of(spec, lambda images: outputs).find([FRAME])
    np.testing.assert_allclose(found.points, points[:1], atol=0.02)
    assert np.isnan(found.point_scores).tolist() == [[False, False, True]]
    assert 0.4 < found.instance_scores[0] < 0.5  # one edge of two


def test_scores_lie_between_0_and_1_and_sleaps_do_not():
    spec = spec_of_pairs("multi_instance")
    for geometry, expected in (("exact", [1.0, 0.0]), ("sleap", [1.4, -0.3])):
        grouping = {"max_edge_length_ratio": 1.0, "min_line_score": -1.0}
        predictor = fixed(spec, SEVERAL[:2], FULL[:2], [1.4, -0.3], geometry=geometry, grouping=grouping)
        (found,) = predictor.find([FRAME])
        np.testing.assert_allclose(found.instance_scores, expected, atol=1e-5)


@pytest.mark.parametrize("geometry", ["exact", "sleap"])
def test_a_single_animals_node_below_the_threshold_is_not_visible_and_keeps_its_score(geometry):
    predictor = fixed(spec_of_pairs("single_instance"), SEVERAL[:1], [(0.19, 0.8)], geometry=geometry)
    (found,) = predictor.find([FRAME])
    assert np.isnan(found.points[0, 0]).all()
    np.testing.assert_allclose(found.points[0, 1], SEVERAL[0, 1], atol=0.05)
    np.testing.assert_allclose(found.point_scores, [[0.19, 0.8]], atol=0.02)
    np.testing.assert_allclose(found.instance_scores, [(0.19 + 0.8) / 2 if geometry == "exact" else 0.8], atol=0.02)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.0, NAN])
@pytest.mark.parametrize("model_type", CLASSES)
def test_maps_without_a_peak_are_frames_without_an_animal(model_type, value):
    spec = spec_of_pairs(model_type)
    outputs = outputs_of(spec, np.full((2, 48, 56, 2), value), np.full((2, 12, 14, 2), value))
    for geometry in ("exact", "sleap"):
        predictor = predictor_of(spec, lambda images: outputs, geometry=geometry)
        for found in predictor.find([FRAME, FRAME]):
            assert found.points.shape == (0, 2, 2)
            assert found.point_scores.shape == (0, 2)
            assert found.instance_scores.shape == (0,)


@pytest.mark.parametrize("model_type", CLASSES)
def test_offsets_are_used_by_sleaps_geometry_alone(model_type):
    spec = spec_of_pairs(model_type, offsets=True)
    pair, offsets = SEVERAL[:1], np.full((1, 48, 56, 4), [0.25, -0.5, 0.75, 1.0])
    (found,) = fixed(spec, pair, FULL[:1]).find([FRAME])
    np.testing.assert_allclose(found.points, pair, atol=0.01)
    (found,) = fixed(spec, pair, FULL[:1], offsets=[offsets], geometry="sleap").find([FRAME])
    np.testing.assert_allclose(found.points, pair + np.array([[0.5, -1.0], [1.5, 2.0]]), atol=0.01)


def test_crossing_animals_are_found_in_perfect_maps():
    ants = np.array([[[20, 30], [50, 50], [80, 60]], [[30, 70], [50, 30], [90, 20]], [[60, 80], [80, 40], [20, 15.0]]])
    chain = Skeleton(nodes=("a", "b", "c"), edges=(("b", "a"), ("b", "c")))
    spec = ModelSpec(**{**vars(spec_of_pairs("multi_instance", paf_stride=4)), "skeleton": chain})
    outputs = [
        np.asarray(confidence_maps(ants[None].astype(np.float32) / 2, 48, 56, 1.5)),
        np.asarray(pafs(ants[None].astype(np.float32), chain.edge_indices(), 24, 28, 4, 40.0)),
    ]
    predictor = predictor_of(spec, lambda images: outputs, grouping={"max_edge_length_ratio": 1.0})
    (found,) = predictor.find([FRAME])
    np.testing.assert_allclose(found.points[np.argsort(found.points[:, 0, 0])], ants, atol=0.02)
    assert (found.instance_scores > 0.8).all()


# SLEAP's own trained networks.

FLIES, ROBOT = "minimal_instance.UNet.bottomup", "minimal_robot.UNet.single_instance"


class OldTransposed(keras.layers.Conv2DTranspose):
    """A layer of Keras 2.4, whose settings have a key that Keras 3 refuses."""

    @classmethod
    def from_config(cls, config):
        config.pop("groups", None)
        return super().from_config(config)


@pytest.mark.parametrize(("name", "parameters"), [(FLIES, 150_748), (ROBOT, 18_250)])
def test_sleaps_networks_give_what_their_own_files_give(shared_data, name, parameters):
    folder = shared_data / "sleap_models" / name
    model = load_model(folder)
    oracle = keras.models.load_model(
        folder / "best_model.h5", compile=False, custom_objects={"Conv2DTranspose": OldTransposed}
    )
    assert model.network.count_params() == oracle.count_params() == parameters
    images = np.random.default_rng(0).integers(0, 256, (2, *oracle.input_shape[1:]), np.uint8)
    ours, theirs = model.network(images), oracle.predict_on_batch(images.astype(np.float32) / 255)
    ours, theirs = ([x] if not isinstance(x, list) else x for x in (ours, theirs))
    # SLEAP lists offsets last, or before the fields; shapes tell them apart.
    for mine in ours:
        stored = [t for t in theirs if t.shape == mine.shape]
        assert min(np.abs(np.asarray(mine) - t).max() for t in stored) < 1e-5


def stored_points(path):
    """The frame of a SLEAP file and its points (animals, nodes, 2), from left to right, with their scores."""
    (frame,) = sio.load_slp(str(path), open_videos=False).labeled_frames
    animals = sorted(frame.instances, key=lambda i: i.numpy()[0, 0])
    return frame.frame_idx, np.stack([a.numpy() for a in animals]), [getattr(a, "score", NAN) for a in animals]


@pytest.fixture(scope="module")
def predicted(shared_data, tmp_path_factory):
    """Poses of both networks on the films they were trained on, in both geometries."""
    flies = shared_data / "fly_clips" / "centered_pair_24nodes" / "centered_pair_low_quality.mp4"
    films = {FLIES: (flies, "0-1"), ROBOT: (shared_data / "robot_clip" / "small_robot.mp4", "0,79")}
    poses = {}
    for name, (film, frames) in films.items():
        for geometry in ("exact", "sleap"):
            path = tmp_path_factory.mktemp("poses") / "poses.parquet"
            predict_video(film, [shared_data / "sleap_models" / name], path, PredictConfig(geometry=geometry), frames)
            poses[name, geometry] = read_poses(path)
    return poses


def of_frame(poses, frame_idx):
    rows = np.flatnonzero(poses.frame_idx == frame_idx)
    rows = rows[np.argsort(poses.points[rows, 0, 0])]
    return poses.points[rows], poses.instance_score[rows]


@pytest.mark.parametrize("part", ["train", "val"])
def test_sleaps_geometry_gives_sleaps_stored_flies(shared_data, predicted, part):
    frame_idx, points, scores = stored_points(shared_data / "sleap_models" / FLIES / f"labels_pr.{part}.slp")
    found, certainty = of_frame(predicted[FLIES, "sleap"], frame_idx)
    np.testing.assert_allclose(found, points, atol=0.06)  # the decoder is another one
    np.testing.assert_allclose(certainty, scores, atol=0.04)


def test_the_exact_geometry_is_closer_to_the_truth(shared_data, predicted):
    frame_idx, points, _ = stored_points(shared_data / "sleap_models" / FLIES / "labels_gt.train.slp")
    ours, certainty = of_frame(predicted[FLIES, "exact"], frame_idx)
    sleaps, _ = of_frame(predicted[FLIES, "sleap"], frame_idx)
    error = {name: np.linalg.norm(p - points, axis=-1).mean() for name, p in (("ours", ours), ("sleaps", sleaps))}
    assert error["ours"] < 0.08
    assert error["sleaps"] > 0.15
    assert (certainty > 0.95).all()


@pytest.mark.parametrize("geometry", ["exact", "sleap"])
def test_sleaps_robot_is_found(shared_data, predicted, geometry):
    # A network of 18 thousand weights, trained on this frame alone.
    frame_idx, points, _ = stored_points(shared_data / "sleap_models" / ROBOT / "labels_gt.train.slp")
    found, certainty = of_frame(predicted[ROBOT, geometry], frame_idx)
    assert found.shape == (1, 2, 2)
    assert np.linalg.norm(found - points, axis=-1).max() < {"exact": 2.5, "sleap": 9.0}[geometry]
    scores = predicted[ROBOT, geometry].point_scores[0]
    np.testing.assert_allclose(certainty, scores.mean() if geometry == "exact" else scores.sum(), rtol=1e-5)


@pytest.fixture
def sleap_folder(shared_data, tmp_path):
    """A copy of SLEAP's bottom-up network that a test may damage."""
    for name in ("best_model.h5", "training_config.json"):
        shutil.copyfile(shared_data / "sleap_models" / FLIES / name, tmp_path / name)
    return tmp_path


def change_config(folder, change):
    path = folder / "training_config.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_fields_come_in_the_order_of_the_heads_edges(sleap_folder):
    change_config(sleap_folder, lambda d: d["model"]["heads"]["multi_instance"]["pafs"].update(edges=[["B", "A"]]))
    assert load_model(sleap_folder).spec.skeleton.edges == (("B", "A"),)
    change_config(sleap_folder, lambda d: d["model"]["heads"]["multi_instance"]["pafs"].update(edges=None))
    assert load_model(sleap_folder).spec.skeleton.edges == (("A", "B"),)


def test_a_sleap_folder_without_edges_is_refused(sleap_folder):
    def change(document):
        document["model"]["heads"]["multi_instance"]["pafs"]["edges"] = None
        document["data"]["labels"]["skeletons"] = []

    change_config(sleap_folder, change)
    with pytest.raises(ModelError, match=r"training_config\.json: expected the edges of a trained multi_instance"):
        load_model(sleap_folder)


# Our own training.


def draw_frames(count, animals, seed):
    """Labelled frames of pairs of a bright and a dim blob, somewhere, in any direction."""
    rng = np.random.default_rng(seed)
    frames = []
    for frame_idx in range(count):
        x = np.linspace(0, SIZE[0], animals + 1)
        middle = np.column_stack([(x[1:] + x[:-1]) / 2, rng.uniform(30, SIZE[1] - 30, animals)])
        angle = rng.uniform(0, 2 * np.pi, animals)
        way = 13 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        points = np.stack([middle - way, middle + way], axis=1)
        frames.append(LabelledFrame(video="film", frame_idx=frame_idx, image=draw_pairs(points), points=points))
    return frames


def config_of(steps, **head):
    return ModelConfig.model_validate(
        {
            "backbone": {"unet": {"max_stride": 8, "filters": 8, "filters_rate": 1.5}},
            "head": {"output_stride": 4, "sigma": 1.5, **head},
            "optimization": {
                "epochs": 2,
                "min_batches_per_epoch": steps,
                "learning_rate": 0.003,
                # The average of so few steps is far behind.
                "ema_momentum": None,
            },
        }
    )


def train(model_type, folder, parts, config, skeleton=PAIR):
    return train_model(parts, skeleton, config, model_type, folder, seed=0, on_progress=lambda done, of: None)[0]


@pytest.mark.parametrize(
    ("model_type", "animals", "config"),
    [
        ("single_instance", 1, config_of(50)),
        # Fields fill more of a frame than peaks do, and would take over so short a training.
        ("multi_instance", 2, config_of(80, pafs={"loss_weight": 0.1})),
    ],
)
def test_training_learns_to_find_drawn_animals(tmp_path, model_type, animals, config):
    parts = {"train": draw_frames(24, animals, 0), "val": draw_frames(6, animals, 1)}
    model = train(model_type, tmp_path, parts, config)
    log = np.loadtxt(tmp_path / "training_log.csv", delimiter=",", skiprows=1)
    assert log[-1, 2] < log[0, 2]
    again = PREDICTORS[model_type]({model_type: load_model(tmp_path)}, PredictConfig())
    found = again.find([again.prepare(frame.image) for frame in parts["val"]])
    for frame, f in zip(parts["val"], found, strict=True):
        assert len(f.points) == animals
        order = np.argsort(f.points[..., 0].mean(axis=1))
        assert np.linalg.norm(f.points[order] - frame.points, axis=-1).max() < 3
    metrics = assess(model, parts["val"], PAIR).metrics
    assert metrics["detection.recall"] == metrics["detection.precision"] == [1, 1, 1]


def test_a_skeleton_whose_edges_do_not_join_all_nodes_is_refused(tmp_path):
    parts = {"train": draw_frames(2, 1, 0), "val": draw_frames(1, 1, 1)}
    with pytest.raises(ConfigError, match=r"multi_instance: expected edges .* but none leads to \['a', 'b'\]; add"):
        train("multi_instance", tmp_path, parts, config_of(1), Skeleton(nodes=("a", "b")))
    wider = {part: [with_third_node(f) for f in frames] for part, frames in parts.items()}
    with pytest.raises(ConfigError, match=r"none leads to \['c'\]"):
        train("multi_instance", tmp_path, wider, config_of(1), Skeleton(nodes=("a", "b", "c"), edges=(("a", "b"),)))
    assert list(tmp_path.iterdir()) == []


def with_third_node(frame):
    points = np.concatenate([frame.points, frame.points[:, :1]], axis=1)
    return LabelledFrame(video=frame.video, frame_idx=frame.frame_idx, image=frame.image, points=points)
