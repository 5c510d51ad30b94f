"""Write docs/cli.md from the commands themselves; with --check, fail where it is stale."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from genaiops.cli.main import COMMANDS, app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
HEAD = """# Commands

Generated from the commands by `python scripts/cli_docs.py`; do not edit.

Every command has `--help` with an example, and `--json` prints one JSON document instead of text. Progress
and notes go to stderr, answers to stdout. `NO_COLOR` is honoured.

| exit status | meaning |
|---|---|
| 0 | good |
| 1 | the gate said no, or evidence was rejected |
| 2 | something you gave is wrong |
| 3 | something outside failed |
| 4 | inconclusive |
| 130 | interrupted: the same command goes on where it stopped |

| variable | what it does |
|---|---|
| `GENAIOPS_CONFIG` | the configuration folder: keys, `egress.yaml`. Default: `~/.config/genaiops` |
| `GENAIOPS_CACHE` | the cache folder: weights. Default: `~/.cache/genaiops` |
| `GENAIOPS_PARAMS__TOP_K` and the like | override a value of [the project file](project-file.md#overrides) |
| `OPENAI_API_KEY`, `OPENAI_BASE_URL` | for `openai:` models |
| `GENAIOPS_API_KEY` | for `http(s)://` models |
| `GENAIOPS_THREADS`, `GENAIOPS_CONTEXT_TOKENS` | threads and context length of local models |

`XDG_CONFIG_HOME` and `XDG_CACHE_HOME` move the two folders, where the variables above do not.
"""

_COMMON = ("help", "install_completion", "show_completion")
_WORDS: dict[object, str] = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "PATH"}
Command = Any  # typer vendors its own click: its classes have no public name to annotate with


def leaves(command: Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Yield every command that does something, with its words, in the order in which help shows them."""
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    for name in command.list_commands(None):
        yield from leaves(command.get_command(None, name), (*path, name))


def tree() -> list[tuple[tuple[str, ...], Command]]:
    """Return all commands of the command line."""
    group: Command = typer.main.get_command(app)
    return [found for name in COMMANDS for found in leaves(group.get_command(None, name), ("genaiops", name))]


def page() -> str:
    """Return docs/cli.md."""
    return "\n".join([HEAD, *(_section(words, command) for words, command in tree())])


def _section(words: tuple[str, ...], command: Command) -> str:
    name = " ".join(words)
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and one.name not in _COMMON]
    usage = " ".join([name, *(_argument(one) for one in arguments), *(["[OPTIONS]"] if options else [])])
    told, example = _help(command)
    lines = [f"## {name}", "", f"`{usage}`", "", told, ""]
    rows = [(f"`{_argument(one)}`", one) for one in arguments] + [(_names(one), one) for one in options]
    if rows:
        lines += ["| | |", "|---|---|"]
        lines += [f"| {shown} | {_meaning(one)} |" for shown, one in rows]
        lines.append("")
    lines += ["```bash", example, "```", ""] if example else []
    return "\n".join(lines)


def _help(command: Command) -> tuple[str, str]:
    text = inspect.cleandoc(command.help or "").replace("\f", "")
    epilog = command.epilog or ""
    paragraphs = [part for part in f"{text}\n\n{epilog}".split("\n\n") if part.strip()]
    example = next((part for part in paragraphs if part.startswith("Example:")), "")
    told = "\n\n".join(" ".join(part.split()) for part in paragraphs if part is not example)
    return told, example.removeprefix("Example:").strip()


def _argument(one: Command) -> str:
    name = (one.metavar or one.name.upper()).strip("[]")
    return name if one.required else f"[{name}]"


def _names(one: Command) -> str:
    names = ", ".join(f"`{name}`" for name in [*one.opts, *one.secondary_opts])
    return names if one.is_flag else f"{names} {_kind(one)}"


def _kind(one: Command) -> str:
    annotation = one.type_descriptor.annotation
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    many = get_origin(annotation) is list
    kind = get_args(annotation)[0] if many else annotation
    word = one.metavar or _WORDS.get(kind, getattr(kind, "__name__", str(kind)).upper())
    return f"`{word}`" + (", repeatable" if many else "")


def _meaning(one: Command) -> str:
    said = (one.help or "").replace("|", "\\|")
    default = _shown(one.default)
    if one.required or isinstance(one.default, bool) or default in ("", "None", "()", "[]"):
        return said
    return f"{said} Default: `{default}`." if said.endswith((".", "!")) else f"{said} (default `{default}`)"


def _shown(value: object) -> str:
    return str(getattr(value, "value", value))


def main(arguments: list[str]) -> int:
    """Write, or check, the page; return the exit status."""
    text = page()
    if "--check" in arguments:
        old = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
        if old:
            print("docs/cli.md is stale: run python scripts/cli_docs.py")
        return int(old)
    PAGE.write_text(text, encoding="utf-8")
    print(f"docs/cli.md: {len(tree())} commands")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
