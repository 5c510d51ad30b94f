"""The command line: a table of the rooms' commands, loaded when called, and the one place errors end."""

import errno
import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

import genaiops
from genaiops.core import GenaiopsError, Interrupted, OutsideError, plain

_OBJECTS_BETWEEN_COLLECTIONS = 100_000

COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("genaiops.blueprints.commands", "demo", "See the main job on a bundled real project, offline"),
    "init": ("genaiops.blueprints.commands", "init", "Set up ARENA for the app in this repository"),
    "new": ("genaiops.blueprints.commands", "new", "Start an app from a blueprint"),
    "ask": ("genaiops.app.commands", "ask", "Ask the app one question"),
    "arena": ("genaiops.arena.commands", "arena", "Test a change: run, show, verify, calibrate, …"),
    "synthesis": ("genaiops.synthesis.commands", "synthesis", "Make cases: training rows of your documents"),
    "index": ("genaiops.cli.index", "index", "Build, search, migrate and withdraw from indexes"),
    "guard": ("genaiops.cli.guard", "guard", "Check texts by a policy: what is found, what becomes of it"),
    "hub": ("genaiops.cli.hub", "hub", "Artifacts: versions, lineage, aliases, approvals"),
    "access": ("genaiops.access.commands", "access", "Who may do what, and what they did"),
    "up": ("genaiops.server.commands", "up", "Serve this project over HTTP"),
    "models": ("genaiops.models.commands", "app", "Weights: pull by name, list"),
}


class Rooms(TyperGroup):
    """A group that imports a room's commands only when they are called: `--help` stays quick."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the names, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Load one command from the room that owns it."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command = cast(TyperCommand, typer.main.get_command(getattr(import_module(module), name)))
        command.name = cmd_name
        return command

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """List the commands from the table, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[2]) for name, entry in COMMANDS.items()])


app = typer.Typer(
    cls=Rooms,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"genaiops {genaiops.__version__}")
        raise typer.Exit


@app.callback()
def genaiops_command(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Change, ship and run generative AI on evidence.

    From nothing to a merge verdict, offline:  genaiops demo
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status: errors end here, in a few plain lines."""
    # what a command reads it keeps: looking for cycles among ten thousand cases takes a fifth of its time
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    try:
        app(args=arguments, prog_name="genaiops")
    except SystemExit as exit_:  # how typer returns, also after a mistake in the arguments (2)
        status = exit_.code if isinstance(exit_.code, int) else 0
        return _stopped() if status == Interrupted.exit_status else status
    except KeyboardInterrupt:
        return _stopped()
    except GenaiopsError as error:
        return _say(error)
    except OSError as error:
        return _say(_from_os(error))
    return 0


def _stopped() -> int:
    return _say(Interrupted("GAO-CLI-001", "stopped", fix="the same command goes on where it stopped"))


def _say(error: GenaiopsError) -> int:
    print(plain(str(error)), file=sys.stderr)  # noqa: T201  the last line of defence has no console yet
    return error.exit_status


def _from_os(error: OSError) -> GenaiopsError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return OutsideError(
        "GAO-CLI-002" if full else "GAO-CLI-003",
        "the disk is full" if full else "the operating system refused",
        why=str(error),
        fix="free some space and run the same command again: what is finished is kept"
        if full
        else "check that the path exists and that you may use it",
        where=str(error.filename or ""),
    )
