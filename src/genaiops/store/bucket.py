"""Content-addressed objects in an S3-compatible bucket: `prefix/ab/<64 hexadecimal digits>`, as in a folder.

An object store shows an object only once all of it is there, so nobody meets half of one. What is sent goes
under its own digest and is hashed again on the way: an upload that would end as something else is given up.
"""

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from genaiops.core import Digest, digest_bytes, hex_of, parse_digest
from genaiops.store import faults
from genaiops.store.streams import CHUNK, pieces, verified, write_whole

if TYPE_CHECKING:
    from obstore.store import S3Store

SETTING = "GENAIOPS_BLOBS"
_PART = 8 << 20
_PARTS_AT_ONCE = 4
_MOST_PARTS = 9_000  # S3 allows 10,000
_RETRIES = 3
_TIMEOUT = timedelta(seconds=60)
_CONNECT_TIMEOUT = timedelta(seconds=5)
# ours beside what the process' environment says: a test or a server may hand in another one
_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "access_key_id",
    "AWS_SECRET_ACCESS_KEY": "secret_access_key",
    "AWS_SESSION_TOKEN": "session_token",
    "AWS_DEFAULT_REGION": "region",
    "AWS_REGION": "region",
    "AWS_ENDPOINT_URL": "endpoint",
    "AWS_ENDPOINT_URL_S3": "endpoint",
}


class BucketBlobs:
    """Bytes by digest in a bucket. Endpoint, region and keys are the usual AWS variables of `env`."""

    def __init__(self, url: str, env: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        if not parts.netloc:
            raise faults.bad_address(SETTING, "s3://BUCKET/PREFIX", "it names no bucket")
        self._bucket = parts.netloc
        self._prefix = parts.path.strip("/")
        self._env = env
        self._where = f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put(self, content: bytes) -> Digest:
        """Keep `content` and return its digest."""
        digest = digest_bytes(content)
        if not self._holds(digest, len(content)):
            with self._explained(digest):
                self._send(digest, content, len(content))
        return digest

    def put_file(self, path: Path) -> Digest:
        """Keep a file's content and return its digest, without holding it in memory.

        Raises `UserError` where the file changes meanwhile.
        """
        try:
            with path.open("rb") as source:
                digest = Digest(f"sha256:{hashlib.file_digest(source, 'sha256').hexdigest()}")
                size = source.tell()
                if not self._holds(digest, size):
                    source.seek(0)
                    with self._explained(digest):
                        self._send(digest, _unchanged(source, digest, path), size)
        except OSError as error:
            raise faults.disk_error(error, path) from error
        return digest

    def put_chunks(self, chunks: Iterable[bytes]) -> Digest:
        """Keep what comes in pieces and return its digest; what `chunks` raises leaves nothing behind."""
        with TemporaryDirectory(prefix="genaiops-") as folder:  # the name in the bucket is known at the end
            part = Path(folder) / "part"
            write_whole(part, chunks)
            return self.put_file(part)

    def get(self, digest: Digest) -> bytes:
        """Return the bytes; raises `OutsideError` where they are absent or no longer what they were."""
        return b"".join(self.chunks(digest))

    def chunks(self, digest: Digest) -> Iterator[bytes]:
        """Yield the bytes in pieces of about 1 MB; raises as `get` does, before the last of them."""
        yield from verified(self._received(digest), digest, self._where)

    def copy_to(self, digest: Digest, path: Path) -> None:
        """Write the bytes as the file `path`, whole or not at all, without holding them in memory."""
        write_whole(path, self.chunks(digest))

    def has(self, digest: Digest) -> bool:
        """Return whether the bytes are kept."""
        return self._size(digest) is not None

    def kept(self) -> Iterator[tuple[Digest, int, float]]:
        """Yield every blob: its digest, its size in bytes, when it was written last (seconds, Unix)."""
        store = self._store
        import obstore  # optional: extra [s3]

        with self._explained(None):
            for some in obstore.list(store):  # pyright: ignore[reportUnknownMemberType]  an overload of arrow's
                for found in some:
                    name = found["path"].rpartition("/")[2]
                    yield Digest(f"sha256:{name}"), found["size"], found["last_modified"].timestamp()

    def remove(self, digest: Digest) -> None:
        """Remove a blob; one that is not there is removed already."""
        store = self._store
        import obstore  # optional: extra [s3]

        with self._explained(digest), suppress(FileNotFoundError):
            obstore.delete(store, _key(digest))

    @cached_property
    def _store(self) -> "S3Store":
        try:
            from obstore.store import S3Store  # optional: extra [s3]
        except ImportError as error:
            raise faults.extra_missing("obstore", "s3", SETTING) from error
        given = {_VARIABLES[name]: self._env[name] for name in _VARIABLES if self._env.get(name)}
        plain = given.get("endpoint", "").startswith("http://")
        return S3Store(
            self._bucket,
            prefix=self._prefix or None,
            config=given,  # pyright: ignore[reportArgumentType]  built from names, not written out
            client_options={"allow_http": plain, "connect_timeout": _CONNECT_TIMEOUT, "timeout": _TIMEOUT},
            retry_config={"max_retries": _RETRIES, "retry_timeout": _TIMEOUT},
        )

    def _send(self, digest: Digest, content: bytes | Iterator[bytes], size: int) -> None:
        import obstore  # optional: extra [s3]

        part = max(_PART, size // _MOST_PARTS)
        small = size <= part
        obstore.put(
            self._store,
            _key(digest),
            content,
            use_multipart=not small,
            chunk_size=part,
            max_concurrency=_PARTS_AT_ONCE,
        )

    def _received(self, digest: Digest) -> Iterator[bytes]:
        store = self._store
        import obstore  # optional: extra [s3]

        with self._explained(digest):
            for chunk in obstore.get(store, _key(digest)).stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    def _holds(self, digest: Digest, size: int) -> bool:
        return self._size(digest) == size

    def _size(self, digest: Digest) -> int | None:
        store = self._store
        import obstore  # optional: extra [s3]

        with self._explained(digest):
            try:
                return obstore.head(store, _key(digest))["size"]
            except FileNotFoundError:
                return None

    @contextmanager
    def _explained(self, digest: Digest | None) -> Generator[None]:
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise faults.bucket_missing(self._where) from error
            if digest is None:
                raise faults.bucket_fails(str(error).partition("\n")[0], self._where) from error
            raise faults.absent(digest, self._where) from error
        except (PermissionError, PermissionDeniedError, UnauthenticatedError) as error:
            raise faults.bucket_refuses(self._where) from error
        except BaseError as error:
            raise faults.bucket_fails(str(error).partition("\n")[0], self._where) from error


def _key(digest: Digest) -> str:
    name = hex_of(parse_digest(digest))
    return f"{name[:2]}/{name}"


def _unchanged(source: BinaryIO, digest: Digest, path: Path) -> Iterator[bytes]:
    """Yield the file; raises where it no longer is `digest`, which gives the upload up."""
    hasher = hashlib.sha256()
    for chunk in pieces(source):
        hasher.update(chunk)
        yield chunk
    if f"sha256:{hasher.hexdigest()}" != digest:
        raise faults.file_changed(path)
