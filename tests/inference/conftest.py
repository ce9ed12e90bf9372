"""A drawn film, and models that know it."""

from pathlib import Path

import pytest
from drawn_films import FPS, HEIGHTS, SIZE, draw, knowing_network, places, spec_of

from antpipe.inference import topdown
from antpipe.models import folder
from antpipe.models.folder import TrainedModel
from antpipe.video.write import VideoWriter


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("videos") / "two ants ü.mp4"
    with VideoWriter(path, width=SIZE[0], height=SIZE[1], fps=FPS, grayscale=True, crf=0) as writer:
        for index in range(20):
            writer.write(draw(places(index), SIZE, HEIGHTS[: len(places(index))]))
    return path


@pytest.fixture
def models(monkeypatch):
    """Two models whose networks always know where the animals are."""
    engines = {}
    specs = {
        "centroid": spec_of("centroid", scale=0.5),
        "instance": spec_of("centered_instance", crop_size=32, nodes=("thorax",)),
    }

    def fake_engine(model, heads):
        assert heads == ["confidence_maps"]
        engines[model.spec.model_type] = knowing_network(2)
        return engines[model.spec.model_type]

    def fake_load(path, precision):
        spec = specs[path]
        return TrainedModel(spec=spec, network=None, folder=Path(), fingerprint=f"of {spec.model_type}")

    monkeypatch.setattr(topdown, "make_engine", fake_engine)
    monkeypatch.setattr(folder, "load_model", fake_load)
    return engines
