"""The injection classifier's measured tables."""

from typing import Any

from scripts.injection.wheels import DECLARED
from scripts.measured import machine, measured, share, table

_CLASSES = ("jailbreak", "direct", "indirect")


def injection_classes() -> str:
    """Return recall by class and false positives, sources left out."""
    found = measured("guard_injection")
    rows = [[f"recall: {kind}", *_rate(found["classes"][kind]["guard_set"])] for kind in _CLASSES]
    rows += [[f"false positives: {kind}", *_rate(found["benign"][kind])] for kind in found["benign"]]
    return table(["guard set, source left out", "n", "rate", "95 %"], rows) + "\n" + machine(found)


def injection_peers() -> str:
    """Return recall beside the peers at the same number of false positives."""
    found = measured("guard_injection")["peers"]
    rows = [
        [
            f"{peer}: {kind}",
            str(one["n"]),
            f"{one['false_positives']} of {one['harmless']}",
            share(one["ours"]),
            share(one["peer"]),
            "{est:+.3f} ({low:+.3f} to {high:+.3f})".format(**one["difference"]),
        ]
        for peer, kinds in found.items()
        for kind, one in kinds.items()
    ]
    return table(["beside", "attacks", "false positives", "ours", "peer", "difference (95 %)"], rows)


def injection_before() -> str:
    """Return how this version does beside the one before it."""
    found = measured("guard_injection")["before"]
    rows = [
        [
            name,
            str(one["n"]),
            share(one["before"]),
            share(one["now"]),
            "{est:+.3f} ({low:+.3f} to {high:+.3f})".format(**one["difference"]),
        ]
        for name, one in found.items()
    ]
    return table(["flagged", "n", "version 3", "version 4", "difference (95 %)"], rows)


def injection_sources() -> str:
    """Return the rate of flagged rows by source."""
    found = measured("guard_injection")["sources"]
    rows = [
        [f"`{one['source']}`, {one['class']}, {one['surface']}", *_rate(one)]
        for one in sorted(found, key=lambda one: (one["class"] == "benign", one["class"], one["source"]))
    ]
    return table(["source, class, surface", "n", "flagged", "95 %"], rows)


def injection_pasted() -> str:
    """Return how often what is pasted, or short and fetched, is flagged, beside the version before."""
    found = measured("guard_injection_pasted")
    rows = [
        [name, one["surface"], str(one["n"]), share(found["before"][name]), *_rate(one)[1:]]
        for group in ("kinds", "attacks")
        for name, one in found[group].items()
    ]
    return table(["flagged", "surface", "n", "version 3", "version 4", "95 %"], rows) + "\n" + machine(found)


def injection_packages() -> str:
    """Return the packages that training reads."""
    rows = [[f"`{name}` {one['version']}", one["licence"], one["read"]] for name, one in DECLARED.items()]
    return table(["package", "licence", "what is read"], rows)


def injection_speed() -> str:
    """Return what a call takes."""
    found = measured("guard_injection")["speed"]
    rows = [
        [name.replace("_", ", "), *(f"{one[key]:.0f}" for key in ("p50_us", "min_us"))]
        for name, one in found.items()
    ]
    rows += [
        [f"{name}, 128", "", f"{took:.0f}"] for name, took in measured("guard_injection")["pipeline"].items()
    ]
    return table(["surface, tokens", "p50 (µs)", "least (µs)"], rows)


def _rate(one: dict[str, Any]) -> list[str]:
    return [str(one["n"]), share(one["rate"]), f"{one['low']:.3f} to {one['high']:.3f}"]
