"""Settings of training that fit together, and those that are refused with the reason."""

import pytest
from pydantic import ValidationError

from antpipe.config.augmentation import AugmentationConfig
from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.config.optimization import OptimizationConfig

TAKEN = [
    {},
    {"optimizer": "sgd", "momentum": 0.0},
    {"optimizer": "adamw", "weight_decay": 0.0},
    {"schedule": "constant"},
    {"schedule": "cosine", "epochs": 2, "cosine": {"warmup_epochs": 1.5}},
    {"schedule": "cosine", "cosine": {"warmup_epochs": 0, "min_learning_rate": 0}},
    {"plateau": {"patience": 3}},
    {"early_stopping": {"patience": None}},
    {"schedule": "constant", "plateau": {}},
]


@pytest.mark.parametrize("values", TAKEN)
def test_what_fits_together_is_taken_and_stays_the_same(values):
    config = OptimizationConfig.model_validate(values)
    assert OptimizationConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"optimizer": "adagrad"}, "optimizer\n.*'adam', 'amsgrad', 'adamw', 'sgd' or 'rmsprop'"),
        ({"momentum": 0.9}, "momentum is for optimizer: sgd; leave it out, or change what it is for"),
        ({"optimizer": "sgd", "momentum": 1.0}, "less than 1"),
        ({"optimizer": "amsgrad", "weight_decay": 0.1}, "weight_decay is for optimizer: adamw; leave it out"),
        ({"schedule": "constant", "plateau": {"patience": 3}}, "plateau is for schedule: plateau; leave it out"),
        ({"cosine": {"warmup_epochs": 1}}, "cosine is for schedule: cosine; leave it out"),
        ({"schedule": "step"}, "'plateau', 'constant' or 'cosine'"),
        ({"schedule": "cosine", "epochs": 3}, "cosine.warmup_epochs 3 must be below epochs 3"),
        (
            {"schedule": "cosine", "learning_rate": 1e-4, "cosine": {"min_learning_rate": 1e-3}},
            "cosine.min_learning_rate 0.001 must not be above learning_rate 0.0001",
        ),
        ({"early_stopping": {"patience": 0}}, "greater than or equal to 1"),
        ({"precision": "mixed_float16"}, "'float32' or 'mixed_bfloat16'"),
    ],
)
def test_what_does_not_is_refused_with_the_reason(values, message):
    with pytest.raises(ValidationError, match=message) as error:
        OptimizationConfig.model_validate(values)
    assert error.value.error_count() == 1


@pytest.mark.parametrize("window", [[0, 5], [5], [5, 5.5], 256, [5, -1]])
def test_a_window_has_a_width_and_a_height(window):
    with pytest.raises(ValidationError):
        AugmentationConfig.model_validate({"random_crop": window})


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_windows_are_cut_from_frames_only(model_type):
    config = ModelConfig.model_validate({"augmentation": {"random_crop": [128, 96]}, "head": {"output_stride": 4}})
    if MODEL_TYPES[model_type].crops:
        with pytest.raises(ValueError, match=rf"{model_type} models do not use \['augmentation.random_crop'\]"):
            config.check_type(model_type)
    else:
        config.check_type(model_type)
