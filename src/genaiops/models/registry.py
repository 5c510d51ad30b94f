"""From a reference in a project file to an open model."""

import re
from difflib import get_close_matches
from importlib import import_module
from typing import cast

from genaiops.core import ChatModel, Embedder, Json, UserError
from genaiops.models.context import ModelContext, Provider
from genaiops.plugins import plug_in

GROUP = "genaiops.providers"
BUILT_IN = {
    "local": "genaiops.models.providers.local",
    "hf": "genaiops.models.providers.hf",
    "openai": "genaiops.models.providers.openai",
    "http": "genaiops.models.providers.endpoint",
    "https": "genaiops.models.providers.endpoint",
    "scripted": "genaiops.models.providers.scripted",
}
_REFERENCE = re.compile(r"(?P<provider>[a-z][a-z0-9_.-]*):(?P<name>\S.*|)")


def split_reference(text: str) -> tuple[str, str]:
    """Return provider and name; raises `UserError` where `text` has not that shape."""
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        raise UserError(
            "GAO-MODELS-003",
            f"{text!r} is not a model",
            why="a model reads provider:name",
            fix="for example local:smollm2-135m, openai:gpt-4o-mini, http://host:8000/v1#name",
        )
    return match["provider"], match["name"]


def open_chat(reference: str, context: ModelContext) -> ChatModel:
    """Return the chat model that `reference` names; nothing is loaded before its first call."""
    provider, name = _provider(reference)
    return provider.open_chat(name, context)


def open_embedder(reference: str, context: ModelContext) -> Embedder:
    """Return the embedder that `reference` names; nothing is loaded before its first call.

    Raises `UserError` where it does not heed what the project says of it.
    """
    provider, name = _provider(reference)
    embedder = provider.open_embedder(name, context)
    spec, said = embedder.spec, context.embedding
    heeded: dict[str, Json] = {"version": spec.version, **spec.settings}
    wanted: dict[str, Json] = said.stated
    unheeded = [f"{key}: {value}" for key, value in wanted.items() if heeded.get(key) != value]
    if unheeded:
        raise UserError(
            "GAO-MODELS-026",
            f"{reference} does not take {', '.join(unheeded)}",
            why="it has its own, or cannot know it",
            fix="remove it from models.embed in genaiops.yaml, or name another embedder",
        )
    return embedder


def _provider(reference: str) -> tuple[Provider, str]:
    name, rest = split_reference(reference)
    if name in BUILT_IN:
        # a provider is imported when it is named: each stands on libraries that others do not need
        provider = cast(Provider, import_module(BUILT_IN[name]))
        return provider, f"{name}:{rest}" if name.startswith("http") else rest
    found = plug_in(GROUP, name, lambda why: _unusable(name, why, reference))
    if found is not None:
        return cast(Provider, found), rest
    near = get_close_matches(name, BUILT_IN, n=1)
    raise UserError(
        "GAO-MODELS-004",
        f"there is no model provider {name!r}",
        why=f"built in: {', '.join(BUILT_IN)}; no installed package offers it either (entry point {GROUP})",
        fix=f"did you mean {near[0]}:{rest}?" if near else "install the plug-in that brings it",
        where=reference,
    )


def _unusable(name: str, why: str, reference: str) -> UserError:
    return UserError(
        "GAO-MODELS-007",
        f"the model provider {name!r} cannot be used",
        why=why,
        fix=f"mend the package that offers it under the entry point group {GROUP}",
        where=reference,
    )
