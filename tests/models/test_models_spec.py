"""model.json and SLEAP's weights, whole and damaged; neither needs Keras."""

import json

import h5py
import numpy as np
import pytest

from antpipe.config.model import ModelConfig
from antpipe.errors import ModelError
from antpipe.models.sleap_weights import read_layers
from antpipe.models.spec import ModelSpec, read_spec, write_spec
from antpipe.poses import Skeleton

SPEC = ModelSpec(
    model_type="centered_instance",
    config=ModelConfig(),
    skeleton=Skeleton(nodes=("head", "tail"), edges=(("head", "tail"),)),
    crop_size=96,
)


def test_a_spec_reads_back(tmp_path):
    write_spec(tmp_path, SPEC, {})
    assert read_spec(tmp_path) == SPEC


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": ["centroid"]}, "TypeError"),
        ({"model_type": "x"}, "unknown model type 'x'; expected one of ['centroid', "),
        ({"crop_size": "96"}, "crop_size: expected a number of pixels, got '96'"),
        ({"crop_size": 10**30}, "crop_size: expected a number of pixels, got 1000"),
        ({"skeleton": {"nodes": "head"}}, "nodes: Input should be a valid tuple"),
        ({"skeleton": {"nodes": ["a"], "edges": [["a", "b"]]}}, "skeleton: edges or symmetries name ['b']"),
        ({"skeleton": {"nodes": ["a", "a"]}}, "skeleton.nodes: expected different names, got ['a'] twice"),
        ({"skeleton": 3}, "Input should be a dictionary"),
        ({"config": {"head": {"sigma": "wide"}}}, "head.sigma: Input should be a valid number"),
        ({"classes": 3}, "TypeError"),
    ],
)
def test_a_damaged_spec_is_one_sentence(tmp_path, change, message):
    write_spec(tmp_path, SPEC, {})
    path = tmp_path / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=r"model.json: cannot be read as a model's settings \(") as error:
        read_spec(tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff", b"[1]", b"null"])
def test_what_is_no_spec_is_one_sentence(tmp_path, content):
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"model.json: cannot be read as a model's settings \("):
        read_spec(tmp_path)


def test_weights_with_a_heap_that_hdf5_would_read_forever_are_refused(tmp_path):
    path = tmp_path / "best_model.h5"
    with h5py.File(path, "w") as file:
        layer = file.create_group("model_weights").create_group("conv")
        layer.attrs["weight_names"] = [b"conv/kernel:0"]
        layer["conv/kernel:0"] = np.ones((3, 3, 1, 4))
    assert read_layers(path)["conv"][0].shape == (3, 3, 1, 4)
    content = bytearray(path.read_bytes())
    heap = content.index(b"HEAP\0\0\0\0")
    content[heap + 16 : heap + 24] = (16).to_bytes(8, "little")
    start = int.from_bytes(content[heap + 24 : heap + 32], "little")
    content[start + 16 : start + 24] = (16).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(ModelError, match="a heap of names is damaged"):
        read_layers(path)


def no_names(file):
    file["model_weights"].create_group("conv")


def names_as_number(file):
    file["model_weights"].create_group("conv").attrs["weight_names"] = 3


def a_table_for_a_layer(file):
    file["model_weights/conv"] = np.zeros(3)


def a_group_for_a_weight(file):
    file["model_weights"].create_group("conv").attrs["weight_names"] = [b"kernel"]
    file["model_weights/conv"].create_group("kernel")


def a_table_for_all(file):
    del file["model_weights"]
    file["model_weights"] = np.zeros(3)


@pytest.mark.parametrize(
    "change", [no_names, names_as_number, a_table_for_a_layer, a_group_for_a_weight, a_table_for_all]
)
def test_weights_that_are_arranged_in_another_way_are_refused(tmp_path, change):
    path = tmp_path / "best_model.h5"
    with h5py.File(path, "w") as file:
        file.create_group("model_weights")
        change(file)
    with pytest.raises(ModelError, match=r"best_model.h5: expected a Keras 2 model in HDF5, but it cannot be read \("):
        read_layers(path)
