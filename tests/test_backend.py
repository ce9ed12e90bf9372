import sys
from types import SimpleNamespace

import pytest

from antpipe import backend


@pytest.mark.parametrize(
    ("gpu", "devices", "words", "watched"),
    [
        (None, [], "the processor (no GPU found)", []),
        ("3", ["/physical_device:GPU:0"], "GPU 3", ["3"]),
        ("3", [], "the processor: GPU 3 is there, but TensorFlow cannot use it (`antpipe check` says more)", []),
    ],
)
def test_what_the_network_runs_on_is_what_tensorflow_can_use(monkeypatch, gpu, devices, words, watched):
    asked = []
    keras = SimpleNamespace(
        ops=SimpleNamespace(zeros=lambda shape: None), backend=SimpleNamespace(backend=lambda: "tensorflow")
    )
    tensorflow = SimpleNamespace(config=SimpleNamespace(list_physical_devices={"GPU": devices}.get))
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    monkeypatch.setattr(backend, "take_gpu_slot", lambda: gpu)
    monkeypatch.setattr(backend, "watch_gpu", asked.append)
    assert backend.start_backend("train") == words
    assert asked == watched
