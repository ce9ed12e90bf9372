import json

import numpy as np
import pytest
import sleap_io as sio
from drawn_frames import animals, moved, save_labels, save_poses

from antpipe.errors import ConfigError, LabelError, PosesError
from antpipe.evaluation.evaluate import evaluate, evaluate_tracks, to_json
from antpipe.evaluation.npz import read_metrics
from antpipe.evaluation.read import read_frames


@pytest.fixture
def truth(tmp_path):
    return save_labels(tmp_path / "truth.slp", {0: animals(0, 1), 4: animals(0)})


def test_labels_against_poses_of_the_same_video(tmp_path, truth):
    poses = save_poses(tmp_path / "p.parquet", {0: animals(0, 1), 2: animals(5), 4: animals(0, shift=3.0)})
    result = evaluate(truth, poses)
    assert result["mode"] == "strict"
    assert result["videos"] == [{"truth": "D:/films/film.mp4", "predicted": "results/videos/film.mp4"}]
    assert (result["truth.instances"], result["predicted.instances"]) == ("user", "predicted")
    assert result["dist.avg"] == pytest.approx(1)
    assert (result["frames.truth"], result["frames.not_labelled"]) == (2, 3)
    json.dumps(result, allow_nan=False)


def test_a_frame_examined_without_a_find_differs_from_one_never_examined(tmp_path, truth):
    for count, without in ((5, 0), (1, 1)):
        poses = save_poses(tmp_path / f"{count}.parquet", {0: animals(0, 1)}, count=count)
        result = evaluate(truth, poses)
        assert result["frames.without_prediction"] == without
        assert result["instances.missed"] == 1


def test_poses_as_truth_know_their_empty_frames(tmp_path):
    true = save_poses(tmp_path / "t.parquet", {0: animals(0)}, count=3, predicted=False)
    found = save_poses(tmp_path / "p.parquet", {0: animals(0), 1: animals(0)}, count=3)
    result = evaluate(true, found)
    assert (result["frames.truth"], result["instances.extra"]) == (3, 1)


def test_nodes_are_compared_by_name_and_the_rest_is_named(tmp_path, truth):
    order = [2, 0]
    poses = save_poses(
        tmp_path / "p.parquet",
        {0: animals(0, 1)[:, order], 4: animals(0)[:, order]},
        nodes=("tail", "head"),
    )
    result = evaluate(truth, poses)
    assert result["nodes.only_in_truth"] == ["thorax"]
    assert list(result["nodes"]) == ["head", "tail"]
    assert result["dist.avg"] == 0
    assert result["oks_voc.mAP"] == pytest.approx(1)
    assert evaluate(truth, poses, mode="sleap")["dist.avg"] == 0


@pytest.mark.parametrize("name", ["centroid", "thorax"])
def test_predicted_centroids_are_compared_as_centroids(tmp_path, truth, name):
    middle = np.array([[[10.0, {"centroid": 5.0, "thorax": 10.0}[name]]]])
    poses = save_poses(tmp_path / "p.parquet", {0: middle, 4: moved(middle, (3, 0))}, nodes=(name,))
    result = evaluate(truth, poses)
    assert result["detection.tp"] == [1, 2, 2]  # radii are .1, .25 and .5 of 20 px
    assert result["detection.fn"] == [2, 1, 1]
    assert result["detection.ap"] == pytest.approx([34 / 101, 67 / 101, 67 / 101])  # 1 and 2 of 3 animals
    assert result["detection.count_bias"] == pytest.approx(-1 / 2)
    assert "oks_voc.mAP" not in result


def test_only_user_instances_of_the_truth_count_unless_there_are_none(tmp_path):
    only = save_labels(tmp_path / "t.slp", {0: animals(0)}, predicted=True)
    result = evaluate(only, only)
    assert result["truth.instances"] == "predicted"
    other = save_labels(tmp_path / "u.slp", {0: animals(0)})
    assert evaluate(other, other)["predicted.instances"] == "user"


def test_the_body_length_can_be_named(tmp_path, truth):
    poses = save_poses(tmp_path / "p.parquet", {0: animals(0, 1), 4: animals(0)})
    assert evaluate(truth, poses, body=("head", "tail"))["body_length.median"] == 20
    with pytest.raises(ConfigError, match=r"two of the nodes \['head', 'thorax', 'tail'\], got \['head', 'leg'\]"):
        evaluate(truth, poses, body=("head", "leg"))


