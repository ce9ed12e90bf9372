"""YAML as people write it."""

from pathlib import Path
from typing import Any

import yaml

from antpipe.errors import ConfigError, reason
from antpipe.files import refuse_deep

MOST_VALUES = 100_000
"""A few lines of aliases within aliases stand for billions of values."""

# What PyYAML raises besides its own errors: dates and numbers that are none, tags without a value, nesting.
_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


class _Loader(yaml.SafeLoader):
    """Refuses a key that comes twice; PyYAML and Snakemake take the last one and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} comes twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> Any:
    """Return what a YAML file holds; {} if that is nothing.

    Raises:
        ConfigError: if the file is missing or is not YAML, has a key twice, or is nested too deep or too large.
    """
    try:
        value = yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)
        refuse_deep(value, MOST_VALUES)
        # Errors show what came, and Python shows no number of more than 4300 digits.
        str(value)
    except OSError as error:
        raise ConfigError(f"{path}: expected a YAML file, but it cannot be read ({error.strerror})") from error
    except _UNREADABLE as error:
        raise ConfigError(f"{path}: expected YAML, but {reason(error)}") from error
    return {} if value is None else value
