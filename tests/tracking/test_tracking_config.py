import pytest
from pydantic import ValidationError

from antpipe.config.project import parse_config
from antpipe.config.tracking import OWN_SETTINGS, TrackConfig
from antpipe.errors import ConfigError
from antpipe.tracking.registry import MATCHERS, METHODS, SIMILARITIES

OTHER = {
    "similarity": "iou",
    "leap": 0.5,
    "weak_score": 0.1,
    "body_size": 50.0,
    "robust": 0.5,
    "max_tracks": 3,
    "min_match_points": 1,
    "img_scale": 0.5,
    "of_window_size": 11,
    "of_max_levels": 1,
    "save_shifted_instances": True,
    "kf_init_frame_count": 5,
    "kf_node_indices": (0,),
    "oks_errors": 2.0,
    "oks_score_weighting": True,
    "oks_normalization": "ref",
}
"""A value that is not the default, for each setting that not all methods use."""
NEEDS = {
    "kalman": {"target_instance_count": 2},
    "simplemaxtracks": {"max_tracks": 2},
    "flowmaxtracks": {"max_tracks": 2},
}


def test_every_setting_that_not_all_methods_use_is_tried_here():
    assert set(OTHER) == set().union(*OWN_SETTINGS.values())


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("method", METHODS)
def test_what_a_method_does_not_use_is_refused(method, name):
    values = {"method": method, **NEEDS.get(method, {}), name: OTHER[name]}
    if name.startswith("oks") and "similarity" in OWN_SETTINGS[method]:
        values["similarity"] = "object_keypoint"
    if name in OWN_SETTINGS[method]:
        assert getattr(TrackConfig(**values), name) == OTHER[name]
    else:
        with pytest.raises(ValidationError, match=f"method '{method}' does not use {name}, got .* one of the methods"):
            TrackConfig(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "nope"}, "unknown tracking method 'nope'; choose one of .*'motion'"),
        ({"method": "simple", "similarity": "nope"}, "unknown similarity 'nope'; choose one of .*'centroid'"),
        ({"matching": "nope"}, "unknown matcher 'nope'; choose one of .*'greedy'"),
        ({"method": "kalman"}, "method 'kalman' needs target_instance_count, .* got none"),
        ({"pre_cull_to_target": True}, "needs target_instance_count"),
        ({"post_connect_single_breaks": True}, "needs target_instance_count"),
        ({"target_instance_count": 2}, "goes with pre_cull_to_target, post_connect_single_breaks or method 'kalman'"),
        ({"method": "simplemaxtracks"}, "method 'simplemaxtracks' needs max_tracks, .* got none"),
        ({"method": "flowmaxtracks"}, "method 'flowmaxtracks' needs max_tracks"),
        ({"method": "simple", "oks_errors": 3.0}, "oks_errors goes with similarity 'object_keypoint' only"),
        ({"max_tracks": 0}, "greater than or equal to 1"),
        ({"max_tracks": "all"}, "'auto'"),
        ({"robust": 0.0}, "greater than 0"),
        ({"gate": 0}, "greater than 0"),
        ({"window": 0}, "greater than or equal to 1"),
        ({"track_window": 5}, "Extra inputs"),
    ],
)
def test_a_bad_setting_is_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        TrackConfig(**values)


def test_in_config_yaml_the_sentence_names_the_section():
    with pytest.raises(ConfigError, match=r"track: method 'motion' does not use similarity, got 'iou'; leave it out"):
        parse_config({"track": {"similarity": "iou"}})


def test_a_section_survives_its_way_through_plain_values():
    for method in METHODS:
        config = TrackConfig(method=method, **NEEDS.get(method, {}))
        assert TrackConfig(**config.model_dump(mode="json")) == config


def test_the_names_of_all_entries_are_known_to_the_configuration():
    for similarity in SIMILARITIES:
        assert TrackConfig(method="simple", similarity=similarity).similarity == similarity
    for matcher in MATCHERS:
        assert TrackConfig(matching=matcher).matching == matcher
