"""Names and places through Presidio (Microsoft, MIT) and a spaCy model: an extra, and a model's time.

Of Presidio's recognisers only that of the language model is asked: numbers and contacts are found by `pii`,
surer and faster, and some of its own fetch lists from the network.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import DetectorSpec, Finding, Json, UserError, Where
from genaiops.guard.detectors.base import Pure, parameters_of
from genaiops.guard.policy_file import SURFACES
from genaiops.models import need_extra

Kind = Literal["name", "place"]
_ENTITIES: Mapping[str, Kind] = {"PERSON": "name", "LOCATION": "place"}
_REASONS: Mapping[Kind, str] = {
    "name": "a model reads it as a person's name",
    "place": "a model reads it as a place",
}


class PresidioParameters(BaseModel):
    """The spaCy model by the name of its package, the language it is for, and what to find."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Annotated[str, Field(pattern=r"^[a-z]{2,3}_[a-z0-9_]{1,60}$")] = "en_core_web_sm"
    find: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("name", "place")


def presidio(given: Mapping[str, Json]) -> Pure:
    """Return the detector of names and places.

    Raises `UserError` where the extra `presidio` or the model is not installed: nothing is fetched.
    """
    parameters = parameters_of(PresidioParameters, given)
    release = need_extra("presidio-analyzer", "presidio", "the detector 'presidio'")
    model = _installed(parameters.model)
    spec = DetectorSpec(
        name="presidio",
        version=f"1, presidio {release}, {parameters.model} {model}",
        surfaces=frozenset(SURFACES),
        span="whole",
        cost="model",
        categories=frozenset(f"pii.{kind}" for kind in parameters.find),
    )
    language = parameters.model.partition("_")[0]
    wanted = [entity for entity, kind in _ENTITIES.items() if kind in parameters.find]
    engine = _engine(parameters.model, language)

    def find(text: str, where: Where) -> Iterator[Finding]:
        for found in engine.analyze(text, language=language, entities=wanted):
            kind = _ENTITIES[found.entity_type]
            yield Finding(
                detector="presidio",
                category=f"pii.{kind}",
                start=found.start,
                end=found.end,
                confidence=float(found.score),
                reason=_REASONS[kind],
            )

    return Pure(spec, find)


def _installed(model: str) -> str:
    """Return the version of a spaCy model; raises `UserError` where it is absent: Presidio would fetch it."""
    try:
        return version(model)
    except PackageNotFoundError as error:
        raise UserError(
            "GAO-GUARD-026",
            f"the spaCy model {model!r} is not installed",
            why="a guard opens no connections, so it is not fetched now",
            fix=f"python -m spacy download {model}, or name one that is installed as `model`",
        ) from error


def _engine(model: str, language: str) -> Any:
    analyzer: Any = import_module("presidio_analyzer")
    nlp: Any = import_module("presidio_analyzer.nlp_engine")
    recognizers: Any = import_module("presidio_analyzer.predefined_recognizers")
    provider = nlp.NlpEngineProvider(
        nlp_configuration={
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": language, "model_name": model}],
        }
    )
    registry = analyzer.RecognizerRegistry(
        recognizers=[recognizers.SpacyRecognizer(supported_language=language)],
        supported_languages=[language],
    )
    return analyzer.AnalyzerEngine(
        nlp_engine=provider.create_engine(), registry=registry, supported_languages=[language]
    )
