import numpy as np
import pytest
from drawn_animals import SKELETON, draw_frames

from antpipe.config.inference import PredictConfig
from antpipe.config.model import ModelConfig
from antpipe.geometry import centroids
from antpipe.inference.predictor import Found
from antpipe.inference.topdown import Centroids
from antpipe.models.folder import TrainedModel
from antpipe.models.spec import ModelSpec
from antpipe.training import assess as module
from antpipe.training.assess import assess

FRAMES = draw_frames(4, 0)


def model_of(model_type, part_names=None, anchor=None):
    config = ModelConfig.model_validate({"head": {"anchor_part": anchor, "part_names": part_names}})
    nodes = tuple(part_names or SKELETON.nodes)
    spec = ModelSpec(model_type=model_type, config=config, skeleton=type(SKELETON)(nodes=nodes), crop_size=32)
    return TrainedModel(spec=spec, network=None, folder=None, fingerprint="")


class OffBy:
    """A finder that knows the truth and errs by a given step."""

    def __init__(self, monkeypatch, kind, answers):
        self.answers, self.asked = list(answers), []
        monkeypatch.setattr(kind, "of", lambda model, config: self)
        self.config = PredictConfig()

    def prepare(self, image):
        return image

    def find(self, frames, centroids=None):
        self.asked.append(centroids)
        return [self.answers.pop(0)]


def test_a_centroid_model_is_judged_by_distance(monkeypatch):
    true = [centroids(frame.points, 0) for frame in FRAMES]
    found = [Centroids(at + np.array([3.0, 0.0]), np.ones(len(at))) for at in true]
    found[0] = Centroids(found[0].points[:1], np.ones(1))  # one missed
    scores = np.array([1.0, 1.0, 2.0])
    found[1] = Centroids(np.concatenate([found[1].points, [[-99.0, -99.0]]]), scores)  # one too many, the surest of all
    OffBy(monkeypatch, module.CentroidFinder, found)
    result = assess(model_of("centroid", anchor="head"), FRAMES, SKELETON)
    metrics = result.metrics
    assert (metrics["mode"], metrics["frames"]) == ("centroids", 4)
    assert metrics["detection.radii"] == [2.0, 5.0, 10.0, 20.0]
    assert metrics["detection.tp"] == [0, 7, 7, 7]
    assert metrics["detection.fn"] == [8, 1, 1, 1]
    assert metrics["detection.fp"][1] == 1
    assert metrics["detection.distance"][1] == pytest.approx(3.0)
    # Seven of eight animals after the false one: precision 7/8 up to recall 7/8.
    assert metrics["detection.ap"] == pytest.approx([0, *[88 / 101 * 7 / 8] * 3])
    assert [t.shape for t in result.truth] == [(2, 1, 2)] * 4
    assert [p.shape for p in result.predicted] == [(1, 1, 2), (3, 1, 2), (2, 1, 2), (2, 1, 2)]


def test_an_instance_model_gets_the_true_centroids_and_is_judged_by_its_nodes(monkeypatch):
    step = np.array([3.0, 4.0])
    answers = [Found(f.points[:, [2, 0]] + step, np.ones((2, 2)), np.ones(2)) for f in FRAMES]
    finder = OffBy(monkeypatch, module.NodeFinder, answers)
    result = assess(model_of("centered_instance", ["R", "head"], "L"), FRAMES, SKELETON)
    for frame, ((asked,),) in zip(FRAMES, [(a,) for a in finder.asked], strict=True):
        np.testing.assert_allclose(asked.points, frame.points[:, 1])
    assert result.metrics["mode"] == "strict, crops around true centroids"
    assert result.metrics["dist.avg"] == pytest.approx(5.0)
    assert (result.metrics["calibration.points.score"].tolist(), result.metrics["calibration.points.count"]) == (
        [1],
        [16],
    )
    np.testing.assert_allclose(result.truth[0], FRAMES[0].points[:, [2, 0]])


def test_an_animal_without_a_visible_node_is_not_asked_for(monkeypatch):
    frame = FRAMES[0]
    points = np.concatenate([frame.points, np.full((1, 3, 2), np.nan)])
    hidden = type(frame)(video="film", frame_idx=0, image=frame.image, points=points)
    finder = OffBy(monkeypatch, module.NodeFinder, [Found(frame.points, np.ones((2, 3)), np.ones(2))])
    result = assess(model_of("centered_instance"), [hidden], SKELETON)
    assert len(finder.asked[0][0].points) == 2
    assert result.metrics["dist.avg"] == pytest.approx(0.0)
