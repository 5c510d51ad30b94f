"""What tokens cost: a pinned public table, and the prices a project states (those win)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import cast
from urllib.parse import urlsplit

from genaiops.core import ModelSpec, Usage, UserError, cost_nanousd

_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens. `assumption`: stated by the project, not read from a price list."""

    usd_in: float
    usd_out: float
    assumption: bool
    source: str


class Prices:
    """Prices by model; one that nobody stated is unknown (None), never 0."""

    def __init__(
        self, stated: Mapping[str, Price], listed: Mapping[str, Price], hosts: Mapping[str, str]
    ) -> None:
        self._stated = dict(stated)
        self._listed = dict(listed)
        self._hosts = dict(hosts)

    @classmethod
    def load(cls, overrides: Mapping[str, Mapping[str, float]] | None = None) -> "Prices":
        """Return the pinned table with `overrides` (reference -> {in, out}) on top."""
        table = json.loads(files("genaiops.models").joinpath("data/prices.json").read_text("utf-8"))
        source = f"list price of {table['as_of']}"
        listed = {
            name: Price(entry["in"], entry["out"], assumption=False, source=source)
            for name, entry in cast("dict[str, dict[str, float]]", table["prices"]).items()
        }
        stated = {name: _stated(name, entry) for name, entry in (overrides or {}).items()}
        return cls(stated, listed, table["hosts"])

    def of(self, spec: ModelSpec) -> Price | None:
        """Return the price of a model, or None where it is unknown."""
        if spec.reference in self._stated:
            return self._stated[spec.reference]
        vendor = self._hosts.get(urlsplit(str(spec.settings.get("base_url", ""))).hostname or "")
        if vendor is None:
            return None
        name = f"{vendor}:{spec.model.rpartition('#')[2]}"
        return self._listed.get(name) or self._listed.get(_DATED.sub("", name))

    def cost(self, spec: ModelSpec, usage: Usage) -> int | None:
        """Return the cost in nano-USD, or None where the price is unknown."""
        price = self.of(spec)
        if price is None:
            return None
        return cost_nanousd(usage, usd_per_million_in=price.usd_in, usd_per_million_out=price.usd_out)


def _stated(name: str, entry: Mapping[str, float]) -> Price:
    numbers = [entry.get(key) for key in ("in", "out")]
    good = [float(n) for n in numbers if isinstance(n, int | float) and 0 <= n < float("inf")]
    if len(good) != 2 or set(entry) != {"in", "out"}:
        raise UserError(
            "GAO-MODELS-002",
            f"the price of {name} does not read {{in: USD, out: USD}}",
            why=f"it reads {dict(entry)!r}",
            fix=f"for example {name}: {{in: 0.02, out: 0.08}} (USD per million tokens)",
            where="prices",
        )
    return Price(good[0], good[1], assumption=True, source="stated by the project")
