"""Whether this machine has the arithmetic that training is asked for."""

import keras

from antpipe.config.optimization import OptimizationConfig
from antpipe.resources import has_bfloat16

FIRST_GPU_WITH_BFLOAT16 = (8, 0)
"""Compute capability of NVIDIA's Ampere, 2020."""


def precision_note(config: OptimizationConfig) -> str | None:
    """Return a sentence where bfloat16 is asked for and only costs accuracy, because the hardware has no such unit."""
    if config.precision != "mixed_bfloat16":
        return None
    device = _device_without_bfloat16()
    return device and f"precision mixed_bfloat16 brings no speed here: {device} has no bfloat16 unit; take float32"


def _device_without_bfloat16() -> str | None:
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            details = tf.config.experimental.get_device_details(gpu)
            capability = details.get("compute_capability")
            old = capability is not None and capability < FIRST_GPU_WITH_BFLOAT16
            return details.get("device_name", "the GPU") if old else None
    return None if has_bfloat16() else "the processor"
