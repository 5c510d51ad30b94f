"""Names and places by Presidio: where it is installed what it finds, and where not what to do."""

import os
from importlib.util import find_spec

import pytest

from genaiops.core import UserError, Where
from genaiops.guard import parse_guard
from genaiops.guard.registry import build_detector

MODEL = os.environ.get("GENAIOPS_BENCH_SPACY", "en_core_web_sm")
POLICY = f"detectors: {{presidio: {{model: {MODEL}}}}}\nrules: [{{find: [pii.*], do: redact}}]\n"
HERE = find_spec("presidio_analyzer") is not None


@pytest.mark.proves("E-GUARD-PRESIDIO")
@pytest.mark.skipif(HERE, reason="presidio-analyzer is installed")
def test_without_the_extra_the_policy_is_refused_with_the_command_that_brings_it() -> None:
    with pytest.raises(UserError, match="presidio") as caught:
        parse_guard(POLICY, "guard.yaml")
    assert "pip install 'genaiops[presidio]'" in caught.value.fix
    assert caught.value.where == "guard.yaml:1:13"


@pytest.mark.skipif(not HERE, reason="needs genaiops[presidio] and en_core_web_sm")
def test_names_and_places_are_taken_out_and_a_model_that_is_absent_is_not_fetched() -> None:
    guard = parse_guard(POLICY, "guard.yaml")
    said = guard.check("Maria Schneider moved from Berlin to Lisbon.", Where(surface="input"))
    assert (said.action, said.text) == ("redact", "[pii.name] moved from [pii.place] to [pii.place].")
    only = build_detector("presidio", {"model": MODEL, "find": ["place"]}, "t").detect(
        "Maria in Rome", Where(surface="input")
    )
    assert {one.category for one in only} <= {"pii.place"}
    with pytest.raises(UserError) as caught:
        build_detector("presidio", {"model": "xx_no_such_model"}, "t")
    assert caught.value.code == "GAO-GUARD-026"
