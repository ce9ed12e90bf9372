"""The node that stands for an animal's place."""

from collections.abc import Iterator

from antpipe.config.model_types import MODEL_TYPES
from antpipe.projects.measures import anchors
from antpipe.projects.note import Note, ok, warning
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS

RARE = 0.8


@CHECKS.register("anchor")
def check_anchor(project: Project) -> Iterator[Note]:
    """Say how often the anchor part of each model shows; where it does not, the middle of the box takes its place."""
    chosen = {name: model.head.anchor_part for name, model in project.config.models.chosen.items()}
    named = {name: anchor for name, anchor in chosen.items() if MODEL_TYPES[name].anchored}
    if project.simulated or not named:
        return
    if len(set(named.values())) > 1:
        yield warning("anchor", f"models have different anchor parts, {named}; give them the same one")
    known = anchors(project.animals)
    for anchor in dict.fromkeys(named.values()):
        if anchor is None:
            yield ok("anchor", f"the middle of each animal's box; {known[0].node} would be steadier")
            continue
        shows = next((other.visible for other in known if other.node == anchor), 0.0)
        text = f"{anchor} shows in {shows:.0%} of the labelled animals"
        if shows >= RARE:
            yield ok("anchor", text)
        else:
            yield warning("anchor", f"{text}; {known[0].node} shows in {known[0].visible:.0%}, choose it instead")
