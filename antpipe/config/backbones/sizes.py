"""Strides and numbers of filters, and what the settings of all backbones must obey in them."""

from collections.abc import Callable

from antpipe.config.base import Section, is_power_of_two

MOST_FILTERS = 16384
"""A layer with more has over two thousand million weights."""


def levels(ratio: int) -> int:
    """Return how many times a stride doubles to become `ratio` times as large."""
    return ratio.bit_length() - 1


def check_powers_of_two(section: Section, *names: str) -> None:
    """Refuse a stride that is no power of two."""
    for name in names:
        value = getattr(section, name)
        if value is not None and not is_power_of_two(value):
            raise ValueError(f"{name} must be a power of two, got {value}")


def check_stacks(name: str, stacks: int, stride: int, stem: int) -> None:
    """Refuse several stacks whose output is not as fine as what the next one takes."""
    if stacks > 1 and stride != stem:
        raise ValueError(f"backbone.{name}.stacks {stacks} needs head.output_stride {stem} (the stem's), got {stride}")


def check_widths(width: Callable[[int], int], blocks: int) -> None:
    """Refuse blocks without a filter or with more than memory can hold."""
    for block in range(blocks):
        try:
            filters = width(block)
        except OverflowError:
            filters = MOST_FILTERS + 1
        if not 1 <= filters <= MOST_FILTERS:
            few = "no filter" if filters < 1 else f"more than {MOST_FILTERS} filters"
            raise ValueError(f"block {block} would have {few}; change the number of filters or its rate")
