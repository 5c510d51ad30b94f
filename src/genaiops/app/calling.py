"""Finding the user's function and calling it the way it wants to be called.

Which arguments it gets is decided by its parameters:

1. a parameter called `ctx`, or annotated `Context`, gets the context; so does the second of two parameters
   where the first is called `inputs`;
2. one remaining parameter called `inputs`, or annotated as a dict or Mapping, gets all inputs;
3. remaining parameters that are named like inputs get those inputs (`answer(question, history)`);
4. one remaining parameter gets the only input, whatever the two are called.
"""

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genaiops.app.wire import MAX_ERROR, told
from genaiops.core import GenaiopsError, UserError, plain

Function = Callable[..., Any]


def load_function(target: str, root: Path) -> Function:
    """Return `module:function` from the project at `root`, which comes first on the import path."""
    module_name, _, name = target.partition(":")
    folders = [root, root / "src"] if (root / "src").is_dir() else [root]
    sys.path[:0] = [str(folder) for folder in folders]
    try:
        value: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # the user's module may raise anything at all
        raise _not_importable(target, error, root) from error
    _refuse_foreign(target, getattr(value, "__file__", None), root)
    for part in name.split("."):
        if not hasattr(value, part):
            raise UserError(
                "GAO-APP-021",
                f"{module_name} has no {name!r}",
                why="genaiops.yaml says that the app is there",
                fix="correct `app:` in genaiops.yaml, or add the function",
                where=f"app: {target}",
            )
        value = getattr(value, part)
    if not callable(value):
        raise UserError(
            "GAO-APP-021",
            f"{target} is {type(value).__name__}, not a function",
            fix="name a function: app: module:function",
            where=f"app: {target}",
        )
    return value


def _not_importable(target: str, error: BaseException, root: Path) -> UserError:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and missing == target.partition(":")[0].split(".")[0]:
        fix = f"is there a {missing}.py beside genaiops.yaml (or in src/)?"
    elif missing:
        fix = f"install what provides {missing!r} into the environment that runs genaiops"
    else:
        fix = "the module must be importable; run `python -c 'import …'` in the project to see it"
    return UserError(
        "GAO-APP-020",
        f"the app {target} cannot be imported",
        why=describe(error, root),
        fix=fix,
        where=f"app: {target}",
    )


def _refuse_foreign(target: str, file: str | None, root: Path) -> None:
    """An app that comes from elsewhere would be the same code on both sides of a comparison."""
    if file is None or not Path(file).resolve().is_relative_to(root.resolve()):
        raise UserError(
            "GAO-APP-022",
            f"{target} was not imported from the project",
            why=f"Python found it at {file or 'no file at all'}: another module has this name",
            fix="put the module beside genaiops.yaml (or in src/), or give it another name",
            where=f"app: {target}",
        )


def describe(error: BaseException, root: Path) -> str:
    """Return type, message and the last line in the user's own files: plain text, bounded."""
    if isinstance(error, GenaiopsError):
        return plain(told(error).replace(f"{root}/", ""))[:MAX_ERROR]
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  the user's own __str__ may fail
        message = "(its message cannot be read)"
    if isinstance(error, SystemExit):
        message = f"the app called sys.exit({message})"
    place = _last_place(error, root)
    text = f"{type(error).__name__}: {message}"[: MAX_ERROR - len(place)] + place
    return plain(text)[:MAX_ERROR]


def _last_place(error: BaseException, root: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({_short(error.filename, root)}:{error.lineno})"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return f" ({_short(frame.filename, root)}:{frame.lineno} in {frame.name})"
    return ""


def _short(filename: str, root: Path) -> str:
    path = Path(filename)
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


@dataclass(frozen=True, slots=True)
class Calling:
    """How a function wants its arguments; made once, from its signature."""

    context: str | None
    rest: tuple[inspect.Parameter, ...]
    positional_only: tuple[str, ...]

    @classmethod
    def of(cls, function: Function) -> "Calling":
        """Read the signature."""
        parameters = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
        context = next((item.name for item in parameters if _wants_context(item)), None)
        if context is None and len(parameters) == 2 and parameters[0].name == "inputs":
            context = parameters[1].name
        rest = tuple(item for item in parameters if item.name != context)
        only = tuple(item.name for item in parameters if item.kind is item.POSITIONAL_ONLY)
        return cls(context, rest, only)

    def arguments(self, inputs: Mapping[str, Any], context: object) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return positional and keyword arguments; raises `UserError` where they cannot be decided."""
        named = self._inputs(inputs)
        if self.context:
            named[self.context] = context
        positional = tuple(named.pop(name) for name in self.positional_only if name in named)
        return positional, named

    def _inputs(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        required = [item for item in self.rest if item.default is item.empty]
        if len(required) == 1 and _wants_all(required[0]):
            return {required[0].name: dict(inputs)}
        if required and all(item.name in inputs for item in required):
            return {item.name: inputs[item.name] for item in self.rest if item.name in inputs}
        if len(required) == 1 and len(inputs) == 1:
            return {required[0].name: next(iter(inputs.values()))}
        raise UserError(
            "GAO-APP-023",
            "the inputs of this case do not fit the app's parameters",
            why=f"it takes ({', '.join(item.name for item in self.rest)}); the case has {', '.join(inputs)}",
            fix="write the app as f(inputs, ctx), or name its parameters like the inputs",
        )


def _annotation(parameter: inspect.Parameter) -> str:
    value: Any = parameter.annotation
    return value if isinstance(value, str) else getattr(value, "__qualname__", str(value))


def _wants_context(parameter: inspect.Parameter) -> bool:
    return parameter.name == "ctx" or _annotation(parameter).rpartition(".")[2] == "Context"


def _wants_all(parameter: inspect.Parameter) -> bool:
    kind = _annotation(parameter).partition("[")[0].rpartition(".")[2]
    return parameter.name == "inputs" or kind in ("dict", "Dict", "Mapping")
