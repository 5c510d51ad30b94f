"""Where the user's own files are: configuration (keys, egress policy) and cache (weights)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genaiops.core.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The folders of this user, and the environment that they were read from. Nothing is created here."""

    config_dir: Path
    cache_dir: Path
    env: Mapping[str, str]

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Return the settings that `env` describes; our own variables win over XDG's, XDG's over HOME."""
        return cls(
            config_dir=_folder(env, "GENAIOPS_CONFIG", "XDG_CONFIG_HOME", ".config"),
            cache_dir=_folder(env, "GENAIOPS_CACHE", "XDG_CACHE_HOME", ".cache"),
            env=env,
        )


def _folder(env: Mapping[str, str], ours: str, xdg: str, fallback: str) -> Path:
    if env.get(ours):
        return Path(env[ours])
    # the XDG specification says that a relative path is invalid and to be ignored
    if env.get(xdg) and Path(env[xdg]).is_absolute():
        return Path(env[xdg]) / "genaiops"
    home = env.get("HOME") or env.get("USERPROFILE")
    if not home:
        raise UserError(
            "GAO-CORE-009",
            f"no folder for {ours.removeprefix('GENAIOPS_').lower()} files",
            why=f"neither {ours}, {xdg} nor HOME is set",
            fix=f"set {ours} to a folder",
        )
    return Path(home) / fallback / "genaiops"
