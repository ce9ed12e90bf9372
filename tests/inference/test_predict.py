import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import sleap_io as sio
from drawn_films import FPS, SIZE, places, spec_of

from antpipe.config.inference import PredictConfig
from antpipe.errors import ConfigError, ModelError, VideoError
from antpipe.files import fingerprint
from antpipe.geometry import Transform
from antpipe.inference import predict
from antpipe.inference.engine import make_engine
from antpipe.inference.frames import join_ranges, parse_frames
from antpipe.inference.peaks import find_global_peaks, find_local_peaks
from antpipe.inference.predict import in_batches, predict_video
from antpipe.inference.predictor import load_pipeline
from antpipe.inference.topdown import Centroids
from antpipe.models.build import build_network
from antpipe.models.folder import TrainedModel
from antpipe.models.spec import write_spec
from antpipe.poses_file import PosesWriter, read_info, read_poses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ((0, 20),)),
        ("0-3,7", ((0, 4), (7, 8))),
        ("7, 0-3", ((0, 4), (7, 8))),
        ("5", ((5, 6),)),
        ("0-19", ((0, 20),)),
        ("3-5,4-8,9", ((3, 10),)),
        ("2,2,2", ((2, 3),)),
    ],
)
def test_frames_are_numbers_and_ranges_with_both_ends(text, expected):
    assert parse_frames(text, 20) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected numbers and ranges such as 0-100,200, got ''"),
        ("a", "got 'a'"),
        ("1,,2", "got ''"),
        ("3-", "got '3-'"),
        ("-3", "got '-3'"),
        ("1-2-3", "got '1-2-3'"),
        ("1.5", r"got '1\.5'"),
        ("5-3", "'5-3' is not within the video's frames 0-19"),
        ("20", "'20' is not within the video's frames 0-19"),
        ("0-20", "'0-20' is not within the video's frames 0-19"),
    ],
)
def test_frames_that_cannot_be_read_are_one_sentence(text, message):
    with pytest.raises(ConfigError, match=message) as error:
        parse_frames(text, 20)
    assert str(error.value).startswith(f"frames {text!r}: ")


def test_single_frames_become_ranges():
    assert join_ranges((n, n + 1) for n in (5, 1, 2, 3, 9)) == ((1, 4), (5, 6), (9, 10))
    assert join_ranges([(4, 8), (0, 5), (3, 3), (9, 9)]) == ((0, 8),)
    assert join_ranges([]) == ()


def test_batches_have_a_size_and_the_last_may_be_shorter():
    assert list(in_batches(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(in_batches([], 3)) == []


def test_an_engine_gives_the_asked_heads_one_by_one():
    spec = spec_of(
        "centered_instance", crop_size=16, nodes=("a", "b"), stride=1, max_stride=4, offsets=True, stacks=2, filters=3
    )
    network = build_network(spec)
    model = TrainedModel(spec=spec, network=network, folder=Path(), fingerprint="")
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 20, 1), np.uint8)
    layers = [network.get_layer(f"{name}_1") for name in ("CenteredInstanceConfmapsHead", "OffsetRefinementHead")]
    last = keras.Model(network.inputs, [layer.output for layer in layers])
    maps, offsets = last.predict_on_batch(images)
    assert (maps.shape, offsets.shape) == ((3, 16, 20, 2), (3, 16, 20, 4))
    for heads, expected in (
        (["confidence_maps", "offset_refinement"], [maps, offsets]),
        (["offset_refinement", "confidence_maps"], [offsets, maps]),
        (["confidence_maps"], [maps]),
    ):
        engine = make_engine(model, heads)
        for count in (3, 1):  # batches of any size
            found = engine(images[:count])
            assert len(found) == len(expected)
            for array, true in zip(found, expected, strict=True):
                np.testing.assert_allclose(array, true[:count], atol=1e-6)


def test_an_engine_runs_no_layer_that_it_does_not_need(monkeypatch):
    spec = spec_of("centroid", max_stride=4, filters=2, offsets=True)
    model = TrainedModel(spec=spec, network=build_network(spec), folder=Path(), fingerprint="")
    made, plain = [], keras.Model
    monkeypatch.setattr(keras, "Model", lambda *args: made.append(plain(*args)) or made[-1])
    make_engine(model, ["confidence_maps"])
    assert [layer.name for layer in made[-1].layers if "Head" in layer.name] == ["CentroidConfmapsHead_0"]


def run(film, folder, frames=None, **config):
    predict_video(film, ["centroid", "instance"], folder / "poses.parquet", PredictConfig(**config), frames)
    return read_poses(folder / "poses.parquet")


