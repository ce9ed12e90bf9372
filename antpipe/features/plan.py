"""All features of a configuration on a skeleton."""

from antpipe.config.features import FeaturesConfig
from antpipe.errors import ConfigError
from antpipe.features.registry import FEATURES, Feature
from antpipe.poses import PosesInfo, Skeleton
from antpipe.poses_file import poses_schema


def plan_features(config: FeaturesConfig, skeleton: Skeleton) -> dict[str, Feature]:
    """Return what is measured, by kind.

    Raises:
        ConfigError: if a feature needs a node that the skeleton lacks.
    """
    return {kind: FEATURES[kind](config, skeleton) for kind in dict.fromkeys(config.kinds)}


def describe_columns(features: dict[str, Feature], info: PosesInfo) -> dict[str, dict[str, str]]:
    """Return the columns of features as the info of a poses file holds them.

    Raises:
        ConfigError: if one has the name of another column of the poses.
    """
    columns: dict[str, dict[str, str]] = {}
    taken = set(poses_schema(info).names) - set(info.features)
    for feature in features.values():
        for name, (unit, meaning) in feature.columns.items():
            if name in taken or name in columns:
                raise ConfigError(f"features: two columns would be called {name!r}; give the feature another name")
            columns[name] = {"unit": unit, "meaning": meaning}
    return columns
