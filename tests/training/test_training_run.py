import csv
import json
import shutil

import numpy as np
import pytest
import sleap_io as sio
from drawn_animals import SKELETON, draw_frames

from antpipe.config.inference import PredictConfig
from antpipe.config.model import ModelConfig
from antpipe.errors import ConfigError, LabelError, ModelError
from antpipe.inference.predict import predict_video
from antpipe.labels.split import Fold, Split
from antpipe.labels.split_file import write_split
from antpipe.labels.write import write_labels
from antpipe.models.folder import load_model
from antpipe.poses_file import read_poses
from antpipe.report.model import draw_run
from antpipe.training.run import train_run
from antpipe.video.write import VideoWriter

FRAMES = draw_frames(16, 0)
NAME = "film of 2 ants ü.mp4"
SPLIT = Split(
    folds=(
        Fold(
            train=tuple((NAME, i) for i in range(0, 10)),
            val=tuple((NAME, i) for i in (10, 11, 12)),
            test=tuple((NAME, i) for i in (15, 14)),
        ),
    ),
    by="indices",
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A film of drawn animals, its labels and a split."""
    folder = tmp_path_factory.mktemp("lab")
    with VideoWriter(folder / NAME, width=72, height=56, fps=10, grayscale=True, crf=5) as writer:
        for frame in FRAMES:
            writer.write(frame.image)
    skeleton = sio.Skeleton(list(SKELETON.nodes), list(SKELETON.edges), list(SKELETON.symmetries), name="animal")
    film = sio.Video(filename=f"D:/lab/{NAME}", open_backend=False)
    labeled = [
        sio.LabeledFrame(film, f.frame_idx, [sio.Instance.from_numpy(p, skeleton=skeleton) for p in f.points])
        for f in FRAMES
    ]
    write_labels(folder / "labels.slp", sio.Labels(labeled_frames=labeled, videos=[film], skeletons=[skeleton]))
    write_split(folder / "split.json", SPLIT)
    return folder


def config_of(epochs, batches, sigma=1.5, batch_size=4, crop_size=32):
    return ModelConfig.model_validate(
        {
            "input": {"crop_size": crop_size},
            "backbone": {"unet": {"max_stride": 8, "filters": 8, "filters_rate": 1.5}},
            "head": {"output_stride": 2, "sigma": sigma, "anchor_part": "head"},
            "augmentation": {"translation": [-4, 4]},
            "optimization": {
                "epochs": epochs,
                "min_batches_per_epoch": batches,
                "batch_size": batch_size,
                "learning_rate": 0.003,
            },
        }
    )


def run(lab, folder, config, model_type="centered_instance", **values):
    train_run(
        lab / "labels.slp",
        folder,
        config=config,
        model_type=model_type,
        videos={NAME.removesuffix(".mp4"): lab / NAME},
        **{"split": lab / "split.json", "seed": 3, **values},
    )


@pytest.fixture(scope="module")
def short(lab):
    run(lab, lab / "short run", config_of(1, 2))
    return lab / "short run"


def test_a_run_folder_explains_itself(short):
    names = sorted(p.name for p in short.iterdir())
    assert names == [
        "best.weights.h5",
        "examples.npz",
        "metrics.test.json",
        "metrics.train.json",
        "metrics.val.json",
        "model.json",
        "run.json",
        "training_log.csv",
    ]
    record = json.loads((short / "run.json").read_text())
    assert (record["model_type"], record["seed"], record["fold"]) == ("centered_instance", 3, 0)
    assert record["frames"] == {
        part: [list(key) for key in getattr(SPLIT.folds[0], part)] for part in ("train", "val", "test")
    }
    assert {"python", "keras", "antpipe"} <= set(record["versions"])
    assert [row["epoch"] for row in csv.DictReader((short / "training_log.csv").open())] == ["0"]
    assert load_model(short).spec.skeleton == SKELETON
    assert json.loads((short / "metrics.test.json").read_text())["mode"] == "strict, crops around true centroids"


def test_examples_are_those_of_the_test_part(short):
    with np.load(short / "examples.npz", allow_pickle=False) as examples:
        names = [f"{kind}_{n}" for kind in ("image", "truth", "predicted", "title") for n in range(2)]
        names += [f"sight_{what}" for what in ("image", "points", "field", "animal", "scale", "title")]
        assert sorted(examples) == sorted(names)
        titles = [str(examples[f"title_{n}"]) for n in range(2)]
        assert titles == [f"{NAME.removesuffix('.mp4')} frame {n}" for n in (15, 14)]
        assert examples["image_0"].shape == (32, 32, 1)
        drawn = FRAMES[15].points
        difference = examples["truth_0"] - drawn
        np.testing.assert_allclose(difference, np.broadcast_to(difference[0, 0], drawn.shape), atol=1e-4)
        head = np.round(examples["truth_0"][0, 0]).astype(int)
        assert examples["image_0"][head[1], head[0], 0] > 70


def test_a_run_folder_says_how_much_the_network_sees_and_its_pictures_are_drawn(short):
    sizes = json.loads((short / "run.json").read_text())["input_px"]
    boxes = [np.ptp(points, axis=0).max() for frame in FRAMES[:10] for points in frame.points]
    assert sizes["median_animal"] == pytest.approx(np.median(boxes), rel=1e-4)
    assert sizes["receptive_field"] > sizes["median_animal"]
    before = sorted(short.iterdir())
    draw_run(short)
    drawn = sorted(set(short.iterdir()) - set(before))
    assert [path.name for path in drawn] == ["examples.png", "learning_curves.png", "receptive_field.png"]
    for path in drawn:
        path.unlink()


def test_a_run_that_was_trained_before_fields_were_kept_is_said(short, tmp_path):
    shutil.copytree(short, tmp_path / "old")
    with np.load(short / "examples.npz") as examples:
        np.savez(tmp_path / "old" / "examples.npz", **{n: a for n, a in examples.items() if "sight" not in n})
    with pytest.raises(ModelError, match=r"expected the receptive field of the network; train the model again"):
        draw_run(tmp_path / "old")


def test_running_again_gives_the_same_bytes(lab, short):
    run(lab, lab / "again", config_of(1, 2))
    for path in sorted(short.iterdir()):
        if path.name != "best.weights.h5":
            assert (lab / "again" / path.name).read_bytes() == path.read_bytes(), path.name
    first, second = (load_model(folder).network.get_weights() for folder in (short, lab / "again"))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_part_without_frames_has_no_metrics(lab, tmp_path):
    split = Split(folds=(Fold(train=((NAME, 0),), val=((NAME, 1),), test=()),), by="indices")
    run(lab, tmp_path / "run", config_of(1, 1), split=split)
    assert json.loads((tmp_path / "run" / "metrics.test.json").read_text()) == {"frames": 0}
    with np.load(tmp_path / "run" / "examples.npz") as examples:
        assert str(examples["title_0"]).endswith("frame 1")


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"fold": 1}, ConfigError, "fold 1: the split has folds 0-0"),
        ({"fold": -1}, ConfigError, "fold -1: the split has folds 0-0"),
        ({"split": "nowhere.json"}, LabelError, r"nowhere.json: split file not found"),
        ({"model_type": "bottomup"}, ConfigError, "unknown model type 'bottomup'"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(lab, tmp_path, values, error, message):
    with pytest.raises(error, match=message):
        run(lab, tmp_path / "run", config_of(1, 1), **values)


@pytest.mark.slow
def test_trained_networks_find_the_drawn_animals(lab, tmp_path):
    run(lab, tmp_path / "centroid", config_of(8, 40, sigma=2.0, crop_size=None), "centroid")
    run(lab, tmp_path / "instance", config_of(8, 40))
    detection = json.loads((tmp_path / "centroid" / "metrics.test.json").read_text())
    assert detection["detection.f1"][0] == 1.0  # within 2 px
    assert json.loads((tmp_path / "instance" / "metrics.test.json").read_text())["dist.avg"] < 0.75
    predict_video(
        lab / NAME, [tmp_path / "instance", tmp_path / "centroid"], tmp_path / "poses.parquet", PredictConfig()
    )
    poses = read_poses(tmp_path / "poses.parquet")
    assert np.bincount(poses.frame_idx).tolist() == [2] * len(FRAMES)
    for frame_idx, rows in poses.by_frame():
        found = poses.points[rows][np.argsort(poses.points[rows][:, 0, 0])]
        true = FRAMES[frame_idx].points[np.argsort(FRAMES[frame_idx].points[:, 0, 0])]
        assert np.nanmedian(np.linalg.norm(found - true, axis=-1)) < 1.0