def assert_right(poses, frame_idx):
    rows = poses.frame_idx == frame_idx
    found, true = poses.points[rows][:, 0], places(frame_idx)
    order = np.argsort(found[:, 0]), np.argsort(true[:, 0])
    np.testing.assert_allclose(found[order[0]], true[order[1]], atol=0.05)


def test_every_frame_has_its_animals(film, tmp_path, models):
    poses = run(film, tmp_path)
    assert np.bincount(poses.frame_idx, minlength=20).tolist() == [2, 2, 0, 2, 2, 1] + [2] * 14
    for frame_idx in range(20):
        assert_right(poses, frame_idx)
    np.testing.assert_allclose(poses.time_s, poses.frame_idx / FPS)
    assert poses.predicted.all()
    assert set(poses.track) == {None}
    np.testing.assert_allclose(poses.instance_score, poses.point_scores[:, 0], atol=0.06)


def test_the_file_says_what_it_is_about(film, tmp_path, models):
    info = run(film, tmp_path, "0-3,7", peak_threshold=0.3).info
    assert info.frames == ((0, 4), (7, 8))
    assert info.frame_total == 5
    assert info.skeleton.nodes == ("thorax",)
    meta = info.video
    assert (meta.path, meta.width, meta.height, meta.fps, meta.frame_count) == (film.as_posix(), *SIZE, FPS, 20)
    assert meta.fingerprint == fingerprint(film)
    record = info.provenance["prediction"]
    assert record["command"] == "antpipe predict"
    assert record["settings"]["peak_threshold"] == 0.3
    assert record["models"] == {"centroid": "of centroid", "centered_instance": "of centered_instance"}
    assert "problems" not in info.provenance


def test_only_the_asked_frames_are_in_the_table(film, tmp_path, models):
    poses = run(film, tmp_path, "0-3,7")
    assert sorted(set(poses.frame_idx.tolist())) == [0, 1, 3, 7]
    for frame_idx in (0, 1, 2, 3, 7):
        assert_right(poses, frame_idx)


def test_a_video_without_animals_is_an_empty_table_of_examined_frames(film, tmp_path, models):
    poses = run(film, tmp_path, "2")
    assert len(poses) == 0
    assert poses.info.frames == ((2, 3),)


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_the_size_of_batches_changes_nothing(film, tmp_path, models, batch_size):
    poses = run(film, tmp_path, batch_size=batch_size, crop_batch_size=2)
    for frame_idx in range(20):
        assert_right(poses, frame_idx)
    assert max(models["centroid"].batches) == min(batch_size, 20)
    assert max(models["centered_instance"].batches) <= 2


def test_rows_are_written_batch_by_batch(film, tmp_path, models, monkeypatch):
    # What is in memory at a time is what one call of write gets, whatever the length of the video.
    written, write = [], PosesWriter.write

    def recording(self, poses):
        written.append(sorted(set(poses.frame_idx.tolist())))
        write(self, poses)

    monkeypatch.setattr(PosesWriter, "write", recording)
    run(film, tmp_path, "0-9", batch_size=4)
    assert written[:3] == [[0, 1, 3], [4, 5, 6, 7], [8, 9]]


def test_max_instances_keeps_the_most_confident(film, tmp_path, models):
    poses = run(film, tmp_path, "0-4", max_instances=1)
    assert poses.frame_idx.tolist() == [0, 1, 3, 4]
    np.testing.assert_allclose(poses.points[:, 0], [places(i)[0] for i in (0, 1, 3, 4)], atol=0.05)


def test_min_distance_makes_one_animal_of_two_predictions(film, tmp_path, models):
    apart = np.linalg.norm(np.diff(places(0), axis=0))
    assert len(run(film, tmp_path, "0", min_distance=apart - 1)) == 2
    assert len(run(film, tmp_path, "0", min_distance=apart + 1)) == 1


