import sys
import uuid

import pytest

from antpipe.errors import ConfigError
from antpipe.registry import Registry


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of its own, with the registry `SHAPES` and the entries circle and square."""
    name = f"shapes_{uuid.uuid4().hex}"
    folder = tmp_path / name
    (folder / "kinds").mkdir(parents=True)
    (folder / "__init__.py").write_text(
        f"from antpipe.registry import Registry\nSHAPES = Registry('shape', '{name}.kinds')\n"
    )
    (folder / "kinds" / "__init__.py").touch()
    for kind in ("circle", "square"):
        write_kind(folder / "kinds", name, kind)
    (folder / "kinds" / "_helper.py").write_text("raise RuntimeError('not an entry')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield name, folder / "kinds"
    for module in [m for m in sys.modules if m.split(".")[0] == name]:
        del sys.modules[module]


def write_kind(folder, package, kind):
    (folder / f"{kind}.py").write_text(
        f"from {package} import SHAPES\n@SHAPES.register('{kind}')\ndef draw():\n    return 'a {kind}'\n"
    )


def shapes(package):
    return __import__(package[0]).SHAPES


def test_listing_imports_no_entry(package):
    registry = shapes(package)
    assert list(registry) == ["circle", "square"]
    assert len(registry) == 2
    assert "circle" in registry
    assert not [m for m in sys.modules if m.startswith(f"{package[0]}.kinds.")]


def test_an_entry_is_what_its_module_registered(package):
    registry = shapes(package)
    assert registry["square"]() == "a square"
    assert f"{package[0]}.kinds.circle" not in sys.modules
    assert {name: draw() for name, draw in registry.items()} == {"circle": "a circle", "square": "a square"}


def test_a_new_file_is_a_new_entry(package):
    write_kind(package[1], package[0], "triangle")
    assert list(shapes(package)) == ["circle", "square", "triangle"]
    assert shapes(package)["triangle"]() == "a triangle"


@pytest.mark.parametrize("name", ["circl", "", "_helper", "kinds.circle", "../circle", "os"])
def test_an_unknown_name_is_an_error_that_lists_the_choices(package, name):
    with pytest.raises(ConfigError) as error:
        shapes(package)[name]
    assert str(error.value) == f"unknown shape {name!r}; choose one of ['circle', 'square']"


def test_registering_gives_the_object_back():
    registry: Registry = Registry("thing", "antpipe.models.backbones")
    thing = object()
    assert registry.register("thing")(thing) is thing
