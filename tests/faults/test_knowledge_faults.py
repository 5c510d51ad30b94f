"""An index is whole or absent: kill -9, a full disk, two builders at once."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.knowledge import SPEC, WordEmbedder, make_index, passage

from genaiops.core import OutsideError, hex_of
from genaiops.knowledge import ChunkOptions, EmbeddingCache, LocalIndex, Recipe, build_index, read_corpus
from genaiops.store import Store

pytestmark = pytest.mark.system

BUILD = """
import asyncio, os, signal, sys
from pathlib import Path
from genaiops.core import digest_bytes
from genaiops.knowledge import *
from genaiops.store import Store
from tests.support.knowledge import SPEC, WordEmbedder

class Killed(WordEmbedder):
    async def embed(self, texts, kind):
        if sys.argv[2] == "kill" and self.embedded:
            while not cache.texts(SPEC, [digest_bytes(self.embedded[0].encode())]):
                await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().embed(texts, kind)

root = Path(sys.argv[1])
corpus = read_corpus(root / "docs")
recipe = Recipe(corpus=corpus.digest, embedder=SPEC, chunk=ChunkOptions(tokens=16, overlap=0))
with Store.open(root / ".genaiops") as store:
    cache = EmbeddingCache(store)
    index = asyncio.run(build_index(corpus, recipe, Killed(), folder=store.path / "indexes", cache=cache))
    print(len(index))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    for at in range(100):
        (tmp_path / "docs" / f"{at}.md").write_text(f"# Page {at}\n\nWords of page number {at}.\n")
    return tmp_path


def child(project: Path, mode: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(project), mode],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def recipe_of(project: Path) -> Recipe:
    corpus = read_corpus(project / "docs")
    return Recipe(corpus=corpus.digest, embedder=SPEC, chunk=ChunkOptions(tokens=16, overlap=0))


def test_a_build_that_is_killed_leaves_no_index_and_goes_on_from_its_vectors(project: Path) -> None:
    killed = child(project, "kill")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    indexes = project / ".genaiops" / "indexes"
    assert not (indexes / hex_of(recipe_of(project).digest)).exists()
    embedder = WordEmbedder()
    with Store.open(project / ".genaiops") as store:
        corpus = read_corpus(project / "docs")
        cache = EmbeddingCache(store)
        index = asyncio.run(build_index(corpus, recipe_of(project), embedder, folder=indexes, cache=cache))
        assert len(index) == 100
        index.close()
    under_headings = [
        text for text in embedder.embedded if text.startswith("Page")
    ]  # others try the embedder
    assert len(under_headings) == 100 - 64
    assert [path.name for path in indexes.iterdir()] == [hex_of(recipe_of(project).digest)]


@pytest.mark.proves("D-BAD-TWO-BUILDERS")
def test_two_processes_that_build_at_once_both_get_the_index(project: Path) -> None:
    both = [child(project, "build") for _ in range(2)]
    outputs = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], outputs
    assert [output[0].strip() for output in outputs] == ["100", "100"]
    indexes = project / ".genaiops" / "indexes"
    assert [path.name for path in indexes.iterdir()] == [hex_of(recipe_of(project).digest)]


PUBLISH = """
import resource, signal, sys
from pathlib import Path
from genaiops.core import OutsideError
from genaiops.knowledge import LocalIndex
from tests.support.knowledge import passage

index = LocalIndex(Path(sys.argv[1]))
texts = [passage(f"{at}.md", f"page {at} " + "word " * 50) for at in range(400)]
index.upsert(texts, [[0.0] * 31 + [1.0]] * len(texts))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    index.publish()
except OutsideError as error:
    print(error)
    sys.exit(error.exit_status)
"""


@pytest.mark.proves("A-BAD-DISK")
def test_a_full_disk_leaves_the_live_snapshot_as_it_was(tmp_path: Path) -> None:
    index = make_index(tmp_path / "index", [passage("a.md", "red fox")])
    live = index.snapshot()
    index.close()
    full = subprocess.run(
        [sys.executable, "-c", PUBLISH, str(tmp_path / "index")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 3, full.stderr
    assert "disk" in full.stdout
    assert full.stderr == ""
    again = LocalIndex(tmp_path / "index")
    assert again.snapshot() == live
    assert len(again) == 1
    assert [path.name for path in (tmp_path / "index" / "snapshots").iterdir()] == [live]
    again.close()


def test_an_index_that_another_process_is_changing_says_so(tmp_path: Path) -> None:
    import fcntl

    index = make_index(tmp_path / "index", [passage("a.md", "red fox")])
    with (tmp_path / "index" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OutsideError, match="another process"):
            index.publish()
    index.close()
