"""Training that begins with the weights of another model."""

import keras
import numpy as np
import pytest
from drawn_animals import SKELETON, draw_frames

from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ConfigError
from antpipe.models.build import build_network
from antpipe.models.folder import TrainedModel, load_model
from antpipe.models.spec import WEIGHTS_FILE, ModelSpec, write_spec
from antpipe.poses import Skeleton
from antpipe.training.start import load_base, start_from
from antpipe.training.train import train_model

UNET = {"unet": {"max_stride": 16, "filters": 2, "filters_rate": 1.5}}


def spec_of(model_type="centered_instance", *, backbone=UNET, skeleton=SKELETON, **values):
    config = ModelConfig.model_validate({"backbone": backbone, "head": {"output_stride": 4}, **values})
    classes = ("ant a", "ant b") if MODEL_TYPES[model_type].classes else ()
    crop = 32 if MODEL_TYPES[model_type].crops else None
    return ModelSpec(model_type=model_type, config=config, skeleton=skeleton, crop_size=crop, classes=classes)


def store(folder, spec, seed=7):
    """A model folder with random weights; returns the model that is in it."""
    folder.mkdir()
    keras.utils.set_random_seed(seed)
    build_network(spec).save_weights(folder / WEIGHTS_FILE)
    write_spec(folder, spec, {})
    return load_model(folder)


def fresh(spec):
    keras.utils.set_random_seed(0)
    return build_network(spec)


def equal_layers(network, other):
    """Names of the layers with weights that are equal in two networks, and of those that are not."""
    layers = {layer.name: layer.get_weights() for layer in other.layers if layer.weights}
    mine = {layer.name: layer.get_weights() for layer in network.layers if layer.weights}
    same = {
        name
        for name, weights in mine.items()
        if len(layers.get(name, [])) == len(weights)
        and all(np.array_equal(a, b) for a, b in zip(weights, layers[name], strict=True))
    }
    return same, set(mine) - same


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_type_of_model_begins_with_all_weights_of_its_like(tmp_path, model_type):
    spec = spec_of(model_type)
    base = store(tmp_path / "base ü", spec)
    network = fresh(spec)
    note = start_from(network, load_base(str(tmp_path / "base ü")))
    same, others = equal_layers(network, base.network)
    assert (note, others) == (f"{len(same)} of {len(same)} layers begin with the weights of {base.folder}", set())


MORE_NODES = Skeleton(nodes=(*SKELETON.nodes, "tail"))


@pytest.mark.parametrize(
    ("base", "changed"),
    [
        (spec_of("centroid"), {"CenteredInstanceConfmapsHead_0"}),
        (spec_of(skeleton=MORE_NODES), {"CenteredInstanceConfmapsHead_0"}),
        (spec_of(input={"channels": 3}), {"stack0_enc0_conv0"}),
        (spec_of("multi_class_topdown"), set()),  # its class vectors are left over
    ],
    ids=["type", "nodes", "channels", "more heads"],
)
def test_layers_of_other_shapes_and_names_begin_at_random_and_are_named(tmp_path, base, changed):
    network, before = fresh(spec_of()), fresh(spec_of())
    stored = store(tmp_path / "base", base)
    note = start_from(network, stored)
    same, others = equal_layers(network, stored.network)
    assert others == changed
    assert changed <= equal_layers(network, before)[0], "they keep what they had"
    count = len(same) + len(changed)
    rest = f"; the others begin at random: {', '.join(changed)}" if changed else ""
    assert note == f"{len(same)} of {count} layers begin with the weights of {stored.folder}{rest}"


def test_many_names_are_cut_short(tmp_path):
    base = store(tmp_path / "base", spec_of(backbone={"unet": {**UNET["unet"], "max_stride": 4}}))
    note = start_from(fresh(spec_of()), base)
    assert note.split("random: ")[1].count(",") == 4
    assert note.endswith(" more")


def test_weights_of_a_network_within_the_network_are_found(tmp_path):
    # A stand-in for encoders, which are networks of their own with layers of their own.
    def nested(seed):
        keras.utils.set_random_seed(seed)
        image = keras.Input((None, None, 1))
        inner_image = keras.Input((None, None, 1))
        inner = keras.Model(inner_image, keras.layers.Conv2D(2, 3, name="inner")(inner_image), name="encoder")
        return keras.Model(image, keras.layers.Conv2D(1, 1, name="outer")(inner(image)))

    base, network = nested(1), nested(2)
    model = TrainedModel(spec=spec_of(), network=base, folder=tmp_path, fingerprint="")
    assert start_from(network, model) == f"2 of 2 layers begin with the weights of {tmp_path}"
    for a, b in zip(network.get_weights(), base.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_of_sleap_serves_too(shared_data):
    folder = shared_data / "sleap_models" / "minimal_instance.UNet.centered_instance"
    base = load_base(str(folder))
    network = build_network(base.spec)
    note = start_from(network, base)
    same, others = equal_layers(network, base.network)
    assert note == f"{len(same)} of {len(same)} layers begin with the weights of {folder}"
    assert not others


def test_what_is_no_model_is_said_before_training(tmp_path):
    with pytest.raises(ConfigError, match=r"^base_checkpoint: nowhere: model folder not found"):
        load_base("nowhere")
    with pytest.raises(ConfigError, match=r"^base_checkpoint: .*not a model folder; expected model.json \(ours\)"):
        load_base(str(tmp_path))


def test_a_model_that_shares_no_layer_is_refused(tmp_path):
    base = store(tmp_path / "base", spec_of(backbone={"hourglass": {"filters": 2, "stem_filters": 2, "stacks": 1}}))
    with pytest.raises(ConfigError, match=r"^base_checkpoint: no layer of .*base has the name and shape of one of the"):
        start_from(fresh(spec_of()), base)


def test_training_begins_there_and_another_base_is_another_run(tmp_path, capsys):
    spec = spec_of(input={"crop_size": 32})
    store(tmp_path / "base", spec)
    optimization = {"epochs": 1, "min_batches_per_epoch": 1, "batch_size": 2, "learning_rate": 1e-12}
    optimization["ema_momentum"] = None

    def train(name):
        config = {**spec.config.model_dump(), "optimization": optimization, "base_checkpoint": str(tmp_path / "base")}
        config["input"]["crop_size"] = 32
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        seen = []
        frames = draw_frames(2, 0)
        model, notes, _ = train_model(
            {"train": frames, "val": frames},
            SKELETON,
            ModelConfig.model_validate(config),
            "centered_instance",
            folder,
            seed=0,
            on_progress=lambda done, total: seen.append(done),
        )
        return model, notes, seen

    model, notes, _ = train("run")
    count = sum(bool(layer.weights) for layer in model.network.layers)
    assert notes == (f"{count} of {count} layers begin with the weights of {tmp_path / 'base'}",)
    assert f"note: {notes[0]}\n" in capsys.readouterr().err
    for trained, stored in zip(
        model.network.get_weights(), load_model(tmp_path / "base").network.get_weights(), strict=True
    ):
        np.testing.assert_allclose(trained, stored, atol=1e-9)
    assert train("run")[2] == [], "a run that is done does not begin again"
    keras.utils.set_random_seed(8)
    build_network(spec).save_weights(tmp_path / "base" / WEIGHTS_FILE)
    assert train("run")[2] == [1, 2], "but with other weights to begin with it does"
