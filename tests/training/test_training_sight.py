"""The receptive field beside the median animal."""

import numpy as np
import pytest
from drawn_animals import SKELETON, draw_frames

from antpipe.config.model import ModelConfig
from antpipe.models.build import build_network
from antpipe.models.receptive_field import receptive_field
from antpipe.models.spec import ModelSpec
from antpipe.training.examples import sight_arrays
from antpipe.training.samples import LabelledFrame
from antpipe.training.sight import Sight, measure_sight, median_animal
from antpipe.training.train import train_model

NAN = np.nan
HIDDEN = [[NAN, NAN]] * 3


def spec_of(scale=1.0, model_type="centroid", stacks=1, offsets=False, max_stride=4):
    config = ModelConfig.model_validate(
        {
            "input": {"scale": scale},
            "backbone": {"unet": {"max_stride": max_stride, "filters": 2, "stacks": stacks}},
            "head": {"output_stride": 1 if stacks > 1 else 2, "offset_refinement": offsets},
        }
    )
    return ModelSpec(model_type=model_type, config=config, skeleton=SKELETON, crop_size=None)


def frame_of(*lengths, size=(100, 80)):
    """A frame of animals whose longest side is given, one below the other."""
    points = [[[10, 5 + 9 * n], [10 + length, 9 + 9 * n], [12, 7 + 9 * n]] for n, length in enumerate(lengths)]
    image = np.arange(size[1] * size[0], dtype=np.uint32).reshape(size[1], size[0], 1).astype(np.uint8)
    return LabelledFrame(
        video="film ü", frame_idx=3, image=image, points=np.array(points or [], float).reshape(-1, 3, 2)
    )


def with_hidden(frame):
    points = frame.points.copy()
    points[0] = NAN
    return LabelledFrame(**{**vars(frame), "points": points})


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_the_median_animal_is_measured_in_pixels_of_the_input(scale):
    frames = [frame_of(20, 30), frame_of(), frame_of(80), with_hidden(frame_of(70, 44))]
    sight = measure_sight(build_network(spec_of(scale)), spec_of(scale), frames)
    assert sight.animal == pytest.approx(scale * (30 + 44) / 2)
    frame, points = median_animal(frames, spec_of(scale))
    assert np.ptp(points[:, 0]) in (30, 44)
    assert any((points == animal).all() for animal in frame.points)


def test_animals_without_a_visible_node_have_no_size():
    frames = [with_hidden(frame_of(50))]
    assert measure_sight(build_network(spec_of()), spec_of(), frames).animal == 0


@pytest.mark.parametrize(("stacks", "offsets"), [(1, False), (1, True), (2, True)])
def test_the_field_is_that_of_the_last_confidence_maps(stacks, offsets):
    spec = spec_of(stacks=stacks, offsets=offsets)
    network = build_network(spec)
    assert measure_sight(network, spec, [frame_of(9)]).field == receptive_field(network, stacks - 1, spec.stride, 4)


def test_a_network_that_sees_less_than_an_animal_is_noted():
    assert Sight(field=40.0, animal=40.0).note is None
    assert Sight(field=np.inf, animal=1e9).note is None
    assert Sight(field=39.0, animal=39.6).note == (
        "a point of the network's output depends on 39 px of its input, but the median animal is 40 px long there, so "
        "that sides are mixed up; raise max_stride of the backbone, or lower input.scale"
    )


def test_the_warning_comes_before_training(tmp_path, capsys):
    frames = draw_frames(2, 0)
    config = ModelConfig.model_validate(
        {
            "input": {"scale": 3},
            "backbone": {"unet": {"max_stride": 2, "filters": 2}},
            "head": {"output_stride": 2},
            "optimization": {"epochs": 1, "min_batches_per_epoch": 1},
        }
    )
    seen = []

    def on_progress(done, total):
        seen.append(capsys.readouterr().err)

    parts = {"train": frames, "val": frames}
    _, notes, sight = train_model(parts, SKELETON, config, "centroid", tmp_path, seed=0, on_progress=on_progress)
    assert notes == (sight.note,)
    assert seen[0] == f"note: {sight.note}\n"


@pytest.mark.parametrize(("field", "side"), [(30.0, 72), (5.0, 48), (500.0, 100), (np.inf, 100)])
def test_the_picture_has_room_for_the_field_and_the_animal(field, side):
    spec = spec_of(0.5)
    arrays = sight_arrays([frame_of(40)], spec, Sight(field=field, animal=20.0))
    assert arrays["sight_image"].shape == (side, side, 1)
    assert (float(arrays["sight_field"]), float(arrays["sight_animal"])) == (field / 0.5, 40)
    assert str(arrays["sight_title"]) == "film ü frame 3"
    corner = frame_of(40).points[0] - arrays["sight_points"]
    assert (corner == corner[0]).all()
    middle = (arrays["sight_points"].min(axis=0) + arrays["sight_points"].max(axis=0)) / 2
    assert np.abs(middle - side / 2).max() <= 0.5
    x, y = arrays["sight_points"][0].astype(int)
    assert arrays["sight_image"][y, x, 0] == frame_of(40).image[5, 10, 0]
