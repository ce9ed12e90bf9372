import hashlib
import json
import shutil
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest

from antpipe.config.model import ModelConfig
from antpipe.errors import AntpipeError, ConfigError, ModelError
from antpipe.models.build import build_network
from antpipe.models.folder import load_model
from antpipe.models.sleap_weights import load_sleap_weights
from antpipe.models.spec import ModelSpec, read_spec, write_spec
from antpipe.poses import Skeleton

SKELETON = Skeleton(nodes=("head", "L leg", "R leg"), edges=(("head", "L leg"),), symmetries=(("L leg", "R leg"),))
SMALL = {"backbone": {"unet": {"max_stride": 4, "filters": 4}}, "optimization": {"precision": "mixed_bfloat16"}}
SLEAP = {"centroid": 127_235, "centered_instance": 150_674}


def random_images(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.fixture
def run_folder(tmp_path):
    """A run folder with random weights, and the network that they were saved from."""
    folder = tmp_path / "run ü"
    folder.mkdir()
    config = ModelConfig.model_validate(SMALL)
    spec = ModelSpec(model_type="centered_instance", config=config, skeleton=SKELETON, crop_size=32)
    network = build_network(spec, "float32")
    network.save_weights(folder / "best.weights.h5")
    write_spec(folder, spec, {"python": "3"})
    return folder, spec, network


def test_a_run_folder_comes_back(run_folder):
    folder, spec, network = run_folder
    model = load_model(folder)
    assert read_spec(folder) == model.spec == spec
    images = random_images((2, 32, 32, 1))
    np.testing.assert_array_equal(model.network.predict_on_batch(images), network.predict_on_batch(images))
    assert model.notes == ()


def test_a_model_runs_in_float32_whatever_it_was_trained_in(run_folder):
    folder, *_ = run_folder
    assert load_model(folder).network.get_layer("stack0_enc0_conv0").compute_dtype == "float32"
    assert load_model(folder, "mixed_bfloat16").network.get_layer("stack0_enc0_conv0").compute_dtype == "bfloat16"


def test_the_fingerprint_is_that_of_settings_and_weights(run_folder):
    folder, *_ = run_folder
    content = (folder / "model.json").read_bytes() + (folder / "best.weights.h5").read_bytes()
    assert load_model(folder).fingerprint == hashlib.sha256(content).hexdigest()


def drop_layer(folder):
    with h5py.File(folder / "best.weights.h5", "r+") as file:
        del file["layers"][sorted(name for name in file["layers"] if name.startswith("conv2d"))[1]]


def rewrite(folder, change):
    value = json.loads((folder / "model.json").read_text())
    change(value)
    (folder / "model.json").write_text(json.dumps(value))


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def damage_a_heap_of_names(folder):
    """HDF5 has an error of its own for each part of a file."""
    path = folder / "best.weights.h5"
    content = bytearray(path.read_bytes())
    place = content.index(b"HEAP\0\0\0\0")
    content[place : place + 4] = b"PAEH"
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: shutil.rmtree(f), "model folder not found"),
        (lambda f: (f / "model.json").unlink(), r"not a model folder; expected model.json \(ours\) or training_config"),
        (
            lambda f: (f / "best.weights.h5").unlink(),
            "weights not found; train the model, or copy the whole run folder",
        ),
        (lambda f: (f / "model.json").write_text(""), "cannot be read as a model's settings"),
        (lambda f: (f / "model.json").write_text("[]"), "cannot be read as a model's settings"),
        (
            lambda f: rewrite(f, lambda v: v.pop("skeleton")),
            r"cannot be read as a model's settings \(KeyError\('skeleton'\)\)",
        ),
        (lambda f: rewrite(f, lambda v: v["config"].update(new=1)), "cannot be read as a model's settings"),
        (
            lambda f: rewrite(f, lambda v: v["config"]["backbone"]["unet"].update(filters=8)),
            "the weights do not fit model.json",
        ),
        (
            lambda f: rewrite(f, lambda v: v["config"]["backbone"]["unet"].update(max_stride=8)),
            "the weights do not fit model.json",
        ),
        (
            lambda f: rewrite(f, lambda v: v["config"]["backbone"]["unet"].update(middle_block=False)),
            "the weights do not fit model.json",
        ),
        (
            lambda f: rewrite(f, lambda v: v["skeleton"].update(nodes=["head"], edges=[], symmetries=[])),
            "the weights do not fit model.json",
        ),
        (lambda f: rewrite(f, lambda v: v.update(model_type="bottomup")), "unknown model type 'bottomup'"),
        (drop_layer, "the weights do not fit model.json"),
        (lambda f: (f / "best.weights.h5").write_bytes(b""), "the weights do not fit model.json"),
        (damage_a_heap_of_names, "the weights do not fit model.json"),
        (
            lambda f: (f / "best.weights.h5").write_bytes((f / "best.weights.h5").read_bytes()[:3000]),
            "the weights do not fit model.json",
        ),
    ],
)
def test_a_damaged_folder_is_one_sentence(run_folder, damage, message):
    folder, *_ = run_folder
    damage(folder)
    with pytest.raises(ModelError, match=message) as error:
        load_model(folder)
    assert str(folder) in str(error.value)


class OldTransposed(keras.layers.Conv2DTranspose):
    """Keras 2 wrote `groups` into the settings of this layer; Keras 3 refuses it."""

    def __init__(self, *args, groups=1, **kwargs):
        super().__init__(*args, **kwargs)


