"""What holds for all heads: each has a loss, a layer name, and takes part in building and training."""

import pytest

from antpipe.config.heads import HeadConfig
from antpipe.config.model_types import MODEL_TYPES, PIPELINES
from antpipe.inference.predictor import PREDICTORS
from antpipe.models.build import LAYERS
from antpipe.models.registry import HEADS, LOSSES


def test_every_head_has_a_loss_and_every_loss_a_head():
    assert set(HEADS) == set(LOSSES)


def test_every_head_beside_the_maps_has_sleaps_layer_name():
    assert set(HEADS) - {"confidence_maps"} == set(LAYERS)


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_head_of_a_model_type_exists_and_has_settings(model_type):
    heads = MODEL_TYPES[model_type].heads
    assert set(heads) <= set(HEADS)
    assert set(heads) <= set(HeadConfig.model_fields)


def test_every_pipeline_has_a_predictor_and_every_model_type_a_pipeline():
    assert {pipeline[-1] for pipeline in PIPELINES} == set(PREDICTORS)
    assert {name for pipeline in PIPELINES for name in pipeline} == set(MODEL_TYPES)