def test_deviations_of_nodes_make_oks_kinder_or_stricter(tmp_path, truth):
    poses = save_poses(tmp_path / "p.parquet", {0: animals(0, 1, shift=2.0), 4: animals(0, shift=2.0)})
    usual = evaluate(truth, poses)
    assert usual["oks.deviations"] == {"head": 0.025, "thorax": 0.025, "tail": 0.025}
    assert usual["oks.mOKS"] == pytest.approx(np.exp(-4))
    kinder = evaluate(truth, poses, deviations={"tail": 0.05})
    assert kinder["oks.deviations"]["tail"] == 0.05
    assert kinder["oks.mOKS"] == pytest.approx((2 * np.exp(-4) + np.exp(-1)) / 3)
    assert kinder["dist.avg"] == usual["dist.avg"]


@pytest.mark.parametrize(
    ("deviations", "mode", "message"),
    [
        (
            {"head": 0.1, "leg": 0.1},
            "strict",
            r"expected some of the nodes \['head', 'thorax', 'tail'\], got \['leg'\]",
        ),
        ({"head": 0.0}, "strict", r"above 0 such as 0.025, got \{'head': 0.0\}"),
        ({"head": float("nan")}, "strict", "above 0 such as 0.025"),
        ({"head": 0.1}, "sleap", "expected none with mode sleap"),
    ],
)
def test_deviations_that_cannot_be_used(tmp_path, truth, deviations, mode, message):
    poses = save_poses(tmp_path / "p.parquet", {0: animals(0, 1)})
    with pytest.raises(ConfigError, match=message):
        evaluate(truth, poses, mode=mode, deviations=deviations)


def test_scores_of_points_come_from_either_file_in_the_order_of_the_truth(tmp_path, truth):
    order = [2, 0]
    found = {0: animals(0, 1)[:, order], 4: animals(0)[:, order]}
    labels = save_labels(tmp_path / "p.slp", found, predicted=True, nodes=("tail", "head"))
    poses = save_poses(tmp_path / "p.parquet", found, nodes=("tail", "head"))
    for path in (labels, poses):
        result = evaluate(truth, path)
        assert (result["calibration.points.count"], result["calibration.points.score"]) == ([6], [1])
    frames = read_frames(labels, prefer="predicted").frames
    np.testing.assert_array_equal(frames[0].with_nodes([1, -1, 0]).point_scores, [[1, np.nan, 1]] * 2)
    assert read_frames(truth, prefer="user").frames[0].point_scores is None


def test_scores_go_with_their_points_where_skeletons_of_a_file_differ_in_order(tmp_path):
    film = sio.Video(filename="film.mp4", open_backend=False)
    scored = np.array([[10.0, 10, 0.1], [20, 20, 0.2]])
    orders = [sio.Skeleton(["head", "tail"]), sio.Skeleton(["tail", "head"])]
    instances = [sio.PredictedInstance.from_numpy(scored, skeleton=order, score=1.0) for order in orders]
    labels = sio.Labels([sio.LabeledFrame(film, 0, instances)], videos=[film], skeletons=orders)
    labels.save(str(tmp_path / "p.slp"), embed=False, verbose=False)
    (frame,) = read_frames(tmp_path / "p.slp", prefer="predicted").frames
    assert frame.points[..., 0].tolist() == [[10, 20], [20, 10]]
    assert frame.point_scores.tolist() == [[0.1, 0.2], [0.2, 0.1]]


def test_instances_of_frames_that_are_not_asked_for_are_not_kept(tmp_path):
    points = {0: animals(0, 1), 1: animals(5), 4: animals(0)}
    labels = save_labels(tmp_path / "p.slp", points, predicted=True)
    poses = save_poses(tmp_path / "p.parquet", points, count=6)
    for path in (labels, poses):
        frames = read_frames(path, prefer="predicted", only={0, 4}).frames
        assert {f.frame_idx: len(f.points) for f in frames if f.frame_idx in points} == {0: 2, 1: 0, 4: 1}
    assert len(frames) == 6
    assert [len(f.scores) for f in frames] == [len(f.point_scores) for f in frames] == [2, 0, 0, 0, 1, 0]


