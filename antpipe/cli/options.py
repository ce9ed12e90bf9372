"""What the texts of options mean."""

import json
from pathlib import Path
from typing import Any

from antpipe.errors import LONGEST, ConfigError


def section(section: Any, values: dict[str, Any], options: dict[str, str] | None = None) -> Any:
    """Return a section of the configuration made from options; a bad one is an error that names the option.

    `options` gives the names of options that are not those of their fields.
    """
    from pydantic import ValidationError

    try:
        return section.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "options"
        place = f"--{(options or {}).get(field, field).replace('_', '-')}" if first["loc"] else field
        message = first["msg"].removeprefix("Value error, ")
        came = "" if ", got " in message else f", got {_shown(first['input'])}"
        raise ConfigError(f"{place}: {' '.join(message.split())}{came}") from error


def pair(text: str) -> tuple[int, int]:
    """Return the numbers of WIDTHxHEIGHT."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise ConfigError(f"--size: expected WIDTHxHEIGHT such as 640x480, got {text!r}")
    return int(width), int(height)


def two_nodes(text: str) -> tuple[str, str]:
    """Return the nodes of NODE,NODE."""
    first, comma, second = (part.strip() for part in text.partition(","))
    if not (first and comma and second):
        raise ConfigError(f"--body: expected two nodes such as head,abdomen, got {text!r}")
    return first, second


def renaming(text: str) -> tuple[str, str]:
    """Return both sides of OLD=NEW."""
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise ConfigError(f"--prefix: expected OLD=NEW such as D:/films=data/films, got {text!r}")
    return old, new


def number(option: str, text: str) -> int | float:
    """Return the number that an option says."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"{option}: expected a number, got {text!r}") from error


def read_numbers(path: Path) -> dict[str, float]:
    """Return the names and numbers of a YAML file."""
    from antpipe.config.yaml_file import read_yaml

    value = read_yaml(path)
    try:
        numbers = {str(key): float(number) for key, number in value.items() if isinstance(number, int | float)}
    except (AttributeError, OverflowError):
        numbers = {}
    if not numbers or len(numbers) < len(value):
        raise ConfigError(f"{path}: expected lines such as `head: 0.025`, got {_shown(value)}")
    return numbers


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, skipkeys=True)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
