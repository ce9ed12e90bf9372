"""The commands of each queue in the profile for clusters with another queue than Slurm."""

import re

import yaml
from small_project import ROOT

TEXT = (ROOT / "profiles" / "cluster-generic" / "profile.yaml").read_text(encoding="utf-8")
QUEUES = re.findall(r"^# --- (\w+)", TEXT, re.M)
SUBMIT, STATUS, CANCEL = (f"cluster-generic-{word}-cmd" for word in ("submit", "status", "cancel"))


def profile_for(queue):
    """The profile as its user makes it: the commands of one queue are on, those of the others off."""
    head, *blocks = re.split(r"^# --- ", TEXT, flags=re.M)
    (block,) = (block for block in blocks if block.startswith(queue))
    lines = block.splitlines()[1:]
    return yaml.safe_load("\n".join([head, *(line.removeprefix("# ") for line in lines)]))
