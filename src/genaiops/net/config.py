"""The person's `egress.yaml`: the private hosts that they allow."""

from collections.abc import Sequence

from genaiops.core import Json, OutsideError, Settings, UserError, read_yaml
from genaiops.net.policy import EgressPolicy

_KEY = "allow_private"


def load_policy(settings: Settings, extra_private: Sequence[str] = ()) -> EgressPolicy:
    """Return the policy of `egress.yaml` in the configuration folder, with `--allow-private` added.

    Raises `UserError` naming file and line where it says something that we do not know.
    """
    path = settings.config_dir / "egress.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return EgressPolicy(frozenset(extra_private))
    except UnicodeDecodeError as error:
        raise _bad("it is not UTF-8 text", str(path)) from error
    except OSError as error:
        raise OutsideError(
            "GAO-NET-009",
            "egress.yaml cannot be read",
            why=error.strerror or str(error),
            fix="give yourself the rights to read it",
            where=str(path),
        ) from error
    located = read_yaml(text, str(path))
    entries = _entries(located.value, str(path))
    for index, entry in enumerate(entries):
        try:
            EgressPolicy(frozenset({entry}))
        except UserError as error:
            line = located.lines.get((_KEY, index), 1)
            raise UserError(
                error.code, error.what, why=error.why, fix=error.fix, where=f"{path}:{line}"
            ) from error
    return EgressPolicy(frozenset([*entries, *extra_private]))


def _entries(value: Json, where: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, dict):
        raise _bad(f"it is a mapping with the key {_KEY}", where)
    unknown = sorted(value.keys() - {_KEY})
    if unknown:
        raise _bad(f"the key {unknown[0]!r} is not known; the one key is {_KEY}", where)
    entries = value.get(_KEY) or []
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise _bad(f"{_KEY} is a list of hosts, host:port or networks", where)
    return [str(entry) for entry in entries]


def _bad(why: str, where: str) -> UserError:
    return UserError(
        "GAO-NET-008",
        "egress.yaml is not what is expected",
        why=why,
        fix="for example: allow_private: [localhost:8000, 10.1.0.0/16]",
        where=where,
    )