def test_a_failed_run_leaves_no_file(film, tmp_path, models, monkeypatch):
    def fail(self, poses):
        raise RuntimeError("disk full")

    monkeypatch.setattr(PosesWriter, "write", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        run(film, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_preprocessed_video_says_where_it_comes_from(film, tmp_path, models):
    copy = tmp_path / film.name
    shutil.copyfile(film, copy)
    sidecar = {"to_raw": {"scale": [2, 2], "offset": [10, 0.5]}, "output": {"fingerprint": "abc"}}
    copy.with_suffix(".json").write_text(json.dumps(sidecar))
    info = run(copy, tmp_path, "0").info
    assert info.to_raw == Transform(scale=(2.0, 2.0), offset=(10.0, 0.5))
    assert info.video.fingerprint == "abc"


def test_a_broken_video_says_which_frames_were_looked_at(film, tmp_path, models):
    whole = film.read_bytes()
    index = whole.rfind(b"mdat")
    assert index > whole.rfind(b"moov"), "the table of contents stands at the head, so a cut file can still be opened"
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: index + (len(whole) - index) // 2])
    poses = run(cut, tmp_path)
    info = poses.info
    assert 0 < info.frame_total < 20
    assert set(poses.frame_idx.tolist()) <= {f for start, stop in info.frames for f in range(start, stop)}
    assert info.provenance["problems"]
    assert read_info(tmp_path / "poses.parquet").frames == info.frames


def test_a_frame_that_cannot_be_decoded_is_not_among_those_looked_at(film, tmp_path, models, monkeypatch):
    class Damaged(predict.VideoReader):
        problems = ("1 frame cannot be decoded",)

        def frames(self, start=0, stop=None):
            return (frame for frame in super().frames(start, stop) if frame.index != 7)

    monkeypatch.setattr(predict, "VideoReader", Damaged)
    poses = run(film, tmp_path, "0-9")
    assert poses.info.frames == ((0, 7), (8, 10))
    assert 7 not in poses.frame_idx
    assert_right(poses, 8)
    assert poses.info.provenance["problems"] == ["1 frame cannot be decoded"]


def test_frames_that_the_video_does_not_have_are_refused(film, tmp_path, models):
    with pytest.raises(ConfigError, match="'18-25' is not within the video's frames 0-19"):
        run(film, tmp_path, "18-25")
    assert not (tmp_path / "poses.parquet").exists()


@pytest.mark.parametrize("content", [None, b"", b"no video"])
def test_what_is_no_video_is_refused(tmp_path, models, content):
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoError, match=r"film\.mp4"):
        run(path, tmp_path)


def model_folder(folder, model_type, nodes=("a", "b"), channels=1, offsets=False):
    """A run folder of ours with random weights."""
    folder.mkdir()
    crop_size = 16 if model_type == "centered_instance" else None
    values = {"channels": channels, "offsets": offsets, "max_stride": 4, "stride": 4, "filters": 2}
    spec = spec_of(model_type, crop_size=crop_size, nodes=nodes, **values)
    build_network(spec).save_weights(folder / "best.weights.h5")
    write_spec(folder, spec, {})
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    keras.utils.set_random_seed(1)  # with which no network is sure of nothing
    root = tmp_path_factory.mktemp("models")
    return {
        "centroid": model_folder(root / "c", "centroid"),
        "other centroid": model_folder(root / "c2", "centroid"),
        "instance": model_folder(root / "i", "centered_instance", channels=3),
        "whole": model_folder(root / "w", "single_instance"),
        "centroid with offsets": model_folder(root / "co", "centroid", offsets=True),
        "instance with offsets": model_folder(root / "io", "centered_instance", offsets=True),
        "nothing": root / "nowhere",
        "no model": root,
    }


@pytest.mark.parametrize("names", [("centroid", "instance"), ("instance", "centroid")])
def test_the_models_may_come_in_any_order(folders, names):
    pipeline = load_pipeline([folders[n] for n in names], PredictConfig())
    assert {name: model.folder for name, model in pipeline.models.items()} == {
        "centroid": folders["centroid"],
        "centered_instance": folders["instance"],
    }
    top_down = pipeline.predictor
    assert (top_down.centroids.spec.model_type, top_down.nodes.spec.model_type) == ("centroid", "centered_instance")
    assert top_down.skeleton.nodes == ("a", "b")
    assert pipeline.channels == 3  # colour is read where one of them wants it


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("centroid",), r"c: expected models that work .*, got \['centroid'\]; add --model FOLDER"),
        (("instance",), r"i: expected models that work .*, got \['centered_instance'\]; add --model FOLDER"),
        ((), r"expected models that work together, one of \[\['centroid', 'centered_instance'\], .*, got \[\]; add"),
        (("centroid", "whole"), r"got \['centroid', 'single_instance'\]; add --model FOLDER"),
        (("centroid", "instance", "whole"), r"got \['centered_instance', 'centroid', 'single_instance'\]"),
        (("centroid", "other centroid"), r"c2: a second centroid model; give one of each kind"),
        (("centroid", "centroid"), "a second centroid model"),
        (("centroid", "nothing"), r"nowhere: model folder not found"),
        (("centroid", "no model"), r"not a model folder; expected model.json \(ours\) or training_config.json"),
    ],
)
def test_models_that_do_not_work_together_are_refused(folders, names, message):
    with pytest.raises(ModelError, match=message):
        load_pipeline([folders[n] for n in names], PredictConfig())


