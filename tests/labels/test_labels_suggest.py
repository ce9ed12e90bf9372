import csv
import json

import h5py
import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import draw_skeleton
from pydantic import ValidationError

from antpipe.config.suggest import SuggestConfig
from antpipe.errors import LabelError, PosesError
from antpipe.geometry import Transform
from antpipe.labels.read import read_labels
from antpipe.labels.suggest import suggest_file
from antpipe.labels.suggest_choice import choose, ranks
from antpipe.labels.suggest_poses import fit_pose_space
from antpipe.labels.suggest_scores import KINDS, distances_from_middle, node_confidences
from antpipe.labels.write import write_labels
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, empty_poses, make_poses
from antpipe.poses_file import read_poses, write_poses, write_poses_to

SKELETON = Skeleton(
    nodes=("head", "thorax", "tail", "L", "R"),
    edges=(("head", "thorax"), ("thorax", "tail"), ("thorax", "L"), ("thorax", "R")),
    symmetries=(("L", "R"),),
)
BODY = np.array([[20.0, 0], [0, 0], [-20, 0], [0, -15], [0, 15]])
FRAMES = 300


def make_info(path, *, frames=FRAMES, skeleton=SKELETON, **values):
    video = VideoMeta(path=str(path), width=640, height=480, fps=24, frame_count=frames)
    return PosesInfo(skeleton=skeleton, video=video, frames=((0, frames),), **values)