def test_what_cannot_be_evaluated(tmp_path, truth):
    poses = save_poses(tmp_path / "p.parquet", {0: animals(0)})
    with pytest.raises(ConfigError, match=r"expected one of \['strict', 'sleap'\], got 'kind'"):
        evaluate(truth, poses, mode="kind")
    with pytest.raises(PosesError, match="poses file not found"):
        evaluate(truth, tmp_path / "none.parquet")
    with pytest.raises(LabelError, match="label file not found"):
        evaluate(tmp_path / "none.slp", poses)
    with pytest.raises(
        LabelError, match=r"expected the same videos in truth and predictions, got \['D:/films/film.mp4'\]"
    ):
        evaluate(truth, save_poses(tmp_path / "o.parquet", {0: animals(0)}, video="other.mp4"))
    with pytest.raises(LabelError, match=r"expected the nodes \['head', 'thorax', 'tail'\] .*got \['x', 'y', 'z'\]"):
        evaluate(truth, save_poses(tmp_path / "n.parquet", {0: animals(0)}, nodes=("x", "y", "z")))
    with pytest.raises(LabelError, match="expected labelled frames to compare with"):
        evaluate(save_labels(tmp_path / "e.slp", {}), poses)


def test_sleap_mode_gives_the_stored_figures_as_json(shared_data):
    folder = next((shared_data / "ants_models" / "leaf_tip").glob("*103059.centered_instance.fold_1"))
    result = evaluate(folder / "labels_gt.test.slp", folder / "labels_pr.test.slp", mode="sleap")
    stored = to_json(read_metrics(folder / "metrics.test.npz"))
    assert result["mode"] == "sleap"
    assert result["oks_voc.mAP"] == pytest.approx(stored["oks_voc.mAP"], abs=1e-12)
    assert result["dist.frame_idxs"] == stored["dist.frame_idxs"]
    assert set(stored) < set(result)
    json.dumps(result, allow_nan=False)


def test_to_json_has_no_nan_and_no_arrays():
    value = {"a": np.array([[1, np.nan]]), "b": np.int64(3), "c": (np.inf, True), "d": {"e": np.bool_(False)}, "f": "x"}
    plain = {"a": [[1, None]], "b": 3, "c": [None, True], "d": {"e": False}, "f": "x"}
    assert to_json(value) == plain
    arrays = {
        "a": np.zeros((1, 2), bool),
        "b": np.array(["x"]),
        "c": np.array([-np.inf, 0.5], np.float32),
        "d": np.eye(2),
    }
    expected = {"a": [[False, False]], "b": ["x"], "c": [None, 0.5], "d": [[1, 0], [0, 1]]}
    assert to_json(arrays) == expected
    json.dumps(to_json([value, arrays]), allow_nan=False)


def test_tracks_of_labels_against_tracks_of_poses(tmp_path):
    points = {i: animals(0, 1) for i in range(4)}
    names = {i: ["a", "b"] for i in range(4)}
    true = save_labels(tmp_path / "t.slp", points, tracks=names)
    swapped = {**names, 2: ["b", "a"], 3: ["b", "a"]}
    result = evaluate_tracks(true, save_poses(tmp_path / "p.parquet", points, tracks=swapped))
    assert (result["similarity"], result["id_switches"], result["MOTA"]) == ("distance", 2, 0.75)
    assert result["AssA"] == pytest.approx(1 / 3)
    json.dumps(result, allow_nan=False)


def test_untracked_and_unseen_instances_are_left_out_and_counted(tmp_path):
    points = {i: animals(0, 1) for i in range(2)}
    true = save_labels(tmp_path / "t.slp", points, tracks={0: ["a", "b"], 1: ["a", None]})
    found = {0: np.concatenate([animals(0, 1), np.full((1, 3, 2), np.nan)]), 1: animals(0, 1)}
    tracked = save_poses(tmp_path / "p.parquet", found, tracks={0: ["x", None, "z"], 1: ["x", "y"]})
    result = evaluate_tracks(true, tracked)
    assert (result["untracked.truth"], result["untracked.tracked"]) == (1, 1)
    assert (result["tp"], result["fn"], result["fp"], result["tracks"]) == (3, 1, 0, 2)


def test_frames_without_any_track_are_missed(tmp_path):
    points = {i: animals(0) for i in range(4)}
    true = save_labels(tmp_path / "t.slp", points, tracks={i: ["a"] for i in range(4)})
    half = save_poses(tmp_path / "p.parquet", {0: animals(0), 1: animals(0)}, tracks={0: ["x"], 1: ["x"]})
    result = evaluate_tracks(true, half)
    assert (result["frames"], result["frames.without_prediction"], result["recall"]) == (4, 2, 0.5)


