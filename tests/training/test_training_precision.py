"""A note where bfloat16 is asked for and the hardware has none."""

import pytest
import tensorflow as tf

from antpipe.config.optimization import OptimizationConfig
from antpipe.training import precision
from antpipe.training.precision import precision_note

BFLOAT16 = OptimizationConfig(precision="mixed_bfloat16")


@pytest.fixture
def machine(monkeypatch):
    """A machine with GPUs of some compute capabilities, and a processor with or without bfloat16."""

    def make(gpus, processor):
        names = [f"GPU {number}" for number, _ in enumerate(gpus)]
        details = dict(zip(names, gpus, strict=True))
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: names if kind == "GPU" else [])
        monkeypatch.setattr(tf.config.experimental, "get_device_details", details.__getitem__)
        monkeypatch.setattr(precision, "has_bfloat16", lambda: processor)

    return make


TURING = {"device_name": "NVIDIA GeForce RTX 2060", "compute_capability": (7, 5)}
AMPERE = {"device_name": "NVIDIA A40", "compute_capability": (8, 6)}


@pytest.mark.parametrize(
    ("gpus", "processor", "device"),
    [
        ([], True, None),
        ([], False, "the processor"),
        ([AMPERE], False, None),
        ([TURING], True, "NVIDIA GeForce RTX 2060"),
        ([{}], False, None),  # what cannot be told is not said
    ],
)
def test_what_brings_nothing_is_said(machine, gpus, processor, device):
    machine(gpus, processor)
    note = precision_note(BFLOAT16)
    if device is None:
        assert note is None
    else:
        assert note == f"precision mixed_bfloat16 brings no speed here: {device} has no bfloat16 unit; take float32"
    assert precision_note(OptimizationConfig()) is None
