"""What tokens cost, and when nobody knows."""

import pytest

from genaiops.core import Json, ModelSpec, Usage, UserError
from genaiops.models import Prices


def openai(model: str, base: str = "https://api.openai.com/v1") -> ModelSpec:
    settings: dict[str, Json] = {"base_url": base}
    return ModelSpec(provider="openai", model=model, settings=settings)


LOCAL = ModelSpec(provider="local", model="smollm2-135m")
USAGE = Usage(input_tokens=1_000, output_tokens=100, calls=1)


def test_a_listed_model_costs_its_list_price() -> None:
    assert Prices.load().cost(openai("gpt-4o-mini"), USAGE) == 150_000 + 60_000


def test_a_dated_model_costs_what_its_family_costs() -> None:
    assert Prices.load().cost(openai("gpt-4o-mini-2024-07-18"), USAGE) == 210_000


def test_a_model_of_that_name_elsewhere_has_no_known_price() -> None:
    assert Prices.load().cost(openai("gpt-4o-mini", "http://10.0.0.1:8000/v1"), USAGE) is None


def test_a_public_endpoint_by_url_has_its_vendors_price() -> None:
    base = "https://api.deepseek.com/v1"
    spec = ModelSpec(
        provider="https", model="//api.deepseek.com/v1#deepseek-chat", settings={"base_url": base}
    )
    assert Prices.load().cost(spec, USAGE) is not None


def test_an_unknown_price_is_none_and_never_zero() -> None:
    assert Prices.load().cost(LOCAL, USAGE) is None
    assert Prices.load().cost(openai("gpt-made-up"), USAGE) is None


def test_a_stated_price_wins_and_is_an_assumption() -> None:
    prices = Prices.load(
        {"local:smollm2-135m": {"in": 0.02, "out": 0.08}, "openai:gpt-4o": {"in": 1, "out": 1}}
    )
    assert prices.cost(LOCAL, USAGE) == 20_000 + 8_000
    stated, listed = prices.of(openai("gpt-4o")), prices.of(openai("gpt-4o-mini"))
    assert stated is not None
    assert listed is not None
    assert (stated.usd_in, stated.assumption) == (1.0, True)
    assert listed.assumption is False


@pytest.mark.parametrize(
    "entry",
    [
        {"in": 1.0},
        {"in": -1.0, "out": 1.0},
        {"in": 1.0, "out": float("nan")},
        {"in": 1.0, "out": 1.0, "x": 1.0},
    ],
)
def test_a_price_that_makes_no_sense_is_refused(entry: dict[str, float]) -> None:
    with pytest.raises(UserError, match="local:x"):
        Prices.load({"local:x": entry})
