"""The table of the Hub beside MLflow's registry."""

from collections.abc import Mapping

from scripts.measured import machine, measured, table

_PEERS = ("MLflow, models", "MLflow, prompts")
_SERVED = "resolve an alias over HTTP"
"""Its processor time is the client's and says nothing of the servers."""


def hub_peers() -> str:
    """Return the times of each question, what the peers need beside ours, and what eight writers met."""
    found = measured("hub_peers")
    asked: Mapping[str, Mapping[str, Mapping[str, float]]] = found["milliseconds"]
    ours = asked["ours"]
    rows = [
        [what, f"{mine['p50']:.1f}", *(_ratios(what, mine, asked[peer].get(what)) for peer in _PEERS)]
        for what, mine in ours.items()
    ]
    head = ["", "ours, ms", *(f"{peer} ÷ ours: wall, cpu" for peer in _PEERS)]
    written = [
        [
            who,
            f"{one['seconds']:.0f}",
            f"{one['asked_for']}",
            f"{one['refused']}",
            f"{one['asked_for'] - one['refused'] - one['there']}",
        ]
        for who, one in found["writers"].items()
    ]
    writers = table(["eight writers", "seconds", "versions", "refused", "lost"], written)
    needed = "; ".join(
        f"{who} first answered after {one['ready_s']} s and needs {one['idle_mb']:,.0f} MB"
        for who, one in found["servers"].items()
    )
    size = f"{found['artifacts']:,} artifacts of {found['versions']} versions, {found['turns']} turns."
    said = f"{size} Served: {needed}. mlflow {found['machine']['versions']['mlflow']}."
    return f"{table(head, rows)}\n{writers}\n{said} {machine(found['machine'])}"


def _ratios(what: str, ours: Mapping[str, float], theirs: Mapping[str, float] | None) -> str:
    if theirs is None:
        return ""
    wall, processor = (theirs[kind] / ours[kind] for kind in ("p50", "processor"))
    return f"{_ratio(wall)}" if what == _SERVED else f"{_ratio(wall)}, {_ratio(processor)}"


def _ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"
