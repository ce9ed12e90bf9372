import json
import shutil

import keras
import numpy as np
import pytest
from drawn_films import draw, draw_map, find_blobs, spec_of

from antpipe.config.inference import PredictConfig
from antpipe.errors import ModelError
from antpipe.inference.predict import predict_video
from antpipe.inference.predictors.multi_class_bottomup import BottomUpClasses
from antpipe.inference.topdown import Centroids, NodeFinder
from antpipe.labels.read import read_labels
from antpipe.models.folder import load_model
from antpipe.models.spec import ModelSpec
from antpipe.poses_file import read_poses
from antpipe.video.read import VideoReader

NAN = np.nan
SIZE = 112, 96
NAMES = ("queen", "worker")
QUEEN, WORKER = np.array([[20.3, 30.7], [40.0, 30.0]]), np.array([[70.5, 60.2], [90.1, 70.9]])
DOWN = np.array([0.0, 40.0])


def spec_with(model_type, *, class_stride=4, **values):
    spec = spec_of(model_type, nodes=("a", "b"), **values)
    maps = spec.config.head.class_maps.model_copy(update={"output_stride": class_stride})
    config = spec.config.model_copy(update={"head": spec.config.head.model_copy(update={"class_maps": maps})})
    return ModelSpec(**{**vars(spec), "config": config, "classes": NAMES})


