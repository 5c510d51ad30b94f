"""The study's own app made ready as arms: one for each prompt and model, whatever passages it is given."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath

from genaiops.app import AppTarget, PriceConfig, Project, ReuseConfig, Services
from genaiops.arena.arms import Prepared, prepare
from genaiops.arena.candidates import Exported, environment
from genaiops.arena.git import TreeFile
from genaiops.arena.model import ArmSource
from genaiops.arena.study.material import Material
from genaiops.arena.study.variants import Variant
from genaiops.core import digest_bytes, digest_json, hex_of
from genaiops.prompts import Prompt, load_prompt
from genaiops.synthesis import raft_prompt_text

_ASSUMED_BUDGET = 1_500
_ASSUMED_K = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a prompt may hold: how many passages, and how many of the model's own tokens in all."""

    k: int
    tokens: int


def room_for(material: Material, k: int | None, tokens: int | None) -> Room:
    """Return the room that was asked for, else the project's `top_k`; its budget is for other prompts."""
    stated = material.project.params.get("top_k") if material.project else None
    return Room(k=k or _whole(stated) or _ASSUMED_K, tokens=tokens or _ASSUMED_BUDGET)


def label_of(variant: Variant) -> str:
    """Return the arm that answers for a variant: those with one prompt and one model share it."""
    return f"tuned {variant.wording}" if variant.tuned else variant.wording


def app_folder(services: Services) -> Path:
    """Return the folder of the study's app, written where it is not there yet; named by its content."""
    with as_file(files("genaiops.arena.study") / "template") as template:
        content = {path: (template / path).read_bytes() for path in _paths(template)}
        content["prompts/cot.md"] = raft_prompt_text()  # a tuned model is asked as it was taught
        name = hex_of(digest_json({path: digest_bytes(raw) for path, raw in content.items()}))[:16]
        folder = services.store.path / "study" / name
        if not folder.is_dir():
            partial = folder.with_name(f".{name}")
            shutil.rmtree(partial, ignore_errors=True)
            for path, raw in content.items():
                (partial / path).parent.mkdir(parents=True, exist_ok=True)
                (partial / path).write_bytes(raw)
            partial.rename(folder)
    return folder


def prompts_of(folder: Path) -> dict[str, Prompt]:
    """Return the study's prompts by their names."""
    return {path.stem: load_prompt(path) for path in sorted(folder.glob("prompts/*.md"))}


async def arms_of(
    variants: Sequence[Variant],
    material: Material,
    folder: Path,
    room: Room,
    chat: str,
    tuned: str | None,
    services: Services,
) -> dict[str, Prepared]:
    """Return the arms that answer for `variants`, by their labels; nothing is loaded yet."""
    files_ = tuple(
        TreeFile("100644", hex_of(digest_bytes((folder / path).read_bytes())), path)
        for path in _paths(folder)
    )
    exported = Exported(ArmSource(kind="working tree", ref="study app"), files_, folder, PurePosixPath())
    facts = environment()
    arms: dict[str, Prepared] = {}
    for variant in variants:
        label = label_of(variant)
        if label not in arms:
            model = tuned if variant.tuned and tuned else chat
            project = _project(material, variant, room, model)
            arms[label] = await prepare(exported, project, services, facts)
    return arms


def _project(material: Material, variant: Variant, room: Room, model: str) -> Project:
    own = material.project
    prices: dict[str, PriceConfig] = own.prices if own else {}
    return Project(
        root=own.root if own else Path.cwd(),
        project="study",
        app=AppTarget(function="app:answer"),
        params={"prompt": variant.wording, "context_tokens": room.tokens},
        models={"chat": model},
        prices={name: price for name, price in prices.items() if name == model},
        knowledge={},
        suites={},
        judges={},
        reuse=own.reuse if own else ReuseConfig(),
    )


def _paths(folder: Path) -> list[str]:
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.suffix in (".py", ".md")]
    return sorted(path.as_posix() for path in found if "__pycache__" not in path.parts)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
