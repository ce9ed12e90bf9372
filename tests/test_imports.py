import ast
import graphlib
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import antpipe
from antpipe.registry import Registry

PACKAGE = Path(antpipe.__file__).parent

ORDER = (
    ("cli", "job"),
    ("projects", "records"),
    ("inputs",),
    ("report",),
    ("training",),
    ("inference", "evaluation", "export", "features", "tracking"),
    ("losses",),
    ("models", "synthetic"),
    ("labels", "targets"),
    ("video", "poses_file"),
    ("poses", "config", "backend", "contents"),
    ("tsv",),
    ("files", "arrow", "geometry", "registry", "provenance", "progress", "resources", "console"),
    ("errors", "gpu_use", "antpipe"),
)
"""The modules and sub-packages of antpipe, from the top down: each imports only what stands in a line below its own."""

SLOW_TO_LOAD = {"tensorflow", "keras", "cv2", "sleap_io", "av", "matplotlib", "pandas"}


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(module):
    """The modules of antpipe that a module imports, anywhere in its code."""
    found = set()
    for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: imports are absolute in antpipe, found a relative one"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in SOURCES else node.module)
    return {name for name in found if name.split(".")[0] == "antpipe"}


def unit(module):
    """What stands in ORDER: the name after `antpipe.`."""
    return module.split(".")[1] if "." in module else "antpipe"


def test_every_module_has_its_place_in_the_order():
    assert sorted(u for line in ORDER for u in line) == sorted({unit(m) for m in SOURCES})


@pytest.mark.parametrize("module", SOURCES)
def test_imports_point_down(module):
    height = {u: -row for row, line in enumerate(ORDER) for u in line}
    imported = imports_of(module)
    assert imported <= set(SOURCES), f"{module} imports what is not there"
    wrong = {m for m in imported if unit(m) != unit(module) and height[unit(m)] >= height[unit(module)]}
    assert not wrong, f"{module} imports {sorted(wrong)}, which stand no lower than itself"


def test_modules_import_each_other_without_cycles():
    order = list(graphlib.TopologicalSorter({m: imports_of(m) for m in SOURCES}).static_order())
    assert set(SOURCES) <= set(order)


MAKERS = [m for m, path in SOURCES.items() if "Registry(" in path.read_text(encoding="utf-8")]
"""The modules that make registries."""


def registries():
    """The registries; what a module keeps to itself only knows names."""
    things = [item for m in MAKERS for item in vars(importlib.import_module(m)).items()]
    return [thing for name, thing in things if isinstance(thing, Registry) and not name.startswith("_")]


@pytest.mark.parametrize("registry", registries(), ids=lambda r: r.kind)
def test_every_entry_of_every_registry_is_found_under_its_own_name(registry):
    assert list(registry), f"{registry.kind}: no entry"
    for name in registry:
        entry = registry[name]
        assert callable(entry)
        assert inspect.getmodule(entry).__name__ == f"{registry.package}.{name}"
        assert inspect.getdoc(entry), f"{registry.kind} {name} has no docstring"


def loaded_after(program):
    program += "\nimport json, sys; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "program",
    [
        "import antpipe.config.project, antpipe.inputs, antpipe.provenance, antpipe.resources\n"
        "antpipe.inputs.find_inputs(antpipe.config.project.parse_config({}))\n"
        "antpipe.provenance.code_version('antpipe.training.run')",
        "import antpipe.config.sleap, antpipe.config.reference\nantpipe.config.reference.reference()",
        "import antpipe.cli, antpipe.backend, antpipe.job",
        "import importlib\nfrom antpipe.registry import Registry\n"
        f"for module in {MAKERS}:\n"
        "    for thing in vars(importlib.import_module(module)).values():\n"
        "        if isinstance(thing, Registry):\n"
        "            list(thing)",
    ],
    ids=["configuration and inputs", "SLEAP's configuration and the reference", "command line", "registries"],
)
def test_nothing_slow_is_loaded(program):
    assert not loaded_after(program) & SLOW_TO_LOAD


def test_what_is_slow_would_be_noticed():
    assert "cv2" in loaded_after("import antpipe.models.inputs")
