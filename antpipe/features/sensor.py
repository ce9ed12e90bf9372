"""Samples of a sensor, read from its text file."""

import csv
import itertools
import math
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from antpipe.config.measurements import MeasurementsConfig
from antpipe.errors import MeasurementError, reason, shown
from antpipe.features.sensor_header import Header, find_header
from antpipe.geometry import Array
from antpipe.progress import show_progress

_LINES_PER_STEP = 10_000
_NUMBER = re.compile(r"[+-]?(?=[.,]?\d)\d*(?:([.,])\d*)?(?:[eE][+-]?\d{1,2})?")
MISSING = {"", "-", "--", "nan", "na", "n/a", "#n/a", "null", "none"}
"""What stands for a missing value, in any case of letters."""


class Samples(NamedTuple):
    """What a sensor measured."""

    times: Array
    """(samples,) in the unit of the file, seconds where it has no column of times; never falls."""
    values: Array
    """(samples, columns); NaN is missing."""


def wanted_columns(config: MeasurementsConfig) -> list[str]:
    """Return the columns that a file must have: that of times first, if there is one."""
    return [*([] if config.time is None else [config.time]), *config.columns]


def read_samples(path: str | Path, config: MeasurementsConfig) -> Samples:
    """Return all samples of a file.

    Rows of words below the header, such as units, are skipped, and so are empty rows; but where rows are counted
    because there is no column of times, an empty row among the others is a missing sample.

    Raises:
        MeasurementError: with the line, if it is not as expected: a column is missing, a number is none, a time is
            missing or lies before the one above, a row is too long, there is no row.
    """
    header = find_header(path, wanted_columns(config))
    columns = [array("d") for _ in header.places]
    numbers = _Numbers(path, wanted_columns(config))
    with open(path, encoding=header.encoding, newline="") as file, show_progress("read", "lines") as advance:
        for line, fields in _rows(path, file, header):
            if not any(fields) and (config.rate is None or not columns[0]):
                continue
            if not columns[0] and _is_words(fields):
                continue
            for column, value in zip(columns, numbers.read(line, fields), strict=True):
                column.append(value)
            if config.time is not None:
                _check_time(path, line, config.time, columns[0])
            if line % _LINES_PER_STEP == 0:
                advance(line, None)
    if not columns[0]:
        raise MeasurementError(f"{path}: expected measurements below the header in line {header.line}, got no row")
    table = np.array(columns)
    if config.rate is not None:
        return Samples(np.arange(table.shape[1]) / config.rate, table.T)
    return Samples(table[0], table[1:].T)


class _Numbers:
    """Reads numbers, and notices when a file has decimal commas in some and decimal points in others."""

    def __init__(self, path: str | Path, names: Sequence[str]) -> None:
        self._path, self._names = path, names
        self._mark = ""

    def read(self, line: int, fields: Sequence[str]) -> list[float]:
        """Return the numbers of a row; NaN is missing."""
        return [self._number(line, name, field) for name, field in zip(self._names, fields, strict=True)]

    def _number(self, line: int, name: str, text: str) -> float:
        match = _NUMBER.fullmatch(text)
        number = float(text.replace(",", ".")) if match else math.inf
        if match is None or math.isinf(number):
            if text.lower() in MISSING:
                return math.nan
            raise MeasurementError(
                f"{self._path} line {line}: expected a number in column {name!r}, got {shown(text)}; leave the field "
                "empty where nothing was measured"
            )
        if match[1] and match[1] != self._mark:
            if self._mark:
                raise MeasurementError(
                    f"{self._path} line {line}: expected decimals after {self._mark!r} as in the rows above, got "
                    f"{shown(text)} in column {name!r}; write all numbers in one way, without separators of thousands"
                )
            self._mark = match[1]
        return number


def _rows(path: str | Path, file: IO[str], header: Header) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line and the wanted fields of each row below the header."""
    for _ in itertools.islice(file, header.line):
        pass
    reader = csv.reader(file, delimiter=header.separator, skipinitialspace=True)
    try:
        for fields in reader:
            if any(fields[header.width :]):
                raise MeasurementError(
                    f"{path} line {header.line + reader.line_num}: expected {header.width} columns, got {len(fields)}; "
                    "decimal commas need another separator between columns"
                )
            fields += [""] * (header.width - len(fields))
            yield header.line + reader.line_num, [fields[place].strip() for place in header.places]
    except csv.Error as error:
        raise MeasurementError(
            f"{path} line {header.line + reader.line_num}: cannot be read ({reason(error)})"
        ) from error


def _is_words(fields: Sequence[str]) -> bool:
    return not any(_NUMBER.fullmatch(field) for field in fields) and any(f.lower() not in MISSING for f in fields)


def _check_time(path: str | Path, line: int, name: str, times: "array[float]") -> None:
    if math.isnan(times[-1]):
        raise MeasurementError(f"{path} line {line}: expected a time in column {name!r}, got nothing; remove the row")
    if len(times) > 1 and times[-1] < times[-2]:
        raise MeasurementError(
            f"{path} line {line}: expected times that grow, but {times[-1]:g} comes after {times[-2]:g}; sort the "
            "rows, or cut the file where the clock of the sensor was set back"
        )
