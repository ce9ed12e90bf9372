"""The whole loop: predict, suggest, correct, merge, train again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import sleap_io as sio

from antpipe.config.inference import PredictConfig
from antpipe.config.labels import MergeConfig
from antpipe.config.model import ModelConfig
from antpipe.config.preprocess import PreprocessConfig
from antpipe.config.simulate import SimulateConfig
from antpipe.config.suggest import SuggestConfig
from antpipe.config.tracking import TrackConfig
from antpipe.evaluation.evaluate import evaluate
from antpipe.geometry import IDENTITY, Transform
from antpipe.labels.merge import merge_files
from antpipe.labels.on_video import place_frames
from antpipe.labels.project import merge_project
from antpipe.labels.read import labelled_frames, read_labels
from antpipe.labels.split import split_labels
from antpipe.labels.suggest import suggest_file
from antpipe.labels.videos import video_keys
from antpipe.labels.write import write_labels
from antpipe.poses import PosesInfo, VideoMeta, make_poses
from antpipe.poses_file import read_info, read_poses, write_poses
from antpipe.synthetic.scene import simulate_tracks
from antpipe.synthetic.simulate import simulate
from antpipe.synthetic.skeleton import ANT_SKELETON
from antpipe.tracking.track import track_file
from antpipe.video.transcode import preprocess

POOL, HELD_OUT = ("ants_001", "ants_002"), "ants_003"


def sleap_skeleton():
    return sio.Skeleton(list(ANT_SKELETON.nodes), list(ANT_SKELETON.edges), list(ANT_SKELETON.symmetries), name="ant")


def correct(suggested, corrected, truth, *, left_alone=0):
    """What a person does in SLEAP: a user instance for every animal, made from the prediction nearest to it.

    `truth` gives the animals (animals, nodes, 2) of a frame of a film, as the file names it, in its pixels. As SLEAP
    does, this keeps the predictions, the paths of films, and the frames that were left alone, here the last ones.
    """
    labels = sio.load_slp(str(suggested), open_videos=False)
    frames = {(id(f.video), f.frame_idx): f for f in labels.labeled_frames}
    for s in labels.suggestions[: len(labels.suggestions) - left_alone]:
        frame = frames.get((id(s.video), s.frame_idx))
        if frame is None:
            frame = sio.LabeledFrame(s.video, s.frame_idx, [])
            labels.append(frame)
        free = list(frame.predicted_instances)
        for points in truth(Path(s.video.filename), s.frame_idx):
            source = take_nearest(free, points)
            track = source.track if source else None
            frame.instances.append(
                sio.Instance.from_numpy(points, skeleton=labels.skeleton, from_predicted=source, track=track)
            )
    labels.save(str(corrected), embed=False, verbose=False)


def take_nearest(free, points):
    """The prediction nearest to an animal, which is then gone from the list; None if there is none."""
    apart = [np.linalg.norm(p.numpy() - points, axis=-1) for p in free]
    near = [np.nanmean(a) if np.isfinite(a).any() else np.inf for a in apart]
    return free.pop(int(np.argmin(near))) if near and min(near) < np.inf else None


class Colony:
    """Films of simulated ants of which only the truth is drawn, each cropped, scaled and cut from a raw one."""

    config = SimulateConfig(
        videos=3, ants=4, frames=100, width=640, height=480, body_length=60, difficulty="hard", seed=3
    )
    first = 5
    """The raw frame with which a preprocessed film starts."""

    def __init__(self, to_raw):
        self.to_raw = to_raw
        self.truth = {}
        for index, name in enumerate((*POOL, HELD_OUT)):
            tracks = simulate_tracks(self.config, index)
            self.truth[name] = np.where(tracks.visible[..., None], tracks.points, np.nan)
            for folder in ("raw", "videos"):
                Path(folder).mkdir(exist_ok=True)
                Path(folder, f"{name}.mp4").write_bytes(f"{folder} {name}".encode())
            source = {
                "path": f"raw/{name}.mp4",
                "width": 640,
                "height": 480,
                "frame_count": self.config.frames,
                "fps": 24.0,
            }
            sidecar = {
                "source": source,
                "to_raw": to_raw.to_dict(),
                "first_raw_frame": self.first,
                "keeps_frame_numbers": True,
            }
            Path("videos", f"{name}.json").write_text(json.dumps(sidecar))

    def seen(self, name, raw_frame):
        """The animals of a raw frame of which at least three nodes are seen."""
        points = self.truth[name][raw_frame]
        return points[(~np.isnan(points[..., 0])).sum(axis=1) >= 3]

    def on_video(self, name, frame):
        """The same in pixels and frames of the preprocessed film."""
        return self.to_raw.inverse()(self.seen(name, frame + self.first))

    @property
    def frames(self):
        return self.config.frames - self.first

    def save_labels(self, path, film, frames, points):
        skeleton = sleap_skeleton()
        video = sio.Video(filename=film, open_backend=False)
        labeled = [
            sio.LabeledFrame(video, f, [sio.Instance.from_numpy(p, skeleton=skeleton) for p in points(f)])
            for f in frames
        ]
        write_labels(path, sio.Labels(labeled_frames=labeled, videos=[video], skeletons=[skeleton]))

    def predict(self, labels_path, name, output=None):
        """Predict with the training poses as they are: each animal gets the one most like it.

        So what is not among the labels goes wrong, the confidence falls with the error, and animals that are too
        different are not found at all. Returns the mean error of a node in body lengths; 1 for an animal not found.
        """
        known = training_poses(labels_path)
        rng = np.random.default_rng(0)
        rows, errors = [], []
        for frame in range(self.frames):
            for animal, true in enumerate(self.to_raw.inverse()(self.truth[name][frame + self.first])):
                if (~np.isnan(true[:, 0])).sum() < 3:
                    continue
                guess = nearest_pose(true, known)
                size = np.nanmax(np.nanmax(true, axis=0) - np.nanmin(true, axis=0))
                off = np.linalg.norm(guess - true, axis=-1) / size
                if np.nanmean(off) > 0.15:
                    errors.append(1.0)
                    continue
                errors.append(float(np.nanmean(off)))
                score = np.exp(-np.nan_to_num(off, nan=0.5) / 0.15) * rng.uniform(0.9, 1, len(off))
                rows.append((frame, f"track_{animal}", np.where(score[:, None] < 0.1, np.nan, guess), score))
        if output is not None:
            write_poses(output, self._poses(name, rows))
        return float(np.mean(errors))

    def _poses(self, name, rows):
        video = VideoMeta(path=f"videos/{name}.mp4", width=300, height=220, fps=24, frame_count=self.frames)
        info = PosesInfo(skeleton=ANT_SKELETON, video=video, frames=((0, self.frames),), to_raw=self.to_raw)
        frame, track, points, scores = (list(column) for column in zip(*rows, strict=True))
        return make_poses(
            info,
            frame_idx=frame,
            points=points,
            point_scores=scores,
            instance_score=np.mean(scores, axis=1),
            track=track,
        )


def training_frames(labels_path):
    """The labels, and the frames of them that a training may get, as (film, frame)."""
    labels = read_labels(labels_path)
    names = dict(zip(map(id, labels.videos), video_keys(labels), strict=True))
    return labels, [(names[id(f.video)], f.frame_idx) for f in labelled_frames(labels)]


def training_poses(labels_path):
    labels, keys = training_frames(labels_path)
    placed = place_frames(labels, keys, {name: Path(f"videos/{name}.mp4") for name in (*POOL, HELD_OUT)})
    return np.concatenate([f.points for f in placed])


def nearest_pose(true, known):
    """The known pose (nodes, 2) that fits a true one best once it is turned, scaled and moved onto it."""
    both = ~np.isnan(true[:, 0]) & ~np.isnan(known[..., 0])
    weight = both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    goal, z = (np.nan_to_num(p[..., 0]) + 1j * np.nan_to_num(p[..., 1]) for p in (true, known))
    goal_middle, middle = ((v * weight).sum(axis=1, keepdims=True) for v in (goal[None], z))
    a, b = (z - middle) * both, (goal[None] - goal_middle) * both
    turn = (a.conj() * b).sum(axis=1, keepdims=True) / np.maximum((np.abs(a) ** 2).sum(axis=1, keepdims=True), 1e-9)
    fitted = (z - middle) * turn + goal_middle
    error = np.where(both.sum(axis=1) < 3, np.inf, (np.abs(fitted - goal) * weight).sum(axis=1))
    best = int(error.argmin())
    points = np.stack([fitted[best].real, fitted[best].imag], axis=-1)
    return np.where(np.isnan(known[best]), np.nan, points)


CROPPED = Transform(scale=(2.0, 2.0), offset=(40.5, 20.5))


@pytest.mark.parametrize(
    ("to_raw", "known_as"),
    [
        (CROPPED, "D:/lab/ants_001.mp4"),
        (CROPPED, "raw/ants_001.mp4"),
        (CROPPED, "videos/ants_001.mp4"),
        (IDENTITY, "raw/ants_001.mp4"),
    ],
)
def test_two_rounds_of_correcting_what_is_suggested(tmp_path, monkeypatch, to_raw, known_as):
    monkeypatch.chdir(tmp_path)
    colony = Colony(to_raw)

    def truth(film, frame):
        return (colony.on_video if film.parent.name == "videos" else colony.seen)(film.stem, frame)

    colony.save_labels("first.slp", known_as, [20, 40, 60], lambda f: truth(Path(known_as), f))
    files, errors = ["first.slp"], [colony.predict("first.slp", HELD_OUT)]
    for labelled in (11, 19):
        poses = [Path(f"{name}.parquet") for name in POOL]
        for path in poses:
            colony.predict(files[-1], path.stem, path.absolute())
        found = suggest_file(poses, Path("out/suggestions.slp"), SuggestConfig(frames=10), labels=Path(files[-1]))
        assert len(found) == 10
        correct("out/suggestions.slp", f"corrected {labelled}.slp", truth, left_alone=2)
        report = merge_files([files[-1], f"corrected {labelled}.slp"], f"merged {labelled}.slp")
        files.append(f"merged {labelled}.slp")
        assert report["conflicts"] == []
        labels, keys = training_frames(files[-1])
        assert len(labels.videos) == 2
        assert len(keys) == len(set(keys)) == labelled
        for frame in place_frames(labels, keys, {name: Path(f"videos/{name}.mp4") for name in POOL}):
            np.testing.assert_allclose(frame.points, colony.on_video(frame.video, frame.frame_idx), atol=1e-3)
        links = [i.from_predicted for f in labels for i in f.user_instances]
        assert sum(isinstance(source, sio.PredictedInstance) for source in links) > 4 * (labelled - 3) / 2
        errors.append(colony.predict(files[-1], HELD_OUT))
    assert errors[2] < errors[1] < errors[0]


def test_a_file_that_nobody_corrected_adds_no_training_frame(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    colony = Colony(CROPPED)
    colony.save_labels("first.slp", "raw/ants_001.mp4", [20, 40, 60], lambda f: colony.seen("ants_001", f))
    colony.predict("first.slp", "ants_001", tmp_path / "ants_001.parquet")
    suggest_file([Path("ants_001.parquet")], Path("s.slp"), SuggestConfig(frames=5), labels=Path("first.slp"))
    report = merge_files(["first.slp", "s.slp"], "merged.slp")
    assert (report["result"]["frames"], report["conflicts"]) == (8, [])
    assert sorted(frame for _, frame in training_frames("merged.slp")[1]) == [20, 40, 60]


BODY_NODES = ["Head", "Neck", "UpperThorax", "LowerThorax", "Petiole", "Abdomen"]
"""Tiny networks do not learn legs in a minute."""


def model_config(scale, crop_size, max_stride, filters, epochs, batch_size, nodes=None):
    """A tiny network. Without turned and shaded images it knows only what it was shown: labels decide what it can."""
    return ModelConfig.model_validate(
        {
            "input": {"scale": scale, "crop_size": crop_size},
            "backbone": {"unet": {"max_stride": max_stride, "filters": filters, "filters_rate": 1.5}},
            "head": {"output_stride": 2, "sigma": 2.0, "anchor_part": "LowerThorax", "part_names": nodes},
            "augmentation": {
                "rotation": None,
                "scale": None,
                "translation": [-3, 3],
                "contrast": None,
                "brightness": None,
            },
            "optimization": {
                "epochs": epochs,
                "min_batches_per_epoch": 25,
                "batch_size": batch_size,
                "learning_rate": 0.003,
            },
        }
    )


class Lab:
    """Two films of simulated ants, cropped and scaled, and tiny networks; the last third of each film is held out."""

    models: ClassVar = {
        "centroid": model_config(0.25, None, max_stride=16, filters=8, epochs=8, batch_size=4),
        "centered_instance": model_config(0.5, 40, max_stride=8, filters=12, epochs=16, batch_size=8, nodes=BODY_NODES),
    }
    frames = 60
    pool, held_out = "0-39", "45-59"

    def __init__(self):
        config = SimulateConfig(videos=2, ants=4, frames=self.frames, width=384, height=288, seed=3, labelled_frames=1)
        simulate("raw", config)
        crop = PreprocessConfig(crop=(352, 272, 16, 8), scale=0.75, crf=18)
        self.to_raw = {}
        for name in POOL:
            record = preprocess(f"raw/{name}.mp4", f"videos/{name}.mp4", crop)
            self.to_raw[name] = Transform.from_dict(record["to_raw"])
            self._move_truth(name)

    def _move_truth(self, name):
        """Write the truth in pixels of the preprocessed film."""
        poses = read_poses(f"raw/truth/{name}.parquet")
        points = self.to_raw[name].inverse()(poses.points)
        points[(points < 0).any(axis=-1) | (points > np.array([263, 203])).any(axis=-1)] = np.nan
        video = replace(poses.info.video, path=f"videos/{name}.mp4", width=264, height=204)
        poses = replace(poses, info=replace(poses.info, video=video), points=points)
        write_poses(f"{name}.truth.parquet", poses[(~np.isnan(points[..., 0])).sum(axis=1) >= 3])

    def truth(self, film, frame):
        """The animals of a frame of a film, raw or preprocessed, in its pixels."""
        poses = read_poses(f"{film.stem}.truth.parquet")
        points = poses.points[poses.frame_idx == frame].astype(float)
        return points if film.parent.name == "videos" else self.to_raw[film.stem](points)

    def label(self, path, frames):
        """Label frames {film: indices} from nothing."""
        skeleton = sleap_skeleton()
        videos = {film: sio.Video(filename=film, open_backend=False) for film in frames}
        animals = [(film, f, self.truth(Path(film), f)) for film, indices in frames.items() for f in indices]
        labeled = [
            sio.LabeledFrame(videos[film], f, [sio.Instance.from_numpy(p, skeleton=skeleton) for p in points])
            for film, f, points in animals
        ]
        write_labels(path, sio.Labels(labeled_frames=labeled, videos=list(videos.values()), skeletons=[skeleton]))

    def train(self, labels, folder):
        """Merge label files and train on them as the rules do."""
        from antpipe.training.run import train_run  # TensorFlow takes long to load

        merge_project(
            labels, f"{folder}/merged.slp", f"{folder}/merge.json", MergeConfig(), {n: f"raw/{n}.mp4" for n in POOL}
        )
        split = split_labels(read_labels(f"{folder}/merged.slp"), by="frame", fractions=(0.75, 0.25, 0))
        for model_type, config in self.models.items():
            train_run(
                f"{folder}/merged.slp",
                f"{folder}/{model_type}",
                config=config,
                model_type=model_type,
                videos={name: Path(f"videos/{name}.mp4") for name in POOL},
                split=split,
            )

    def predict(self, folder, name, frames):
        """Predict frames of a film and track the animals; return the path of the tracks."""
        from antpipe.inference.predict import predict_video

        models = [f"{folder}/{model_type}" for model_type in self.models]
        predict_video(f"videos/{name}.mp4", models, f"{folder}/{name}.parquet", PredictConfig(), frames=frames)
        track_file(f"{folder}/{name}.parquet", f"{folder}/{name} {frames}.parquet", TrackConfig())
        return Path(f"{folder}/{name} {frames}.parquet")

    def accuracy(self, folder):
        """Return the mean OKS over all animals of the frames held out, 0 for one that was not found; and the recall."""
        results = []
        for name in POOL:
            predicted = self.predict(folder, name, self.held_out)
            truth, ranges = read_poses(f"{name}.truth.parquet"), read_info(predicted).frames
            held_out = truth[(truth.frame_idx >= ranges[0][0]) & (truth.frame_idx < ranges[0][1])]
            write_poses("held out.parquet", replace(held_out, info=replace(truth.info, frames=ranges)))
            metrics = evaluate("held out.parquet", predicted)
            results.append((metrics["oks.mOKS"], metrics["instances.recall"]))
        return np.mean(results, axis=0)


@pytest.mark.slow
def test_networks_get_better_by_correcting_what_is_suggested(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lab = Lab()
    lab.label("first.slp", {"raw/ants_001.mp4": [5, 15, 25, 35]})
    lab.train(["first.slp"], "before")
    poses = [lab.predict("before", name, lab.pool) for name in POOL]
    suggest_file(poses, Path("out/suggestions.slp"), SuggestConfig(frames=8), labels=Path("before/merged.slp"))
    correct("out/suggestions.slp", "corrected.slp", lab.truth)
    lab.train(["first.slp", "corrected.slp"], "after")
    accuracy = {folder: lab.accuracy(folder) for folder in ("before", "after")}
    for folder, (oks, recall) in accuracy.items():
        print(f"{folder}: mean OKS {oks:.3f}, animals found {recall:.2f}")
    assert accuracy["after"][0] > 1.2 * accuracy["before"][0]
