from collections import Counter

import keras
import numpy as np
import pytest

from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.models.build import build_network, heads_of
from antpipe.models.spec import ModelSpec
from antpipe.poses import Skeleton


def spec(model_type, output_stride=4, *, nodes=1, channels=1, offsets=False, **unet):
    config = ModelConfig.model_validate(
        {
            "input": {"channels": channels},
            "backbone": {"unet": unet},
            "head": {"output_stride": output_stride, "offset_refinement": offsets},
        }
    )
    skeleton = Skeleton(nodes=tuple("abcdef"[:nodes]))
    return ModelSpec(model_type=model_type, config=config, skeleton=skeleton, crop_size=None)


def conv(channels, filters, kernel=3):
    return kernel**2 * channels * filters + filters


def parameters_of_a_unet(filters, rate, max_stride, output_stride, transposed, middle, maps, channels=1):
    """The number of parameters of a UNet without a stem, added up by hand from its description."""
    wide = [int(filters * rate**block) for block in range(max_stride.bit_length())]
    down, total, last = max_stride.bit_length() - 1, 0, channels
    for block in range(down):
        total += conv(last, wide[block]) + conv(wide[block], wide[block])
        last = wide[block]
    if middle:
        total += conv(last, wide[down]) + conv(wide[down], wide[down])
        last = wide[down]
    for block in range(down - 1, output_stride.bit_length() - 2, -1):
        if transposed:
            total += conv(last, wide[block])
            last = wide[block]
        total += conv(wide[block] + last, wide[block]) + conv(wide[block], wide[block])
        last = wide[block]
    return total + conv(last, maps, 1)


UNETS = [
    # filters, rate, max stride, output stride, interpolate, middle block
    (8, 2.0, 16, 4, False, True),
    (8, 1.5, 8, 8, True, True),
    (8, 1.5, 8, 1, True, False),
    (7, 1.7, 32, 2, False, False),
    (8, 1.0, 4, 2, True, True),
    (4, 2.0, 1, 1, False, True),
    (4, 2.0, 2, 2, False, False),
]