def test_similarity_and_scale_of_tracks(tmp_path):
    true = save_labels(tmp_path / "t.slp", {0: animals(0)}, tracks={0: ["a"]})
    tracked = save_poses(tmp_path / "p.parquet", {0: animals(0, shift=5.0)}, tracks={0: ["x"]})
    assert evaluate_tracks(true, tracked)["MOTP"] == pytest.approx(0.75)
    assert evaluate_tracks(true, tracked, scale=100)["MOTP"] == pytest.approx(0.95)
    assert evaluate_tracks(true, tracked, similarity="iou")["MOTP"] == pytest.approx(15 / 25)
    assert evaluate_tracks(true, tracked, similarity="oks")["tp"] == 0
    with pytest.raises(ConfigError, match=r"expected one of \['distance', 'oks', 'iou'\], got 'okz'"):
        evaluate_tracks(true, tracked, similarity="okz")
    with pytest.raises(ConfigError, match="expected pixels above 0, with distance only, got 5 with oks"):
        evaluate_tracks(true, tracked, similarity="oks", scale=5)


def test_truth_without_tracks_is_refused(tmp_path, truth):
    with pytest.raises(LabelError, match=r"truth.slp: expected true tracks, but no instance has one"):
        evaluate_tracks(truth, truth)


def test_motchallenge_text(tmp_path):
    true, tracked = tmp_path / "gt.txt", tmp_path / "out.txt"
    true.write_text("1,1,0,0,10,10,1,1,1\n1,2,50,0,10,10,1\n2,1,0,0,10,10,1\n\n3,9,0,0,5,5,0\n")
    tracked.write_text("1, 7, 0, 0, 10, 10, 0.9, -1\n1,-1,50,0,10,10,.8\n2,7,0,2,10,10\n")
    result = evaluate_tracks(true, tracked)
    assert (result["similarity"], result["tp"], result["fn"], result["fp"]) == ("iou", 2, 1, 0)
    assert result["MOTP"] == pytest.approx((1 + 80 / 120) / 2)
    assert result["untracked.tracked"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("1,2,3\n", "line 1: expected numbers"),
        ("1,1,0,0,1,1\n1,a,0,0,1,1", "line 2: expected numbers"),
        ("0,1,0,0,1,1", r"line 1: expected numbers frame \(from 1\)"),
        ("1,1,nan,0,1,1", "line 1: expected numbers"),
        ("1,1e300,0,0,1,1", "line 1: expected numbers"),
        ("1,1,0,0,1,1\n1e15,1,0,0,1,1", "line 2: expected a frame up to 3,000,000, got 1e\\+15; remove it"),
    ],
)
def test_broken_motchallenge_text(tmp_path, text, message):
    path = tmp_path / "gt.txt"
    path.write_text(text)
    with pytest.raises(LabelError, match=message):
        evaluate_tracks(path, path)


@pytest.mark.parametrize(
    ("file", "identities"), [("mot_bees/BEE2412.gt.txt", 19), ("mot_ants/upc_minut/minut_annotations.txt", 116)]
)
def test_real_identities_against_themselves_are_perfect(shared_data, file, identities):
    result = evaluate_tracks(shared_data / file, shared_data / file)
    assert [result[name] for name in ("MOTA", "IDF1", "HOTA", "id_switches")] == [1, 1, pytest.approx(1), 0]
    assert result["identities"] == identities


def test_real_tracks_against_proofread_ones(shared_data):
    folder = shared_data / "mice_identity"
    result = evaluate_tracks(folder / "proofread.slp", folder / "sleap_tracked.slp")
    assert (result["frames"], result["tp"], result["fp"]) == (97, 173, 20)
    assert result["id_switches"] > 0
    assert result["IDF1"] < 1


def test_a_subset_skeleton_is_compared_by_name(shared_data):
    folder = shared_data / "fly_clips" / "clip_pair_13nodes"
    result = evaluate_tracks(folder / "clip.slp", folder / "clip.2node.slp")
    assert len(result["nodes.only_in_truth"]) == 11
    assert (result["MOTA"], result["IDF1"]) == (1, 1)
