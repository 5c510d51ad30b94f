"""A study in the Hub: its report, resting on the index and the questions that it measured."""

from dataclasses import replace

from genaiops.app import register_index
from genaiops.arena.registering import register_dataset
from genaiops.arena.study.material import Material
from genaiops.arena.study.model import StudyReport
from genaiops.core import Json, canonical, digest_bytes, encode
from genaiops.hub import Hub
from genaiops.models import artifact_name, embedding_facts

FILE = "study.json"


def keep_study(hub: Hub, material: Material, report: StudyReport) -> StudyReport:
    """Publish `report` as `blob/NAME.study`, and return it with that reference.

    Its parents are the index, with corpus and embedding behind it, and the dataset. What is kept does not
    name itself: its `reference` is empty.
    """
    content = canonical(encode(report))
    file: dict[str, Json] = {"path": FILE, "digest": digest_bytes(content), "size": len(content)}
    described, ruler = embedding_facts(material.embedder), material.suite.ruler
    with hub.activity("arena study rag") as activity:
        recipe = material.index.recipe
        activity.use(register_index(hub, material.indexed, material.made_of, recipe, described).index)
        dataset = register_dataset(
            hub, artifact_name(ruler.name) or "questions", material.cases, ruler.dataset_digest
        )
        activity.use(dataset)
        name = artifact_name(f"{material.name}.study")
        kept = activity.produce("blob", name, {"files": [file]}, blobs={FILE: content})
    return replace(report, reference=kept.reference)