@pytest.mark.parametrize(("filters", "rate", "max_stride", "output_stride", "interpolate", "middle"), UNETS)
def test_a_unet_has_the_size_of_its_description(filters, rate, max_stride, output_stride, interpolate, middle):
    network = build_network(
        spec(
            "centered_instance",
            output_stride,
            nodes=3,
            filters=filters,
            filters_rate=rate,
            max_stride=max_stride,
            up_interpolate=interpolate,
            middle_block=middle,
        )
    )
    assert network.count_params() == parameters_of_a_unet(
        filters, rate, max_stride, output_stride, not interpolate, middle, 3
    )
    assert network.compute_output_shape((2, 64, 96, 1)) == (2, 64 // output_stride, 96 // output_stride, 3)


@pytest.mark.parametrize(
    ("stem_stride", "max_stride", "output_stride", "stacks"),
    [(2, 8, 2, 1), (2, 8, 1, 1), (4, 16, 2, 1), (4, 16, 4, 2), (None, 8, 1, 3), (16, 16, 16, 1), (8, 8, 4, 1)],
)
def test_a_stem_and_stacks_give_maps_of_the_asked_size(stem_stride, max_stride, output_stride, stacks):
    unet = {"stem_stride": stem_stride, "max_stride": max_stride, "stacks": stacks, "filters": 4}
    network = build_network(spec("centroid", output_stride, **unet))
    maps = network.predict_on_batch(np.zeros((1, 32, 48, 1), np.uint8))
    maps = maps if isinstance(maps, list) else [maps]
    assert [m.shape for m in maps] == [(1, 32 // output_stride, 48 // output_stride, 1)] * stacks
    assert all(m.dtype == np.float32 for m in maps)
    kernels = {layer.name: layer.kernel_size for layer in network.layers if isinstance(layer, keras.layers.Conv2D)}
    assert all((size == (7, 7)) == name.startswith("stem") for name, size in kernels.items() if "Head" not in name)
    assert any(name.startswith("stem") for name in kernels) == (stem_stride is not None)


@pytest.mark.parametrize("channels", [1, 3])
def test_gray_levels_go_in_as_bytes(channels):
    network = build_network(spec("centroid", channels=channels, max_stride=4, filters=4))
    assert network.input_shape == (None, None, None, channels)
    assert network.inputs[0].dtype == "uint8"
    levels = keras.Model(network.inputs, network.get_layer("gray_levels").output)
    image = np.full((1, 8, 8, channels), 51, np.uint8)
    np.testing.assert_allclose(levels([image]), np.full(image.shape, 0.2), rtol=1e-6)


def test_offsets_are_a_second_output():
    network = build_network(spec("centered_instance", nodes=5, offsets=True, max_stride=8, filters=4))
    shapes = [tuple(shape) for shape in network.compute_output_shape((1, 32, 32, 1))]
    assert shapes == [(1, 8, 8, 5), (1, 8, 8, 10)]
    assert [layer.name for layer in network.layers if "Head" in layer.name] == [
        "CenteredInstanceConfmapsHead_0",
        "OffsetRefinementHead_0",
    ]


def test_outputs_come_by_head_and_within_each_by_stack():
    network = build_network(spec("centered_instance", 1, nodes=2, offsets=True, max_stride=4, filters=3, stacks=2))
    expected = [f"{head}_{n}" for head in ("CenteredInstanceConfmapsHead", "OffsetRefinementHead") for n in (0, 1)]
    layers = {network.get_layer(name).output.name: name for name in expected}
    assert [layers[output.name] for output in network.outputs] == expected


@pytest.mark.parametrize("offsets", [False, True])
def test_the_centroid_is_one_map_whatever_the_skeleton(offsets):
    network = build_network(spec("centroid", nodes=4, offsets=offsets, max_stride=8, filters=4))
    assert [output.shape[-1] for output in network.outputs] == [1, 2][: 1 + offsets]


@pytest.mark.parametrize(
    ("model_type", "heads"),
    [
        ("centroid", {"confidence_maps": "CentroidConfmapsHead"}),
        ("centered_instance", {"confidence_maps": "CenteredInstanceConfmapsHead"}),
        ("single_instance", {"confidence_maps": "SingleInstanceConfmapsHead"}),
        ("multi_instance", {"confidence_maps": "MultiInstanceConfmapsHead", "pafs": "PartAffinityFieldsHead"}),
        ("multi_class_bottomup", {"confidence_maps": "MultiInstanceConfmapsHead", "class_maps": "ClassMapsHead"}),
        (
            "multi_class_topdown",
            {"confidence_maps": "CenteredInstanceConfmapsHead", "class_vectors": "ClassVectorsHead"},
        ),
    ],
)
def test_heads_have_sleaps_names_and_the_maps_come_first(model_type, heads):
    assert list(heads_of(spec(model_type)).items()) == list(heads.items())
    with_offsets = heads_of(spec(model_type, offsets=True))
    assert list(with_offsets.items()) == [*heads.items(), ("offset_refinement", "OffsetRefinementHead")]


def drawn_model(random):
    """Settings of a model and its type, drawn without regard to what fits."""

    def one_of(*values):
        return values[random.integers(len(values))]

    def stride():
        return one_of(1, 2, 4, 8, 16, 32)

    sizes = {"filters": one_of(1, 3), "max_stride": one_of(2, 4, 8, 16), "stacks": one_of(1, 1, 2)}
    hourglass = {**sizes, "stem_stride": one_of(1, 2, 4), "stem_filters": 2, "filter_increase": 1}
    unet = {**sizes, "stem_stride": one_of(None, 2, 4), "middle_block": one_of(False, True)}
    head = {"output_stride": stride(), "offset_refinement": one_of(False, True)}
    model_type = one_of(*MODEL_TYPES)
    for name in MODEL_TYPES[model_type].heads:
        head[name] = {"output_stride": stride()}
    if "class_vectors" in head:
        head["class_vectors"] |= {"num_fc_layers": one_of(0, 2), "global_pool": True}
    return {"backbone": one_of({"unet": unet}, {"leap": sizes}, {"hourglass": hourglass}), "head": head}, model_type


def declared_shapes(config, model_type, size):
    """The shapes of all outputs for three nodes, two edges and two animals, by head and within each by stack."""
    head, kind = config.head, MODEL_TYPES[model_type]

    def maps(stride, count):
        return (1, size // stride, size // stride, count)

    nodes = 3 if kind.nodes else 1
    others = {
        "pafs": maps(head.pafs.output_stride, 4),
        "class_maps": maps(head.class_maps.output_stride, 2),
        "class_vectors": (1, 2),
    }
    heads = [maps(head.output_stride, nodes), *(others[name] for name in kind.heads)]
    heads += [maps(head.output_stride, 2 * nodes)] * head.offset_refinement
    return [shape for shape in heads for _ in range(config.backbone.chosen.stacks)]


def test_any_model_builds_with_the_strides_of_its_heads_or_is_refused():
    random = np.random.default_rng(1)
    skeleton = Skeleton(nodes=("a", "b", "c"), edges=(("a", "b"), ("b", "c")))
    built, refused = Counter(), 0
    for _ in range(400):
        value, model_type = drawn_model(random)
        try:
            config = ModelConfig.model_validate(value)
            config.check_type(model_type)
        except ValueError:  # pydantic's is one
            refused += 1
            continue
        if built[model_type] < 4:
            network = build_network(
                ModelSpec(model_type=model_type, config=config, skeleton=skeleton, crop_size=32, classes=("one", "two"))
            )
            size = 2 * config.backbone.max_stride
            shapes = network.compute_output_shape((1, size, size, 1))
            found = [tuple(shape) for shape in (shapes if isinstance(shapes, list) else [shapes])]
            assert found == declared_shapes(config, model_type, size), value
            built[model_type] += 1
    assert built == dict.fromkeys(MODEL_TYPES, 4)
    assert refused > 100


def test_precision_is_that_of_this_network_alone():
    before = keras.mixed_precision.dtype_policy()
    network = build_network(spec("centroid", max_stride=8, filters=4), "mixed_bfloat16")
    assert keras.mixed_precision.dtype_policy() == before
    assert network.get_layer("stack0_enc0_conv0").compute_dtype == "bfloat16"
    assert network.get_layer("CentroidConfmapsHead_0").compute_dtype == "float32"
    assert network.predict_on_batch(np.zeros((1, 16, 16, 1), np.uint8)).dtype == np.float32
    plain = build_network(spec("centroid", max_stride=8, filters=4))
    assert plain.get_layer("stack0_enc0_conv0").compute_dtype == "float32"


def test_a_failed_build_leaves_the_precision_as_it_was():
    before = keras.mixed_precision.dtype_policy()
    with pytest.raises(KeyError):
        build_network(spec("no such type", max_stride=8, filters=4), "mixed_bfloat16")
    assert keras.mixed_precision.dtype_policy() == before