def walk(animals=3, frames=FRAMES, seed=0):
    """Animals (frames, animals, nodes, 2) that walk straight on, and the confidence of their nodes."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None, None]
    start = np.column_stack([np.full(animals, 150.0), 100 + 120 * np.arange(animals)])[:, None]
    points = start + time * np.array([0.5, 0.0]) + BODY
    return points + rng.normal(0, 0.3, points.shape), 0.9 + rng.uniform(-0.02, 0.02, points.shape[:-1])


def write_film(folder, points, scores, *, name="film", tracked=True, seen=None, **values):
    """A poses file of the animals seen (frames, animals) in `folder`/videos/name.mp4, and the film, which is empty."""
    path = folder / "videos" / f"{name}.mp4"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(name.encode())
    seen = np.ones(points.shape[:2], bool) if seen is None else seen
    frame, animal = np.nonzero(seen)
    poses = make_poses(
        make_info(path, frames=len(points), **values),
        frame_idx=frame,
        points=points[frame, animal],
        point_scores=scores[frame, animal],
        instance_score=scores[frame, animal].mean(axis=1),
        track=[f"track_{a}" for a in animal] if tracked else None,
    )
    write_poses(folder / f"{name}.parquet", poses)
    return folder / f"{name}.parquet"


def suggest(tmp_path, poses, labels=None, **settings):
    return suggest_file(poses, tmp_path / "out" / "suggestions.slp", SuggestConfig(**settings), labels=labels)


def test_each_weakness_is_found_for_its_own_reason(tmp_path):
    points, scores = walk()
    seen = np.ones(points.shape[:2], bool)
    scores[30] *= 0.5
    scores[80, 1, 3] = 0.3
    seen[130, 2] = False
    points[180, 0, 4] += [0, 40]
    points[280:, 1, 2] = points[280:, 1, 1] + [-6, 19]  # the tail bends and stays so
    found = suggest(tmp_path, [write_film(tmp_path, points, scores, seen=seen)], frames=6)
    reasons = {s.frame_idx: s.reason.split(";")[0] for s in found}
    assert reasons.pop(30).startswith("mean confidence only 0.4")
    assert reasons.pop(80) == "uneven confidence, least certain of L of track_1"
    assert reasons.pop(130) == "1 animal fewer than usual (2 instead of 3)"
    assert reasons.pop(180) in ("R of track_0 jumps 40 px", "R of track_0 jumps 39 px")
    assert {f for f, reason in reasons.items() if reason == "rare pose of track_1"} & set(range(280, 300))


def test_a_film_without_faults_has_suggestions_all_the_same(tmp_path):
    found = suggest(tmp_path, [write_film(tmp_path, *walk())], frames=4)
    assert len(found) == 4
    assert not any("than usual" in s.reason for s in found)


def test_untracked_predictions_cannot_jump(tmp_path):
    points, scores = walk()
    points[180, 0, 4] += [0, 40]
    found = suggest(tmp_path, [write_film(tmp_path, points, scores, tracked=False)], frames=4)
    assert not any("jumps" in s.reason for s in found)
    assert all(s.scores["jump"] == 0 for s in found)
    (odd,) = (s for s in found if s.frame_idx == 180)
    assert "rare pose of animal 1" in odd.reason


def test_scores_are_ranks():
    values = np.array([[5.0, 0], [1, 0], [9, 0], [5, 3]])
    assert ranks(values).tolist() == [[0.25, 0], [0, 0], [0.75, 0], [0.25, 0.75]]
    assert ranks(np.zeros((0, 2))).shape == (0, 2)


def test_the_distance_from_the_middle_peaks_where_the_outlier_is(tmp_path):
    points, _ = walk(animals=1, frames=9)
    points = np.arange(9)[:, None, None] * np.array([3.0, 1]) + BODY  # constant velocity
    points[4, 2] += [6, 8]
    points[7, 0] = np.nan
    poses = make_poses(make_info("a.mp4", frames=9), frame_idx=np.arange(9), points=points, track=["a"] * 9)
    distance = distances_from_middle(poses)
    np.testing.assert_allclose(distance[3:6, 2], [5, 10, 5], atol=1e-4)
    np.testing.assert_allclose(
        np.delete(distance[1:8], 2, axis=1)[~np.isnan(np.delete(distance[1:8], 2, axis=1))], 0, atol=1e-4
    )
    assert np.isnan(distance[[0, 8]]).all()
    assert np.isnan(distance[6:9, 0]).all()


def test_a_track_with_a_gap_or_another_name_does_not_jump():
    points = np.broadcast_to(BODY, (6, 5, 2)) + np.arange(6)[:, None, None] * 100.0
    for frames, names in (([0, 2, 4, 6, 8, 10], ["a"] * 6), (range(6), list("abcdef")), (range(6), [None] * 6)):
        poses = make_poses(make_info("a.mp4"), frame_idx=list(frames), points=points, track=names)
        assert np.isnan(distances_from_middle(poses)).all()


def test_nodes_outside_of_the_picture_are_no_lack_of_confidence():
    points = np.stack([BODY + np.array([10, 240]), BODY + np.array([320, 240])])
    points[:, 2] = np.nan
    scores = node_confidences(make_poses(make_info("a.mp4"), frame_idx=[0, 0], points=points), 50.0)
    assert np.isnan(scores[0, 2])
    assert scores[1, 2] == 0
    assert scores[:, 0].tolist() == [1, 1]


class TestPoseSpace:
    rng = np.random.default_rng(1)
    sample = BODY + rng.normal(0, 1, (400, 5, 2))
    space = fit_pose_space(sample, np.zeros((0, 5, 2)))

    @staticmethod
    def moved(points, angle, factor, shift):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return points @ turn * factor + shift

    def test_place_direction_and_size_do_not_count(self):
        pose = self.sample[:5]
        after = self.space.rarity(self.moved(pose, 2.1, 3.7, [500, -40]))
        np.testing.assert_allclose(after, self.space.rarity(pose), rtol=1e-6)

    def test_a_bent_and_a_mirrored_pose_are_rare(self):
        bent = BODY.copy()
        bent[2] = [-5, 19]
        distance = self.space.rarity(np.stack([bent, BODY[[0, 1, 2, 4, 3]]]))
        assert (distance > 2 * self.space.rarity(self.sample).max()).all()

    def test_a_labelled_pose_is_known(self):
        bent = BODY.copy()
        bent[2] = [-5, 19]
        space = fit_pose_space(self.sample, self.moved(bent[None], 1.0, 2.0, [9, 9]))
        assert space.rarity(bent[None])[0] == pytest.approx(0, abs=1e-6)
        assert space.rarity(BODY[None])[0] == pytest.approx(self.space.rarity(BODY[None])[0])

    def test_missing_nodes_neither_count_nor_spread(self):
        holes = self.sample.copy()
        holes[self.rng.random(holes.shape[:2]) < 0.2] = np.nan
        space = fit_pose_space(holes, np.zeros((0, 5, 2)))
        np.testing.assert_allclose(space.mean, self.space.mean, atol=0.01)
        one = BODY.copy()
        one[4] = np.nan
        assert space.rarity(one[None])[0] < np.median(space.rarity(self.sample))

    @pytest.mark.parametrize("nodes", [1, 2, 5])
    @pytest.mark.parametrize("fill", [np.nan, 3.0])
    def test_what_has_no_shape_is_not_rare(self, nodes, fill):
        points = np.full((4, nodes, 2), fill)
        for sample in (points, points[:0]):
            space = fit_pose_space(sample, points[:0])
            assert space.rarity(points).tolist() == [0] * 4
            assert space.rarity(points[:0]).shape == (0,)


class TestChoice:
    @staticmethod
    def pick(scores, labelled=None, **settings):
        """Choose from films {number: scores (frames, kinds)}; return (film, frame, kind)."""
        scores = [np.asarray(s, float) for s in scores]
        labelled = labelled or [[] for _ in scores]
        chosen = choose(
            scores, [np.arange(len(s)) for s in scores], [np.array(f, int) for f in labelled], SuggestConfig(**settings)
        )
        return [(c.video, c.position, c.kind) for c in chosen]

    def test_reasons_take_turns_and_those_without_frames_are_passed_over(self):
        scores = np.zeros((100, 3))
        scores[[10, 30, 50, 70], 0] = [0.9, 0.8, 0.7, 0.6]
        scores[[20, 40], 2] = [0.5, 0.4]
        assert self.pick([scores], frames=9, min_gap=1) == [
            (0, 10, 0),
            (0, 20, 2),
            (0, 30, 0),
            (0, 40, 2),
            (0, 50, 0),
            (0, 70, 0),
        ]

    def test_of_frames_equal_in_one_respect_the_one_that_is_odd_in_others_comes_first(self):
        scores = np.zeros((9, 2))
        scores[:, 0] = 0.9
        scores[5, 1] = 0.2
        assert self.pick([scores], frames=1) == [(0, 5, 0)]

    def test_gaps_between_suggestions_and_to_labelled_frames(self):
        scores = np.random.default_rng(0).random((1000, 2))
        frames = sorted(f for _, f, _ in self.pick([scores], [[100, 500]], frames=50, min_gap=10))
        assert len(frames) == 50
        assert np.diff(frames).min() >= 10
        assert np.abs(np.subtract.outer(frames, [100, 500])).min() >= 10
        assert len(self.pick([np.full((100, 1), 0.5)], [[50]], frames=50, min_gap=40)) == 2

    def test_without_a_gap_given_it_follows_from_the_numbers(self):
        scores = np.random.default_rng(0).random((1000, 1))
        frames = sorted(f for _, f, _ in self.pick([scores], frames=10))
        assert np.diff(frames).min() >= 25
        dense = list(range(0, 1000, 10))
        frames = [f for _, f, _ in self.pick([scores], [dense], frames=10)]
        assert len(frames) == 10
        assert not set(frames) & set(dense)

    def test_a_film_gives_no_more_than_its_share(self):
        bad, good = np.full((1000, 1), 0.9), np.full((1000, 1), 0.1)
        assert [v for v, _, _ in self.pick([good, bad, good], frames=9)] == [1] * 6 + [
            v for v, _, _ in self.pick([good, bad, good], frames=9)
        ][6:]
        films = [v for v, _, _ in self.pick([good, bad, good], frames=9)]
        assert films.count(1) == 6
        assert [v for v, _, _ in self.pick([good, bad], frames=9, per_video=2)].count(1) == 2

    def test_the_seed_decides_between_equal_frames(self):
        scores = [np.full((500, 2), 0.5)]
        assert self.pick(scores, frames=5, seed=1) == self.pick(scores, frames=5, seed=1)
        assert self.pick(scores, frames=5, seed=1) != self.pick(scores, frames=5, seed=2)

    @pytest.mark.parametrize("scores", [[np.zeros((0, 2))], [np.zeros((0, 2)), np.zeros((5, 2))]])
    def test_nothing_to_choose_from(self, scores):
        assert self.pick(scores, frames=5) == []


def test_the_file_opens_with_suggestions_and_predictions(tmp_path):
    points, scores = walk()
    points[40, 1, 3] = np.nan
    scores[40] = 0.4
    film = write_film(tmp_path, points, scores)
    found = suggest(tmp_path, [film], frames=6)
    labels = sio.load_slp(str(tmp_path / "out" / "suggestions.slp"), open_videos=False)
    (video,) = labels.videos
    assert video.filename == "../videos/film.mp4"
    assert (tmp_path / "out" / video.filename).is_file()
    assert [(s.video is video, s.frame_idx) for s in labels.suggestions] == [(True, s.frame_idx) for s in found]
    assert sorted(f.frame_idx for f in labels) == sorted(s.frame_idx for s in found)
    assert (labels.n_user_instances, labels.n_pred_instances) == (0, 18)
    assert [t.name for t in labels.tracks] == ["track_0", "track_1", "track_2"]
    frame = next(f for f in labels if f.frame_idx == 40)
    for animal, instance in enumerate(frame.instances):
        np.testing.assert_allclose(instance.numpy(), points[40, animal], atol=1e-4)
        np.testing.assert_allclose(instance.points["score"], np.where(np.isnan(points[40, animal, :, 0]), 0, 0.4))
        assert instance.score == pytest.approx(0.4)
        assert instance.track.name == f"track_{animal}"
    assert labels.skeleton.node_names == list(SKELETON.nodes)
    assert labels.skeleton.edge_names == [tuple(e) for e in SKELETON.edges]
    assert [{n.name for n in s.nodes} for s in labels.skeleton.symmetries] == [{"L", "R"}]


def test_the_file_has_what_sleap_1_3_3_reads(tmp_path):
    suggest(tmp_path, [write_film(tmp_path, *walk())], frames=3)
    with h5py.File(tmp_path / "out" / "suggestions.slp") as file:
        assert 1.2 <= file["metadata"].attrs["format_id"] < 2
        suggestions = [json.loads(text) for text in file["suggestions_json"]]
        assert {(s["video"], type(s["frame_idx"]), s["group"]) for s in suggestions} == {("0", int, 0)}
        (video,) = (json.loads(text)["backend"] for text in file["videos_json"])
        assert (video["type"], video["filename"], video["bgr"]) == ("MediaVideo", "../videos/film.mp4", True)
        assert video["shape"] == [FRAMES, 480, 640, 3]
        assert set(file["instances"]["instance_type"]) == {1}


def test_the_table_says_why(tmp_path):
    points, scores = walk()
    scores[40] = 0.4
    found = suggest(tmp_path, [write_film(tmp_path, points, scores)], frames=4)
    with open(tmp_path / "out" / "suggestions.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert list(rows[0]) == ["video", "frame_idx", *KINDS, "reason"]
    assert [(r["video"], int(r["frame_idx"]), r["reason"]) for r in rows] == [
        (s.video, s.frame_idx, s.reason) for s in found
    ]
    assert (rows[0]["frame_idx"], rows[0]["low_confidence"]) == ("40", "0.997")


def test_row_groups_and_runs_make_no_difference(tmp_path, monkeypatch):
    monkeypatch.setattr("antpipe.labels.suggest_measure.SAMPLE", 10**6)
    points, scores = walk(frames=60)
    points[[20, 40], 0, 4] += [0, 40]
    film = write_film(tmp_path, points, scores)
    whole, results = read_poses(film), []
    for rows in (16_384, 12, 3):
        monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", rows)
        with write_poses_to(film, whole.info) as writer:
            for _, frame in whole.by_frame():
                writer.write(whole[frame])
        suggest(tmp_path, [film], frames=8)
        results.append([(tmp_path / "out" / f"suggestions.{s}").read_bytes() for s in ("slp", "tsv")])
    assert results[0] == results[1] == results[2]
    assert b"R of track_0 jumps" in results[0][1]


def test_films_are_written_side_by_side_with_tracks_of_their_own(tmp_path):
    films = [write_film(tmp_path, *walk(seed=n), name=f"film {n} ü") for n in range(3)]
    found = suggest(tmp_path, films, frames=9)
    labels = read_labels(tmp_path / "out" / "suggestions.slp")
    assert {s.video for s in found} == {f"../videos/film {n} ü.mp4" for n in range(3)}
    assert len(labels.tracks) == 9
    for video in labels.videos:
        assert len({id(i.track) for f in labels.find(video) for i in f}) == 3


def save_labels(path, video, frames, *, nodes=SKELETON.nodes, negative=()):
    """Labels of one animal in each frame {index: points}, and frames marked as empty."""
    skeleton = draw_skeleton(nodes, [])
    film = sio.Video(filename=str(video), open_backend=False)
    labeled = [sio.LabeledFrame(film, f, [sio.Instance.from_numpy(p, skeleton=skeleton)]) for f, p in frames.items()]
    labeled += [sio.LabeledFrame(film, f, [], is_negative=True) for f in negative]
    write_labels(path, sio.Labels(labeled_frames=labeled, videos=[film], skeletons=[skeleton]))
    return path


def test_labelled_frames_are_not_suggested_again(tmp_path):
    points, scores = walk()
    scores[[40, 90, 140]] = 0.4
    film = write_film(tmp_path, points, scores)
    assert {40, 90, 140} <= {s.frame_idx for s in suggest(tmp_path, [film], frames=15)}
    labels = save_labels(tmp_path / "l.slp", "D:/lab/film.mp4", {40: BODY}, negative=[90])
    frames = {s.frame_idx for s in suggest(tmp_path, [film], labels, frames=15)}
    assert 140 in frames
    assert not frames & {40, 90}


def test_frames_with_predictions_only_are_suggested_again(tmp_path):
    points, scores = walk()
    scores[40] = 0.4
    film = write_film(tmp_path, points, scores)
    suggest(tmp_path, [film], frames=3)
    left = tmp_path / "left alone.slp"
    (tmp_path / "out" / "suggestions.slp").rename(left)
    assert 40 in {s.frame_idx for s in suggest(tmp_path, [film], left, frames=3)}


def test_the_labels_skeleton_is_kept_so_that_both_can_be_merged(tmp_path):
    film = write_film(tmp_path, *walk())
    nodes = ("R", "antenna", *SKELETON.nodes[:4])
    labels = save_labels(tmp_path / "l.slp", "film.mp4", {5: np.zeros((6, 2))}, nodes=nodes)
    suggest(tmp_path, [film], labels, frames=2)
    written = read_labels(tmp_path / "out" / "suggestions.slp")
    assert tuple(written.skeleton.node_names) == nodes
    instance = written[0].instances[0]
    assert np.isnan(instance["antenna"]["xy"]).all()
    assert instance["R"]["xy"][1] == pytest.approx(instance["thorax"]["xy"][1] + 15, abs=3)


TO_RAW = Transform(scale=(2.0, 2.0), offset=(100.5, 50.5))


def preprocess_film(tmp_path, suffix="mp4", to_raw=TO_RAW, first=7, **values):
    """A film that was cropped, scaled and cut from a raw one, with its sidecar."""
    raw = tmp_path / "raw" / f"film.{suffix}"
    raw.parent.mkdir()
    raw.write_bytes(b"raw")
    points, scores = walk()
    scores[[40, 140]] = 0.4
    film = write_film(tmp_path, points, scores, to_raw=to_raw)
    source = {"path": str(raw), "width": 1920, "height": 1080, "frame_count": 999, "fps": 24.0}
    sidecar = {"source": source, "to_raw": to_raw.to_dict(), "first_raw_frame": first, "keeps_frame_numbers": True}
    (tmp_path / "videos" / "film.json").write_text(json.dumps(sidecar | values))
    return film, points


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("D:/lab/film.avi", "raw"),
        ("raw/film.avi", "raw"),
        ("videos/film.mp4", "video"),
        ("D:/elsewhere/videos/film.mp4", "video"),
        (None, "video"),
    ],
)
def test_suggestions_are_about_the_film_that_the_labels_know(tmp_path, monkeypatch, stored, expected):
    monkeypatch.chdir(tmp_path)
    film, points = preprocess_film(tmp_path, suffix="avi")
    labels = stored and save_labels(tmp_path / "l.slp", stored, {147 if expected == "raw" else 140: BODY})
    found = suggest(tmp_path, [film], labels, frames=10)
    written = read_labels(tmp_path / "out" / "suggestions.slp")
    first, moved_by, name = (
        (7, TO_RAW, "../raw/film.avi") if expected == "raw" else (0, Transform(), "../videos/film.mp4")
    )
    assert {s.video for s in found} == {name}
    assert 40 + first in {s.frame_idx for s in found}
    frame = next(f for f in written if f.frame_idx == 40 + first)
    np.testing.assert_allclose([i.numpy() for i in frame.instances], moved_by(points[40]), atol=1e-3)
    assert (140 + first in {s.frame_idx for s in found}) == (stored is None)
    assert written.videos[0].backend_metadata["shape"][1] == (1080 if expected == "raw" else 480)


def test_a_jump_is_told_in_pixels_of_the_film_that_is_opened(tmp_path):
    film, points = preprocess_film(tmp_path)
    points[180, 0, 4] += [0, 40]
    write_film(tmp_path, points, np.ones(points.shape[:-1]), to_raw=TO_RAW)
    labels = save_labels(tmp_path / "l.slp", "D:/lab/film.mp4", {100: BODY})
    (odd,) = (s for s in suggest(tmp_path, [film], labels, frames=10) if s.frame_idx == 187)
    assert "R of track_0 jumps 80 px" in odd.reason or "R of track_0 jumps 79 px" in odd.reason


def test_poses_in_raw_pixels_come_back_to_their_film(tmp_path):
    points, scores = walk()
    film = write_film(tmp_path, TO_RAW(points), scores, to_raw=TO_RAW, coordinates="raw")
    found = suggest(tmp_path, [film], frames=1)
    written = read_labels(tmp_path / "out" / "suggestions.slp")
    np.testing.assert_allclose([i.numpy() for i in written[0].instances], points[found[0].frame_idx], atol=1e-3)


@pytest.mark.parametrize("frames", [0, 1, 2, 5])
@pytest.mark.parametrize("animals", [0, 1])
def test_short_and_empty_films(tmp_path, frames, animals):
    points, scores = walk(frames=frames, animals=animals)
    film = write_film(tmp_path, points, scores)
    found = suggest(tmp_path, [film], frames=5)
    assert len(found) <= frames * animals
    labels = sio.load_slp(str(tmp_path / "out" / "suggestions.slp"), open_videos=False)
    assert len(labels.suggestions) == len(found)


def test_one_node_and_instances_without_a_point(tmp_path):
    points, scores = walk()
    points[50, 0] = np.nan
    film = write_film(tmp_path, points[:, :, :1], scores[:, :, :1], skeleton=Skeleton(nodes=("head",)))
    found = suggest(tmp_path, [film], frames=3)
    assert found[0].frame_idx == 50
    frame = next(f for f in read_labels(tmp_path / "out" / "suggestions.slp") if f.frame_idx == 50)
    assert len(frame.instances) == 2  # nobody can see the third


def test_a_frame_without_animals_among_many_is_suggested_without_instances(tmp_path):
    points, scores = walk()
    seen = np.ones(points.shape[:2], bool)
    seen[77] = False
    found = suggest(tmp_path, [write_film(tmp_path, points, scores, seen=seen)], frames=3)
    (odd,) = (s for s in found if s.frame_idx == 77)
    assert "3 animals fewer than usual (0 instead of 3)" in odd.reason
    labels = read_labels(tmp_path / "out" / "suggestions.slp")
    assert 77 in {s.frame_idx for s in labels.suggestions}
    assert 77 not in {f.frame_idx for f in labels}


def test_corrections_are_not_overwritten(tmp_path):
    film = write_film(tmp_path, *walk())
    suggest(tmp_path, [film], frames=2)
    suggest(tmp_path, [film], frames=2)
    save_labels(tmp_path / "out" / "suggestions.slp", "film.mp4", {3: BODY})
    before = (tmp_path / "out" / "suggestions.slp").read_bytes()
    with pytest.raises(
        LabelError, match=r"suggestions.slp: the file holds frames that a person has labelled; save them"
    ):
        suggest(tmp_path, [film], frames=2)
    assert (tmp_path / "out" / "suggestions.slp").read_bytes() == before


def test_bad_input_is_one_sentence(tmp_path):
    film = write_film(tmp_path, *walk())
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(film.read_bytes())
    other = write_film(tmp_path, *walk(), name="other", skeleton=Skeleton(nodes=("a", "b", "c", "d", "e")))
    lost = write_film(tmp_path, *walk(), name="lost")
    (tmp_path / "videos" / "lost.mp4").unlink()
    few = save_labels(tmp_path / "few.slp", "film.mp4", {5: np.zeros((2, 2))}, nodes=("head", "tail"))
    cases = [
        ([], None, PosesError, "expected poses files, but there is none"),
        ([film, copy], None, PosesError, "copy.parquet: expected each poses file to be about another video"),
        ([film, other], None, PosesError, "other.parquet: expected the same skeleton as in .*film.parquet"),
        ([lost], None, PosesError, r"lost.mp4: video not found, looked for from .*; run antpipe in the folder"),
        ([tmp_path / "no.parquet"], None, PosesError, "no.parquet: poses file not found"),
        ([film], tmp_path / "no.slp", LabelError, "no.slp: label file not found"),
        ([film], few, LabelError, r"labels: expected all nodes of the poses, but \['L', 'R', 'thorax'\] are missing"),
    ]
    for poses, labels, error, message in cases:
        with pytest.raises(error, match=message):
            suggest(tmp_path, poses, labels)
    assert not list((tmp_path / "out").glob("*"))


def test_labels_of_raw_films_cannot_be_followed_where_frames_were_dropped(tmp_path):
    film, _ = preprocess_film(tmp_path, keeps_frame_numbers=False)
    labels = save_labels(tmp_path / "l.slp", "D:/lab/film.mp4", {100: BODY})
    with pytest.raises(LabelError, match="preprocessing repeated or dropped frames"):
        suggest(tmp_path, [film], labels)


def test_labels_of_a_film_that_could_be_two(tmp_path):
    films = [write_film(tmp_path, *walk(seed=n), name=name) for n, name in enumerate(("a.x", "b.x"))]
    (tmp_path / "videos" / "A.x.mp4").write_bytes(b"")
    films[1] = write_film(tmp_path, *walk(), name="A.X")
    labels = save_labels(tmp_path / "l.slp", "D:/lab/a.X.mp4", {1: BODY})
    with pytest.raises(LabelError, match=r"video 'D:/lab/a.X.mp4' could be any of"):
        suggest(tmp_path, films, labels)


@pytest.mark.parametrize(
    "settings", [{"frames": 0}, {"min_gap": 0}, {"per_video": 0}, {"count_window": 0}, {"seed": -1}, {"frame": 5}]
)
def test_bad_settings(settings):
    with pytest.raises(ValidationError):
        SuggestConfig(**settings)


def test_an_empty_file_of_poses(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"")
    write_poses(tmp_path / "p.parquet", empty_poses(make_info(tmp_path / "film.mp4")))
    assert suggest(tmp_path, [tmp_path / "p.parquet"]) == []