@pytest.mark.parametrize("model_type", SLEAP)
def test_sleaps_networks_give_sleaps_outputs(shared_data, model_type):
    folder = shared_data / "sleap_models" / f"minimal_instance.UNet.{model_type}"
    model = load_model(folder)
    oracle = keras.models.load_model(
        folder / "best_model.h5", compile=False, custom_objects={"Conv2DTranspose": OldTransposed}
    )
    assert model.network.count_params() == oracle.count_params() == SLEAP[model_type]
    images = random_images((2, *oracle.input_shape[1:]))
    ours, theirs = model.network.predict_on_batch(images), oracle.predict_on_batch(images.astype(np.float32) / 255)
    for mine, stored in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, stored, atol=1e-5, rtol=0)


def test_what_sleaps_folders_say(shared_data):
    folders = {name: shared_data / "sleap_models" / f"minimal_instance.UNet.{name}" for name in SLEAP}
    centroid, instance = (load_model(folders[name]) for name in SLEAP)
    assert (centroid.spec.model_type, centroid.spec.crop_size, centroid.spec.maps) == ("centroid", None, 1)
    assert (instance.spec.crop_size, instance.spec.maps, instance.spec.stride) == (96, 2, 2)
    assert instance.spec.skeleton == Skeleton(nodes=("A", "B"), edges=(("A", "B"),))
    assert centroid.spec.from_sleap
    assert centroid.spec.config.head.offset_refinement
    assert centroid.spec.classes == ()
    assert centroid.spec.config.input.channels == 1


@pytest.fixture
def sleap_folder(shared_data, tmp_path):
    """A copy of a SLEAP model that a test may damage."""
    folder = tmp_path / "sleap model"
    shutil.copytree(
        shared_data / "sleap_models" / "minimal_instance.UNet.centered_instance",
        folder,
        ignore=shutil.ignore_patterns("labels*", "metrics*"),
        copy_function=shutil.copyfile,
    )
    folder.chmod(0o755)
    return folder


def change_weights(folder, change):
    with h5py.File(folder / "best_model.h5", "r+") as file:
        change(file["model_weights"])


def reshape(weights, layer):
    name = weights[layer].attrs["weight_names"][0]
    shape = weights[layer][name].shape
    del weights[layer][name]
    weights[layer][name] = np.zeros((*shape[:-1], shape[-1] + 1), np.float32)


def change_config(folder, old, new):
    path = folder / "training_config.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


LAYER = "stack0_dec1_s4_to_s2_refine_conv0"


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (lambda f: (f / "best_model.h5").unlink(), ModelError, "SLEAP model weights not found; expected best_model.h5"),
        (lambda f: (f / "best_model.h5").write_bytes(b"no HDF5"), ModelError, "expected a Keras 2 model in HDF5"),
        (
            lambda f: change_weights(f, lambda w: w.pop(LAYER)),
            ModelError,
            rf"layer {LAYER} should have weights of shape \[.*\], got no such layer",
        ),
        (
            lambda f: change_weights(f, lambda w: reshape(w, LAYER)),
            ModelError,
            rf"layer {LAYER} should have weights of shape \[\(3, 3, 48, 24\), .*\], got \[\(3, 3, 48, 25\), .*\]",
        ),
        (
            lambda f: change_weights(f, lambda w: w.pop("stack0_enc0_conv0")),
            ModelError,
            "none of the layers",
        ),
        (
            lambda f: change_weights(f, lambda w: w.pop("CenteredInstanceConfmapsHead_0")),
            ModelError,
            "layer CenteredInstanceConfmapsHead_0 should have weights of shape",
        ),
        (
            lambda f: change_config(f, '"filters": 16', '"filters": 12'),
            ModelError,
            "layer stack0_enc0_conv0 should have",
        ),
        (
            lambda f: change_config(f, '"crop_size": 96', '"crop_size": null'),
            ModelError,
            "expected crop_size and part_n",
        ),
        (lambda f: (f / "training_config.json").write_text("{"), ConfigError, "expected JSON, but line 1"),
    ],
)
def test_a_damaged_sleap_folder_is_one_sentence(sleap_folder, damage, error, message):
    damage(sleap_folder)
    with pytest.raises(error, match=message) as caught:
        load_model(sleap_folder)
    assert isinstance(caught.value, AntpipeError)
    assert str(sleap_folder) in str(caught.value)


def test_heads_without_a_stack_number_are_found(sleap_folder):
    # SLEAP 1.1.1 and later leave the number out.
    def rename(weights):
        for name in ("CenteredInstanceConfmapsHead", "OffsetRefinementHead"):
            weights.move(f"{name}_0", name)

    before = load_model(sleap_folder)
    change_weights(sleap_folder, rename)
    images = random_images((1, 96, 96, 1))
    for a, b in zip(
        before.network.predict_on_batch(images),
        load_model(sleap_folder).network.predict_on_batch(images),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_a_head_that_is_not_asked_for_is_left_out(sleap_folder):
    model = load_model(sleap_folder)
    head = model.spec.config.head.model_copy(update={"offset_refinement": False})
    plain = replace(model.spec, config=model.spec.config.model_copy(update={"head": head}))
    without = build_network(plain, "float32")
    load_sleap_weights(without, sleap_folder / "best_model.h5")
    images = random_images((1, 96, 96, 1))
    np.testing.assert_array_equal(without.predict_on_batch(images), model.network.predict_on_batch(images)[0])


def test_comments_in_sleaps_configuration_do_no_harm(sleap_folder):
    change_config(sleap_folder, '"data": {', '"data": { // by hand')
    assert load_model(sleap_folder).spec.skeleton.edges == (("A", "B"),)
