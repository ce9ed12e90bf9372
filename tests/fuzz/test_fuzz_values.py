"""Files that are whole but hold what nobody expects give a result or one clear error."""

import io
import json

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from kinds import CONFIG, DOCUMENTS, KINDS
from mutations import TEXTS, changed

from antpipe.config.project import parse_config

TYPES = (
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_()),
    *(pa.string(), pa.large_string(), pa.binary(), pa.timestamp("ns"), pa.null(), pa.list_(pa.float32())),
    *(pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.int64()), pa.struct({"a": pa.int32()})),
)
FULL = parse_config(yaml.safe_load(CONFIG)).model_dump(mode="json")
"""Every key of the configuration."""
TABLES, JSON_TABLES = (
    ("frames", "instances", "points", "pred_points"),
    ("videos_json", "tracks_json", "suggestions_json"),
)
"""Of a SLEAP label file: numbers, and texts of JSON."""
HOSTILE = (
    *("", " ", ".", "..", "~", "~/x", "../../x", "/x", "//x/../..", "a/../../../x", "-rf", "$HOME", "a b", "é"),
    *("C:\\x", "a\0b", "\0/*", "a\nb", "a\rb", "\x1b[2J", "\ud800", "\u2028", "x" * 300, "x/" * 3000, "蟻" * 90),
    *("[", "{a}", "*\0"),
)
"""What may stand in place of a path."""
PATHS = (
    *(("results",), ("experiment",), ("videos",), ("labels",), ("videos", 0), ("merge", "search", 0)),
    *(("models", "centroid", "base_checkpoint"), ("measurements", "files"), ("merge", "prefixes", "D:/")),
    *(("measurements", "time"), ("models", "centroid", "head", "anchor_part"), ("grid", "centroid.base_checkpoint", 0)),
)


def test_the_full_configuration_is_read(child):
    assert child.check("config", FULL) == "read"


@given(value=changed(FULL))
def test_any_value_at_any_key_of_the_configuration(child, value):
    child.check("config", value)


@given(value=changed(yaml.safe_load(CONFIG)))
def test_any_value_in_a_short_configuration(child, value):
    child.check("config", value)


@given(place=st.sampled_from(PATHS), path=st.sampled_from(HOSTILE) | st.text(max_size=20))
def test_any_text_in_place_of_a_path(child, place, path):
    config = yaml.safe_load(CONFIG)
    *keys, last = place
    holder = config
    for key in keys:
        holder = holder.setdefault(key, [""]) if isinstance(holder, dict) else holder[key]
    holder[last] = path
    child.check("config", config)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_value_in_a_document(name, whole, child):
    @given(changed(json.loads(whole[name])))
    def read(document):
        child.check(name, json.dumps(document).encode())

    read()


@st.composite
def tables(draw, table, key):
    """A table of which columns, values or metadata changed."""
    metadata = dict(table.schema.metadata)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, table.num_columns - 1)) if table.num_columns else 0
        action = draw(st.sampled_from(("metadata", "metadata", "drop", "rename", "type", "nulls", "rows", "number")))
        if action == "metadata" or not table.num_columns:
            document = draw(changed(json.loads(metadata[key])))
            metadata[key] = json.dumps(document).encode()
            continue
        column = table.column(place)
        if action == "drop":
            table = table.remove_column(place)
        elif action == "rename":
            names = table.column_names
            names[place] = draw(st.sampled_from([text for text in TEXTS if text != "\ud800"] + names))
            table = table.rename_columns(names)
        elif action == "rows":
            order = draw(st.lists(st.integers(0, max(table.num_rows - 1, 0)), max_size=table.num_rows))
            table = table.take(pa.array(order, pa.int64()))
        elif action == "type":
            table = _with(table, place, _cast(column, draw(st.sampled_from(TYPES))))
        elif action == "nulls":
            kept = [draw(st.booleans()) for _ in range(table.num_rows)]
            values = [value if keep else None for value, keep in zip(column.to_pylist(), kept, strict=True)]
            table = _with(table, place, _as(values, column.type))
        else:
            values = draw(st.lists(st.integers() | st.floats(), min_size=table.num_rows, max_size=table.num_rows))
            table = _with(table, place, _as(values, column.type))
    return table.replace_schema_metadata(metadata)


@st.composite
def labels(draw, content):
    """A SLEAP label file of which numbers in the tables, or values in the texts, changed."""
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file:
        for _ in range(draw(st.integers(1, 3))):
            name = draw(st.sampled_from([*TABLES, *JSON_TABLES, "metadata"]))
            if name == "metadata":
                document = draw(changed(json.loads(file[name].attrs["json"])))
                file[name].attrs["json"] = np.bytes_(json.dumps(document))
                continue
            rows = file[name][()]
            if name in JSON_TABLES:
                rows = [json.dumps(draw(changed(json.loads(row)))).encode() for row in rows]
                del file[name]
                file.create_dataset(name, data=rows, dtype=h5py.string_dtype())
                continue
            column, row = draw(st.sampled_from(rows.dtype.names)), draw(st.integers(0, len(rows) - 1))
            value = draw(st.sampled_from((-1, 0, 1, 2, 3, 7, 2**15, 2**31, 2**40, 2**63, np.nan, np.inf, -1e300)))
            with np.errstate(all="ignore"):
                rows[column][row] = np.array(value).astype(rows.dtype[column])
            file[name][...] = rows
    return memory.getvalue()


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_any_value_in_a_label_file(whole, child):
    @given(labels(whole["labels.slp"]))
    def read(content):
        child.check("labels.slp", content)

    read()


def _with(table, place, column):
    return table.set_column(place, table.column_names[place], column)


def _as(values, kind):
    """Values as a column of a type if they fit, else of their own, else as texts."""
    for wanted in (kind, None, pa.string()):
        try:
            return pa.array(values if wanted != pa.string() else list(map(str, values)), wanted)
        except (pa.ArrowException, OverflowError):
            continue
    raise AssertionError(values)


def _cast(column, kind):
    try:
        return column.cast(kind)
    except pa.ArrowException:
        return pa.nulls(len(column), kind)


@pytest.mark.parametrize("name", [name for name in KINDS if name.endswith(".parquet")])
def test_any_columns_and_metadata_in_a_table(name, whole, child):
    table = pq.read_table(io.BytesIO(whole[name]))
    (key,) = (key for key in table.schema.metadata if key.startswith(b"antpipe"))

    @given(tables(table, key))
    def read(changed_table):
        content = io.BytesIO()
        pq.write_table(changed_table, content)
        child.check(name, content.getvalue())

    read()