def bottom_up(frames, *, class_stride=4, scale=1.0, stride=2, from_sleap=False, **config):
    """A predictor whose network answers for each frame with [(points (nodes, 2), heights, probabilities)] of animals.

    An image says by its first pixel which frame it is. Class maps are constant in squares around points.
    """
    spec = spec_with("multi_class_bottomup", class_stride=class_stride, scale=scale, stride=stride)

    def run(images):
        run.batches.append(len(images))
        shape = images.shape[1:3]
        answers = [answer(shape, frames[int(image[0, 0, 0])]) for image in images]
        return [np.stack(part).astype(np.float32) for part in zip(*answers, strict=True)]

    def answer(shape, animals):
        maps = np.zeros((shape[0] // stride, shape[1] // stride, 2))
        classes = np.zeros((shape[0] // class_stride, shape[1] // class_stride, 2))
        for points, heights, probabilities in animals:
            inputs = spec.input_transform(SIZE)(np.asarray(points, float))
            for node, (x, y) in enumerate(inputs):
                if np.isfinite(x + y):
                    own = draw_map([(x, y)], [heights[node]], shape, stride, 1.5)
                    maps[..., node] = np.maximum(maps[..., node], own)
                    row, column = round(y / class_stride), round(x / class_stride)
                    classes[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = probabilities
        return maps, classes

    run.batches = []
    return BottomUpClasses(spec, run, PredictConfig(**config))


def find(predictor, count=1):
    images = [np.full((SIZE[1], SIZE[0], 1), number, np.uint8) for number in range(count)]
    return predictor.find([predictor.prepare(image) for image in images])


def animal(points, probabilities, heights=(0.9, 0.9)):
    return points, heights, probabilities


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
@pytest.mark.parametrize(("stride", "class_stride"), [(2, 2), (2, 8), (4, 2), (1, 4)])
def test_nodes_get_their_animals_name_at_any_stride(scale, stride, class_stride):
    animals = [animal(WORKER, [0.1, 0.9], (0.8, 0.8)), animal(QUEEN, [0.95, 0.05])]
    (found,) = find(bottom_up([animals], scale=scale, stride=stride, class_stride=class_stride))
    assert found.tracks == ["queen", "worker"]  # the more confident first
    np.testing.assert_allclose(found.points, [QUEEN, WORKER], atol=0.05)
    np.testing.assert_allclose(found.point_scores, [[0.9, 0.9], [0.8, 0.8]], atol=0.12)
    np.testing.assert_allclose(found.tracking_scores, [0.95, 0.9], rtol=1e-6)


def test_frames_of_a_batch_keep_their_own_animals():
    queen, worker = animal(QUEEN, [1, 0]), animal(WORKER, [0, 1])
    elsewhere = animal(QUEEN + 30, [0, 1])
    predictor = bottom_up([[queen, worker], [], [worker], [elsewhere]])
    found = find(predictor, 4)
    assert [sorted(f.tracks) for f in found] == [["queen", "worker"], [], ["worker"], ["worker"]]
    assert [f.points.shape for f in found] == [(2, 2, 2), (0, 2, 2), (1, 2, 2), (1, 2, 2)]
    np.testing.assert_allclose(found[3].points, [QUEEN + 30], atol=0.05)
    assert found[1].tracking_scores.shape == (0,)
    assert predictor.run.batches == [4]


def test_of_more_animals_than_classes_each_class_gets_the_clearest():
    animals = [
        animal(QUEEN, [0.9, 0.1], (0.6, 0.6)),
        animal(WORKER, [0.9, 0.1], (0.95, 0.95)),
        animal(QUEEN + DOWN, [0.1, 0.8], (0.5, 0.5)),
    ]
    (found,) = find(bottom_up([animals]))
    assert found.tracks == ["queen", "worker"]
    np.testing.assert_allclose(found.points, [WORKER, QUEEN + DOWN], atol=0.05)


@pytest.mark.parametrize(
    ("config", "score", "sure"),
    [({}, 0.45, 0.9), ({"geometry": "sleap"}, 0.9, 0.9)],
    ids=["ours", "sleap"],
)
def test_a_node_that_is_not_there_is_nan_and_lowers_the_score(config, score, sure):
    missing = np.array([QUEEN[0], [NAN, NAN]])
    (found,) = find(bottom_up([[animal(missing, [0.9, 0.1], (0.9, 0))]], **config))
    assert np.isnan(found.points[0]).tolist() == [[False, False], [True, True]]
    assert found.instance_scores == pytest.approx([score], abs=0.06)
    assert found.tracking_scores == pytest.approx([sure])


def test_peaks_that_are_nobodys_are_left_out():
    (found,) = find(bottom_up([[animal(QUEEN, [0.3, 0.2]), animal(WORKER, [0.2, 0.6])]]))
    assert found.tracks == ["worker"]
    (found,) = find(bottom_up([[animal(QUEEN, [0.3, 0.2])]], geometry="sleap"))
    assert found.tracks == ["queen"]


def test_limits_hold_for_named_animals_too():
    near = [animal(QUEEN, [1, 0], (0.9, 0.9)), animal(QUEEN + 0.3 * DOWN, [0, 1], (0.7, 0.7))]
    assert find(bottom_up([near]))[0].tracks == ["queen", "worker"]
    assert find(bottom_up([near], min_distance=15.0))[0].tracks == ["queen"]
    assert find(bottom_up([near], max_instances=1))[0].tracks == ["queen"]
    assert find(bottom_up([near], peak_threshold=0.8))[0].tracks == ["queen"]


@pytest.mark.parametrize("place", [(0.2, 0.4), (111.0, 95.0)])
def test_a_node_at_the_border_has_a_cell_of_the_class_map(place):
    (found,) = find(bottom_up([[animal(np.array([place, place]), [0, 1])]], class_stride=8))
    assert found.tracks == ["worker"]


def vector_finder(*, offsets=False, **config):
    """A network of crops that finds blobs, the bright ones being the queen; both nodes lie on the blob."""
    spec = spec_with("multi_class_topdown", crop_size=32, offsets=offsets)

    def run(images):
        run.batches.append(len(images))
        maps, vectors = [], []
        for image in images:
            places, heights = find_blobs(image[..., 0])
            maps.append(draw_map(places, np.ones(len(places)), image.shape[:2], 2, 1.5))
            vectors.append([0.9, 0.1] if heights.max(initial=0) > 0.8 else [0.2, 0.8])
        maps = np.repeat(np.stack(maps)[..., None], 2, axis=-1)
        more = [np.full((*maps.shape[:3], 4), 0.25)] if offsets and config.get("geometry") == "sleap" else []
        return [np.asarray(output, np.float32) for output in (maps, *more, vectors)]

    run.batches = []
    return NodeFinder(spec, run, PredictConfig(**config))


def find_in_crops(finder, frames, scores=None):
    """What is found around blobs [(place, height)] of frames."""
    images = [draw([at for at, _ in blobs], SIZE, [height for _, height in blobs]) for blobs in frames]
    places = [np.array([at for at, _ in blobs], float).reshape(-1, 2) for blobs in frames]
    given = [np.ones(len(p)) for p in places] if scores is None else scores
    return finder.find(
        [finder.prepare(image) for image in images], [Centroids(p, s) for p, s in zip(places, given, strict=True)]
    )


BRIGHT, DIM = 240.0, 150.0
LEFT, RIGHT, LOW = (25.0, 30.0), (80.3, 30.6), (50.0, 75.0)


def test_crops_of_all_frames_share_batches_and_names_are_given_frame_by_frame():
    finder = vector_finder(crop_batch_size=3)
    frames = [[(LEFT, BRIGHT), (RIGHT, DIM)], [], [(LEFT, DIM)], [(RIGHT, BRIGHT), (LOW, DIM)]]
    found = find_in_crops(finder, frames)
    assert [f.tracks for f in found] == [["queen", "worker"], [], ["worker"], ["queen", "worker"]]
    np.testing.assert_allclose(found[3].points, [[RIGHT, RIGHT], [LOW, LOW]], atol=0.05)
    np.testing.assert_allclose(found[0].tracking_scores, [0.9, 0.8], rtol=1e-6)
    assert finder.run.batches == [3, 2]


def test_animals_beyond_the_classes_stay_without_a_name():
    scores = [np.array([0.9, 0.6, 0.5])]
    (found,) = find_in_crops(vector_finder(), [[(LEFT, DIM), (RIGHT, DIM), (LOW, BRIGHT)]], scores)
    assert found.tracks == ["worker", None, "queen"]
    np.testing.assert_allclose(found.tracking_scores, [0.8, NAN, 0.9], rtol=1e-6)
    np.testing.assert_allclose(found.instance_scores, scores[0])
    assert found.points.shape == (3, 2, 2)


def test_offsets_and_names_come_from_heads_of_their_own():
    finder = vector_finder(offsets=True, geometry="sleap")
    (found,) = find_in_crops(finder, [[((40.3, 40.3), BRIGHT)]])
    assert found.tracks == ["queen"]
    # The crop starts at 25, so the peak is cell 8; a quarter of a cell of two pixels on, and SLEAP's half pixel back.
    np.testing.assert_allclose(found.points, np.full((1, 2, 2), 25 + 16 + 0.5 - 0.5), atol=1e-5)


FOLDERS = {
    "multi_class_bottomup": ("min_tracks_2node.UNet.bottomup_multiclass", 80_683),
    "multi_class_topdown": ("min_tracks_2node.UNet.topdown_multiclass", 91_731),
}


@pytest.mark.parametrize("model_type", FOLDERS)
def test_sleaps_networks_are_ours(shared_data, model_type):
    name, parameters = FOLDERS[model_type]
    model = load_model(shared_data / "sleap_models" / name)
    assert (model.spec.model_type, model.spec.classes) == (model_type, ("female", "male"))
    assert model.network.count_params() == parameters
    theirs = keras.models.load_model(shared_data / "sleap_models" / name / "best_model.h5", compile=False)
    images = np.random.default_rng(0).integers(0, 256, (2, *theirs.input_shape[1:3], 1), np.uint8)
    expected = theirs.predict_on_batch(images.astype(np.float32) / 255)
    for ours, true in zip(model.network.predict_on_batch(images), expected, strict=True):
        np.testing.assert_allclose(ours, true, atol=2e-5)


@pytest.mark.parametrize("model_type", FOLDERS)
def test_a_network_of_sleap_without_classes_is_refused(shared_data, tmp_path, model_type):
    folder = tmp_path / "model"
    shutil.copytree(shared_data / "sleap_models" / FOLDERS[model_type][0], folder)
    config = json.loads((folder / "training_config.json").read_text())
    head = config["model"]["heads"][model_type]
    head["class_maps" if "class_maps" in head else "class_vectors"]["classes"] = None
    (folder / "training_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=f"expected the classes of a trained {model_type}, got none"):
        load_model(folder)


CLIP = ("fly_clips", "clip_pair_13nodes")


def named_points(path, frames):
    """The points of label files by frame and name."""
    labels = {f.frame_idx: f for f in read_labels(path).labeled_frames}
    return {
        (index, instance.track.name): instance.numpy()[:2] for index in frames for instance in labels[index].instances
    }


def test_a_film_of_two_flies_has_the_names_of_the_labels_and_of_sleap(shared_data, tmp_path):
    clip, frames = shared_data.joinpath(*CLIP), range(0, 160, 16)
    true, sleaps = (named_points(clip / name, frames) for name in ("clip.2node.slp", "clip.predictions.slp"))
    model, errors = shared_data / "sleap_models" / FOLDERS["multi_class_bottomup"][0], {}
    for geometry in ("exact", "sleap"):
        config = PredictConfig(geometry=geometry)
        predict_video(clip / "clip.mp4", [model], tmp_path / "p.parquet", config, ",".join(map(str, frames)))
        poses = read_poses(tmp_path / "p.parquet")
        found = {(int(f), n): p for f, n, p in zip(poses.frame_idx, poses.track, poses.points, strict=True)}
        assert set(found) == set(true) == set(sleaps)
        assert (poses.tracking_score > 0.9).all()
        errors[geometry] = np.array([np.linalg.norm(found[key] - true[key], axis=-1) for key in true])
        if geometry == "sleap":
            off = np.array([np.linalg.norm(found[key] - sleaps[key], axis=-1) for key in true])
    assert poses.info.provenance["prediction"]["classes"] == ["female", "male"]
    # The decoded pixels differ a little, which moves the peak of a flat top; all others are SLEAP's.
    assert (off < 0.1).mean() >= 0.75
    assert np.median(errors["exact"]) < 1.5
    # SLEAP takes a faint false head of 0.43 for the female's, which is 1.0000 likely hers.
    assert errors["exact"].max() < 6 < 20 < errors["sleap"].max()


def test_crops_of_two_flies_have_the_names_of_the_labels(shared_data):
    clip, frames = shared_data.joinpath(*CLIP), range(0, 160, 40)
    true = named_points(clip / "clip.2node.slp", frames)
    model = load_model(shared_data / "sleap_models" / FOLDERS["multi_class_topdown"][0])
    finder = NodeFinder.of(model, PredictConfig())
    with VideoReader(clip / "clip.mp4", channels=1) as reader:
        prepared = [finder.prepare(reader.read(index).image) for index in frames]
    asked = [Centroids(np.array([true[i, name][1] for name in model.spec.classes]), np.ones(2)) for i in frames]
    for index, found in zip(frames, finder.find(prepared, asked), strict=True):
        assert found.tracks == ["female", "male"]
        errors = found.points - np.array([true[index, name] for name in found.tracks])
        assert np.abs(errors).max() < 2.0
        assert np.median(np.abs(errors)) < 0.2
