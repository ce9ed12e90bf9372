"""Text files of sensors: every way they are written, and every way they are broken."""

import codecs

import numpy as np
import pytest

from antpipe.config.measurements import MeasurementsConfig
from antpipe.errors import MeasurementError
from antpipe.features.sensor import read_samples

NAN = float("nan")
CONFIG = MeasurementsConfig(files="f.csv", columns={"Force": "mN"}, time="Time")
COUNTED = MeasurementsConfig(files="f.csv", columns={"Force": "mN"}, rate=4)


def write(path, content, encoding="utf-8"):
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


GOOD = {
    "commas": "Time,Force\n0,1.5\n0.5,-2\n",
    "semicolons and decimal commas": "Time;Force\n0;1,5\n0,5;-2\n",
    "tabs": "Time\tForce\r\n0\t1.5\r\n0.5\t-2\r\n",
    "tabs and decimal commas": "Time\tForce\n0\t1,5\n0,5\t-2\n",
    "quoted decimal commas": 'Time,Force\n"0","1,5"\n"0,5","-2"\n',
    "spaces": " Time , Force \n 0 , 1.5 \n 0.5 , -2 \n",
    "other columns": "No,Force,Note,Time\n1,1.5,x,0\n2,-2,,0.5\n",
    "lines above": "ACME Logger 3\nRate:;100 Hz\n\nTime;Force\n0;1.5\n0.5;-2\n",
    "row of units": "Time;Force\ns;mN/cm2\n0;1.5\n0.5;-2\n",
    "empty rows": "Time,Force\n\n0,1.5\n,\n0.5,-2\n\n\n",
    "separator at the end": "Time,Force,\n0,1.5,\n0.5,-2,\n",
    "old line ends": "Time,Force\r0,1.5\r0.5,-2\r",
    "no line end": "Time,Force\n0,1.5\n0.5,-2",
    "exponents": "Time,Force\n0,15e-1\n5.0E-01,-2.\n",
    "byte order mark": codecs.BOM_UTF8 + b"Time,Force\n0,1.5\n0.5,-2\n",
    "UTF-16": "Time,Force\n0,1.5\n0.5,-2\n".encode("utf-16"),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_a_file_is_read_as_it_is_meant(content, tmp_path):
    samples = read_samples(write(tmp_path / "force.csv", content), CONFIG)
    assert samples.times.tolist() == [0, 0.5]
    assert samples.values.tolist() == [[1.5], [-2]]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig", "utf-16"])
def test_column_names_are_found_in_any_encoding(encoding, tmp_path):
    config = MeasurementsConfig(files="f", columns={"Kraft [µN]": "µN"}, time="Zeit für alle")
    path = write(tmp_path / "f.csv", "Zeit für alle;Kraft [µN]\n1;2\n", encoding)
    assert read_samples(path, config).values.tolist() == [[2]]


@pytest.mark.parametrize("text", ["", " ", "NaN", "NA", "n/a", "-", "null"])
def test_what_was_not_measured_is_missing(text, tmp_path):
    samples = read_samples(write(tmp_path / "f.csv", f"Time,Force\n0,1\n1,{text}\n2,3\n"), CONFIG)
    np.testing.assert_array_equal(samples.values[:, 0], [1, NAN, 3])


def test_a_row_that_was_cut_off_has_missing_values(tmp_path):
    samples = read_samples(write(tmp_path / "f.csv", "Time,Force\n0,1\n1"), CONFIG)
    np.testing.assert_array_equal(samples.values[:, 0], [1, NAN])


def test_equal_times_are_kept(tmp_path):
    samples = read_samples(write(tmp_path / "f.csv", "Time,Force\n0,1\n0,2\n1,3\n"), CONFIG)
    assert samples.times.tolist() == [0, 0, 1]


@pytest.mark.parametrize("content", ["Force\n1.5\n\n-2\n", "Force\n1,5\n\n-2\n", "ACME\nForce\nmN\n\n1.5\nnan\n-2\n"])
def test_rows_without_times_are_counted(content, tmp_path):
    samples = read_samples(write(tmp_path / "f.csv", content), COUNTED)
    assert samples.times.tolist() == [0, 0.25, 0.5]
    np.testing.assert_array_equal(samples.values[:, 0], [1.5, NAN, -2])


BAD = [
    ("", "force.csv: expected a table of measurements, but the file is empty"),
    (None, "force.csv: file of measurements not found; check the path"),
    ("Time,Force\n", "force.csv: expected measurements below the header in line 1, got no row"),
    ("Time,Force\ns,mN\n", "expected measurements below the header in line 1, got no row"),
    (
        "time,Force (mN)\n0,1\n",
        r"expected the columns \['Time', 'Force'\], got \['time', 'Force \(mN\)'\]",
    ),
    ("0,1\n1,2\n", r"expected the columns \['Time', 'Force'\], got "),
    ("Time,Force,Force\n0,1,2\n", "the column 'Force' is there twice; rename one of them"),
    (
        "Time,Force\n0,1\n1,much\n",
        "force.csv line 3: expected a number in column 'Force', got 'much'",
    ),
    ("Set up\n\nTime,Force\n0,1\n\n1,12:30\n", "force.csv line 6: expected a number in column 'Force', got '12:30'"),
    ("Time,Force\n0,inf\n", "line 2: expected a number in column 'Force', got 'inf'"),
    ("Time,Force\n0,1_000\n", "line 2: expected a number in column 'Force', got '1_000'"),
    ("Time,Force\n0,1\n,2\n", "line 3: expected a time in column 'Time', got nothing; remove the row"),
    (
        "Time,Force\n0,1\n2,2\n1,3\n",
        "line 4: expected times that grow, but 1 comes after 2; sort the rows",
    ),
    ("Time,Force\n0,1,5\n", "line 2: expected 2 columns, got 3; decimal commas need another separator between columns"),
    (
        "Time;Force\n0;1,5\n1;2.5\n",
        "line 3: expected decimals after ',' as in the rows above, got '2.5' in",
    ),
    ("Time;Force\n0;1.234,5\n", r"line 2: expected a number in column 'Force', got '1\.234,5'"),
    (b"PK\x03\x04 and so on", "expected a text file, but it is a spreadsheet or the like; save it as CSV"),
    (b"Time,Force\n\x81\x8d\n", "it is in no encoding that is known; save it as UTF-8"),
    ("Time,Force\n0,1\n".encode("utf-16")[:-1], "it is in no encoding that is known; save it as UTF-8"),
    (b"\xff\xfeT\x00\x00\xdc", "it is in no encoding that is known; save it as UTF-8"),
    ("Time,Force\n0," + "9" * 400, r"line 2: expected a number in column 'Force', got '99+\.\.\.9+'; leave"),
    ("Time,Force\n0," + "9" * 120_000 + "x\n", r"line 2: expected a number in column 'Force', got '99+\.\.\.9+x'; l"),
    (b"Time,Force\n0,1\x00\n", r"force.csv line 2: cannot be read|expected a number"),
]


@pytest.mark.parametrize(("content", "message"), BAD)
def test_a_broken_file_is_one_sentence_with_its_line(content, message, tmp_path):
    path = tmp_path / "force.csv"
    if content is not None:
        write(path, content)
    with pytest.raises(MeasurementError, match=message) as error:
        read_samples(path, CONFIG)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
