"""The reference of config.yaml: docs/config.md and the JSON Schema, both made from the sections themselves.

`python -m antpipe.config.reference` writes them; a test keeps them equal to the code.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from antpipe.config.base import Section
from antpipe.config.model import ModelConfig
from antpipe.config.project import Config

MARKDOWN = "docs/config.md"
SCHEMA = "workflow/schemas/config.schema.json"
HEAD = """# config.yaml

Made from the code by `make docs`; do not edit. Every key is optional; an unknown key is an error. A key of a section
is written below it, so `models.centroid.head.sigma` is

```yaml
models:
  centroid:
    head:
      sigma: 2.0
```

All models have the same keys, shown once as `models.*`. Name those that work together: `centroid` with
`centered_instance` (the default) or with `multi_class_topdown`, or one of the others alone.

| key | default | meaning |
|---|---|---|
"""


def reference() -> str:
    """Return the table of all keys as Markdown."""
    rows = [f"| `{key}` | {default} | {meaning} |" for key, default, meaning in _rows(Config, "")]
    return HEAD + "\n".join(rows) + "\n"


def schema() -> str:
    """Return the JSON Schema of config.yaml, for editors that complete and check."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _rows(section: type[Section], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in section.model_fields.items():
        inner = _section_of(field)
        if inner is None:
            yield f"{prefix}{name}", _default(field), _meaning(field)
        elif prefix == "models.":
            yield f"{prefix}{name}", "see above", _meaning(field)
        else:
            yield from _rows(inner, f"{prefix}{name}.")
    if prefix == "models.":
        yield from _rows(ModelConfig, "models.*.")


def _section_of(field: FieldInfo) -> type[Section] | None:
    kinds: tuple[Any, ...] = (field.annotation, *get_args(field.annotation))
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, Section)), None)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split()).replace("|", "\\|")


def main(root: Path) -> None:
    """Write both files below `root`."""
    for name, text in ((MARKDOWN, reference()), (SCHEMA, schema())):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path.cwd())
