"""YAML as people write it, and as nobody should."""

import pytest

from antpipe.config.yaml_file import read_yaml
from antpipe.errors import ConfigError

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(9 * [f'*{a}'])}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("# nothing\n", {}),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("a: &x {b: 1}\nc: {<<: *x, b: 2}\n", {"a": {"b": 1}, "c": {"b": 2}}),
    ],
)
def test_a_file_is_read(tmp_path, text, value):
    (tmp_path / "c.yaml").write_text(text)
    assert read_yaml(tmp_path / "c.yaml") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "while parsing a flow"),
        ("seed: 0\nb: {seed: 1}\nseed: 0\n", "'seed' comes twice"),
        ("date: 2001-13-45", "month must be in 1..12"),
        ("a: !!int ''", "IndexError"),
        ("a: !!bool maybe", "KeyError"),
        ("a: !!timestamp soon", "AttributeError"),
        ("a: 0x" + "f" * 5000, "Exceeds the limit"),
        ("a: " + "9" * 5000, "Exceeds the limit"),
        ("[" * 5000, ""),
        ("a: &a [*a]", "it is nested more than 50 levels deep"),
        (BOMB, "it holds more than 100,000 values"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, text, message):
    path = tmp_path / "my config ü.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_yaml(path)
    assert str(error.value).startswith(f"{path}: expected YAML, but {message}")
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 500 + len(str(path))