def test_the_precision_of_prediction_is_the_one_asked_for(folders):
    names = ("centroid", "instance")
    for precision, expected in (("float32", "float32"), ("mixed_bfloat16", "bfloat16")):
        models = load_pipeline([folders[n] for n in names], PredictConfig(precision=precision)).models
        assert [m.network.get_layer("stack0_enc0_conv0").compute_dtype for m in models.values()] == [expected] * 2


@pytest.mark.parametrize("geometry", ["sleap", "exact"])
def test_sleaps_geometry_reads_the_offsets_that_a_network_has_learned(folders, geometry):
    config = PredictConfig(geometry=geometry, centroid_threshold=0.0, peak_threshold=0.0)
    names = ("centroid with offsets", "instance with offsets")
    pipeline = load_pipeline([folders[n] for n in names], config)
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 1), np.uint8)
    top_down = pipeline.predictor
    maps, offsets = pipeline.models["centroid"].network.predict_on_batch(image[None])
    peaks = find_local_peaks(maps, 0.0)
    assert len(peaks.row) > 1, "a network with random weights is sure of something"
    order = np.argsort(-peaks.value, kind="stable")
    cells = np.stack([peaks.column, peaks.row], axis=-1) + offsets[0, peaks.row, peaks.column]
    (found,) = top_down.centroids.find([top_down.centroids.prepare(image)])
    np.testing.assert_array_equal(found.scores, peaks.value[order])
    assert np.allclose(found.points, 4 * cells[order], atol=1e-4) == (geometry == "sleap")

    crop = top_down.nodes.cut(top_down.nodes.prepare(image), np.array([15.5, 15.5]))
    maps, offsets = pipeline.models["centered_instance"].network.predict_on_batch(crop.image[None])
    at = find_global_peaks(maps)
    cells = np.stack([at.column, at.row], axis=-1) + offsets[0].reshape(4, 4, 2, 2)[at.row, at.column, at.channel]
    ((points, *_),) = top_down.nodes.find(
        [top_down.nodes.prepare(image)], [Centroids(np.array([[15.5, 15.5]]), np.ones(1))]
    )
    expected = crop.to_video(4.0 * cells) - 0.5
    seen = at.value > 0
    assert seen.any()
    assert np.allclose(points[0][seen], expected[seen], atol=1e-4) == (geometry == "sleap")


def of_flies(path):
    """The labelled points (2 animals, 2 nodes, 2) of SLEAP's training frame, from left to right."""
    (frame,) = sio.load_slp(str(path), open_videos=False).labeled_frames
    assert frame.frame_idx == 1
    return np.stack(sorted((i.numpy() for i in frame.instances), key=lambda p: p[0, 0]))


@pytest.mark.parametrize(("geometry", "oracle", "tolerance"), [("exact", "gt", 0.05), ("sleap", "pr", 0.1)])
def test_sleaps_networks_on_sleaps_film(shared_data, tmp_path, geometry, oracle, tolerance):
    folder = shared_data / "sleap_models"
    film = shared_data / "fly_clips" / "centered_pair_24nodes" / "centered_pair_low_quality.mp4"
    models = [folder / f"minimal_instance.UNet.{kind}" for kind in ("centered_instance", "centroid")]
    predict_video(film, models, tmp_path / "poses.parquet", PredictConfig(geometry=geometry), "0-1,5")
    poses = read_poses(tmp_path / "poses.parquet")
    found = poses.points[poses.frame_idx == 1]
    found = found[np.argsort(found[:, 0, 0])]
    expected = of_flies(models[0] / f"labels_{oracle}.train.slp")
    errors = np.linalg.norm(found - expected, axis=-1)
    assert errors.max() < tolerance
    assert poses.info.skeleton.nodes == ("A", "B")
    assert poses.info.skeleton.edges == (("A", "B"),)
    assert poses.info.frames == ((0, 2), (5, 6))
    assert np.bincount(poses.frame_idx).tolist() == [2, 2, 0, 0, 0, 2]
    assert (poses.instance_score > 0.9).all()


def test_sleaps_own_shift_is_half_a_pixel(shared_data):
    folder = shared_data / "sleap_models" / "minimal_instance.UNet.centered_instance"
    shift = of_flies(folder / "labels_pr.train.slp") - of_flies(folder / "labels_gt.train.slp")
    np.testing.assert_allclose(shift.mean(axis=(0, 1)), [-0.5, -0.5], atol=0.02)
