"""What holds for the repository as a whole."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent


def test_the_lock_has_hashes_and_no_addresses():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert "--index-url" not in text
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.M)
    assert len(names) > 50
    assert text.count("--hash=sha256:") >= len(names)


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = set(re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        assert re.match(r"[A-Za-z0-9_.-]+", text).group(0).lower() in locked


def test_the_conda_environment_has_the_locked_versions():
    lock = (ROOT / "requirements.lock").read_text()
    environment = yaml.safe_load((ROOT / "envs" / "antpipe.yaml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert len(pip) > 15
    for pin in pip:
        assert re.search(rf"^{re.escape(pin)}( |$)", lock, re.M), pin


def test_the_readme_names_every_verb():
    from antpipe.cli import app

    readme = (ROOT / "README.md").read_text()
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert re.search(rf"\b{name}\b", readme), name


def test_the_readme_links_to_files_that_are_there():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/*/README.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in link:
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_rule_has_all_that_a_rule_needs():
    for chapter in (ROOT / "workflow" / "rules").glob("*.smk"):
        for rule in re.split(r"^\s*rule ", chapter.read_text(), flags=re.M)[1:]:
            for part in ("output:", "params:", "log:", "benchmark:", "threads:", "resources:", "conda:", "message:"):
                assert part in rule, f"{chapter.name}: rule {rule.split(':')[0]} has no {part}"
            assert "code=code_version(" in rule, f"{chapter.name}: rule {rule.split(':')[0]} does not follow its code"
