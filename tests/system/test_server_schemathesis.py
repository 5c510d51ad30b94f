"""The API against its own description: whatever is sent, no 5xx, and no answer that is not described."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi
from tests.support.server import Served, served

pytestmark = pytest.mark.system

HOST = {"Host": "127.0.0.1"}
CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.negative_data_rejection,
]
BOUNDED = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("fuzzed")
    with served(folder) as serving:
        yield serving


@pytest.mark.proves("C-SERVER-NO-5XX")
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_nothing_that_is_sent_makes_a_5xx_or_an_answer_that_is_not_described(
    mode: GenerationMode, at: Served
) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", at.api, headers=HOST)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == sum(len(path) for path in at.api.openapi()["paths"].values())
    # a path takes any text: only a body or a query can be wrong
    wrong = [each for each in operations if each.body or each.query]
    assert len(wrong) > 10
    for operation in wrong if mode is GenerationMode.NEGATIVE else operations:

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case) -> None:
            at.clock.forward(minutes=10)  # so that no limit of tries is met
            case.call_and_validate(headers={**at.session("user:root"), **HOST}, checks=CHECKS)

        send()
