"""Whether a judge and what it judges are of one family: a model favours answers like its own.

Source: Panickssery, Bowman and Feng, "LLM evaluators recognize and favor their own generations" (2024).
"""

import re
from collections.abc import Iterable, Mapping

from genaiops.arena.model import Judge

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "gpt": ("gpt", "chatgpt", "o1", "o3", "o4"),
    "claude": ("claude",),
    "gemini": ("gemini", "gemma", "palm"),
    "llama": ("llama", "vicuna", "alpaca"),
    "mistral": ("mistral", "mixtral", "ministral", "codestral", "magistral"),
    "qwen": ("qwen", "qwq"),
    "deepseek": ("deepseek",),
    "phi": ("phi",),
    "command": ("command", "aya"),
    "grok": ("grok",),
    "smollm": ("smollm",),
    "granite": ("granite",),
    "nova": ("nova", "titan"),
}
_WORD = re.compile(r"[a-z]+\d*")


def family_of(model: str) -> str | None:
    """Return the family that a reference (`provider:model`) names, None where it names no known one."""
    name = model.partition(":")[2].rpartition("#")[2] or model
    for word in _WORD.findall(name.lower()):
        for family, members in _FAMILIES.items():
            if any(re.fullmatch(rf"{member}\d*", word) for member in members):
                return family
    return None


def same_family(judges: Iterable[Judge], arms: Mapping[str, Iterable[str]]) -> list[str]:
    """Return what is to be said of judges that judge their own kind; `arms` holds each arm's models."""
    said: list[str] = []
    for judge in judges:
        family = family_of(judge.model)
        kin = [
            arm
            for arm, models in arms.items()
            if any(model == judge.model or (family and family_of(model) == family) for model in models)
        ]
        if kin:
            said.append(
                f"the judge {judge.name} ({judge.model}) is of the same family as a model of the "
                f"{' and the '.join(kin)}: models favour answers like their own"
            )
    return said
