import builtins
import os
import pickle
import zipfile

import numpy as np
import pytest

from antpipe.errors import ModelError
from antpipe.evaluation.npz import read_metrics


def header(shape="()", kind="|O"):
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def crafted(path, payload, *, member="metrics.npy", start=None):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, (header() if start is None else start) + payload)
    return path


class Command:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture
def stored(shared_data):
    folder = next((shared_data / "ants_models" / "general").glob("filter_32-stride_32.*.centered_instance"))
    return read_metrics(folder / "metrics.test.npz")


def test_stored_metrics_have_their_38_keys_and_types(stored):
    assert len(stored) == 38
    assert (stored["vis.tp"], type(stored["vis.tp"])) == (2161, int)
    assert stored["oks_voc.mAP"] == pytest.approx(0.7207, abs=5e-5)
    assert stored["dist.dists"].shape == (125, 18)
    assert stored["pck.pcks"].dtype == bool
    assert len(stored["dist.frame_idxs"]) == 125
    assert stored["dist.video_paths"][0].endswith("_cropped.mp4")


def test_plain_numpy_refuses_the_same_file(shared_data):
    folder = next((shared_data / "ants_models" / "general").glob("filter_32-stride_32.*.centroid"))
    with pytest.raises(ModuleNotFoundError):
        np.load(folder / "metrics.val.npz", allow_pickle=True)["metrics"]
    assert read_metrics(folder / "metrics.val.npz")["vis.recall"] == 1.0


def test_what_numpy_writes_today_reads_as_well(tmp_path):
    value = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.float64(2.5),
        "c": [1, "x", None],
        "d": np.asfortranarray([[1, 2], [3, 4]]),
    }
    np.savez(tmp_path / "m.npz", metrics=np.array(value, object))
    back = read_metrics(tmp_path / "m.npz")
    np.testing.assert_array_equal(back["a"], value["a"])
    np.testing.assert_array_equal(back["d"], [[1, 2], [3, 4]])
    assert (back["b"], back["c"]) == (2.5, [1, "x", None])


@pytest.mark.parametrize(
    "hostile",
    [
        Command(os.system, "echo ran > ran"),
        Command(builtins.eval, "open('ran', 'w')"),
        Command(np.load, "other.npy"),
        {"vis.tp": Command(os.getcwd)},
    ],
)
def test_a_file_that_names_code_is_refused_and_runs_nothing(tmp_path, monkeypatch, hostile):
    monkeypatch.chdir(tmp_path)
    path = crafted(tmp_path / "m.npz", pickle.dumps(hostile))
    with pytest.raises(ModelError, match=r"cannot be read safely \(it names"):
        read_metrics(path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.npz"]


def array_pickle(shape, code, content):
    """A pickled array with the given state, which NumPy would take without asking."""
    kind = b"cnumpy\ndtype\nX" + len(code).to_bytes(4, "little") + code.encode() + b"\x89\x88\x87R"
    order = b"(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    start = b"\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01"
    return b"".join(
        [start, pickle.dumps(shape, 2)[2:-1], kind, order, b"\x89C", bytes([len(content)]), content, b"tb."]
    )


def test_the_crafted_array_is_well_formed(tmp_path):
    path = crafted(tmp_path / "m.npz", array_pickle((2,), "f4", np.ones(2, "f4").tobytes()))
    with pytest.raises(ModelError, match="expected a dictionary of metrics, got ndarray"):
        read_metrics(path)


@pytest.mark.parametrize(
    ("shape", "code", "content"),
    [
        ((10**12,), "f8", b"\x00" * 8),  # more than there is
        ((-1,), "f8", b"\x00" * 8),
        ((1,), "V8", b"\x00" * 8),
        ((1,), "O8", b"\x00" * 8),  # a pointer to anywhere
        ((1,), "f8", b"\x00" * 7),
        (("a",), "f8", b"\x00" * 8),
    ],
)
def test_arrays_that_do_not_add_up_are_refused(tmp_path, shape, code, content):
    with pytest.raises(ModelError, match="cannot be read safely"):
        read_metrics(crafted(tmp_path / "m.npz", array_pickle(shape, code, content)))


def test_damaged_files_are_refused(tmp_path, shared_data):
    folder = next((shared_data / "ants_models" / "general").glob("filter_32-stride_32.*.centroid"))
    whole = (folder / "metrics.val.npz").read_bytes()
    cases = {
        "empty": b"",
        "text": b"no zip",
        "short": whole[: len(whole) // 2],
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelError, match="cannot be read safely"):
            read_metrics(tmp_path / name)
    with pytest.raises(ModelError, match="metrics file not found"):
        read_metrics(tmp_path / "none.npz")
    good = pickle.dumps({"a": 1})
    for path in (
        crafted(tmp_path / "a.npz", good, member="other.npy"),
        crafted(tmp_path / "b.npz", good[:-5]),
        crafted(tmp_path / "c.npz", good, start=b"no header"),
        crafted(tmp_path / "d.npz", good, start=header("(3,)")),
        crafted(tmp_path / "e.npz", good, start=header("()", "<f8")),
        crafted(tmp_path / "f.npz", b"\x80\x03}X\x01\x00\x00\x00acnumpy\ndtype\ns."),
    ):
        with pytest.raises(ModelError, match="cannot be read safely"):
            read_metrics(path)


def test_damage_that_only_the_decompressor_sees_is_refused_on_one_line(tmp_path):
    path = tmp_path / "m.npz"
    np.savez_compressed(path, metrics=np.array({"a": np.arange(500.0)}, object))
    whole = path.read_bytes()
    for place in range(100, len(whole) - 200, 7):
        path.write_bytes(whole[:place] + bytes(255 - byte for byte in whole[place : place + 9]) + whole[place + 9 :])
        with pytest.raises(ModelError, match=r"m.npz: expected metrics as SLEAP writes them") as error:
            read_metrics(path)
        assert "\n" not in str(error.value)


def test_a_file_with_a_password_and_a_header_that_is_no_literal_are_refused(tmp_path):
    path = crafted(tmp_path / "m.npz", pickle.dumps({"a": 1}))
    content = bytearray(path.read_bytes())
    for place in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[place] |= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be read safely \(.*password"):
        read_metrics(path)
    for text in (b"{'descr': (", b'"""', b"  {\n 3", b"\0", b"{" * 20_000):
        start = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
        with pytest.raises(ModelError, match="cannot be read safely") as error:
            read_metrics(crafted(tmp_path / "h.npz", b"", start=start))
        assert "\n" not in str(error.value)
