"""Where a store keeps its things: in its folder, or where the environment says."""

import os
from collections.abc import Mapping
from pathlib import Path

from genaiops.store import bucket, postgres
from genaiops.store.bucket import BucketBlobs
from genaiops.store.faults import bad_address
from genaiops.store.folder import FolderBlobs
from genaiops.store.postgres import PostgresDatabase
from genaiops.store.seams import Blobs, Database
from genaiops.store.sqlite import SqliteDatabase


def database_of(folder: Path, env: Mapping[str, str]) -> Database:
    """Return the database that `GENAIOPS_DATABASE` names; without it, the one in `folder`.

    Raises `UserError` where it names none. Nothing is opened before the first use.
    """
    address = env.get(postgres.SETTING, "")
    if not address:
        return SqliteDatabase(folder / "genaiops.db")
    if not address.startswith(("postgresql://", "postgres://")):
        raise bad_address(
            postgres.SETTING, "postgresql://USER:PASSWORD@HOST/NAME", "it is not postgresql://…"
        )
    return PostgresDatabase("postgresql://" + address.partition("://")[2])


def file_database(path: Path, *, mapped: int = 0) -> Database:
    """Return the embedded database in the file `path`, made at the first use; see `SqliteDatabase`."""
    return SqliteDatabase(path, mapped=mapped)


def shared_database(turn: str, env: Mapping[str, str] | None = None) -> Database:
    """Return the database that `GENAIOPS_DATABASE` of `env`, without it of the process, names.

    Its writers wait for those of the same `turn` only. Raises `UserError` where it names no PostgreSQL.
    """
    address = (os.environ if env is None else env).get(postgres.SETTING, "")
    if not address.startswith(("postgresql://", "postgres://")):
        why = "it is not postgresql://…" if address else "it is not set"
        raise bad_address(postgres.SETTING, "postgresql://USER:PASSWORD@HOST/NAME", why)
    return PostgresDatabase("postgresql://" + address.partition("://")[2], turn=turn)


def blobs_of(folder: Path, env: Mapping[str, str]) -> Blobs:
    """Return the blobs that `GENAIOPS_BLOBS` names; without it, those in `folder`, which is made ready.

    Raises `UserError` where it names none.
    """
    address = env.get(bucket.SETTING, "")
    if not address:
        blobs = FolderBlobs(folder / "blobs")
        blobs.prepare()
        return blobs
    if not address.startswith("s3://"):
        raise bad_address(bucket.SETTING, "s3://BUCKET/PREFIX", "it is not s3://…")
    return BucketBlobs(address, env)
