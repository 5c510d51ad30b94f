"""Files become versions, and versions the same files again."""

import os
from pathlib import Path

import pytest
from tests.support.shelves import Bucket, Folder
from tests.unit.hub.contents_sample import PROMPT, Shelf, row, write
from tests.unit.hub.hub_sample import opened

from genaiops.core import UserError, digest_bytes
from genaiops.prompts import load_prompt, prompt_facts

pytestmark = [pytest.mark.usefixtures("each_way"), pytest.mark.thorough]


@pytest.fixture
def shelf(tmp_path):
    with opened(tmp_path / "store") as store:
        yield Shelf(store)


def refused(do, *arguments, **options):
    with pytest.raises(UserError) as caught:
        do(*arguments, **options)
    return caught.value.code


@pytest.mark.proves("C-HUB-PUSH")
def test_a_prompt_that_is_pushed_is_the_prompt_that_a_run_registers(shelf, tmp_path):
    file = write(tmp_path / "prompts", answer__md=PROMPT) / "answer.md"
    pushed = shelf.contents.push("prompt/answer", [file])
    assert pushed.new
    assert shelf.hub.publish("prompt", "answer", prompt_facts(load_prompt(file))) == pushed.version


@pytest.mark.proves("C-HUB-PULL")
def test_a_prompt_that_is_pulled_is_read_as_the_same_prompt(shelf, tmp_path):
    prompts = write(
        tmp_path / "prompts",
        answer__md=PROMPT.replace("---\n#", "examples: few.jsonl\n---\n#"),
        few__jsonl='{"q": "ä"}\n',
    )
    shelf.contents.push("prompt/answer", [prompts])
    shelf.contents.pull("prompt/answer", tmp_path / "out" / "prompts")
    again = shelf.contents.push("prompt/answer", [tmp_path / "out" / "prompts"])
    assert not again.new


@pytest.mark.proves("C-HUB-PUSH", "C-HUB-PULL")
def test_a_dataset_comes_back_byte_by_byte_and_is_named_by_its_cases(shelf, tmp_path):
    text = row(1) + "\n" + row(2)
    first = shelf.contents.push("dataset/qa", [write(tmp_path, qa__jsonl=text) / "qa.jsonl"]).version
    other = shelf.contents.push(
        "dataset/qa", [write(tmp_path, qa__jsonl=row(2) + row(1)) / "qa.jsonl"]
    ).version
    assert first.manifest["cases"] == 2
    assert first.manifest["digest"] == other.manifest["digest"]
    _, files = shelf.contents.pull("dataset/qa:v1", tmp_path / "out")
    assert [file.read_text() for file in files] == [text]


@pytest.mark.proves("C-HUB-PULL")
def test_a_folder_comes_back_with_its_folders(shelf, tmp_path):
    folder = write(tmp_path / "files", a__bin="a")
    write(folder / "deep", b__bin="b", __hidden="no")
    shelf.contents.push("blob/things", [folder])
    _, files = shelf.contents.pull("blob/things", tmp_path / "out")
    found = {file.relative_to(tmp_path / "out").as_posix(): file.read_text() for file in files}
    assert found == {"a.bin": "a", "deep/b.bin": "b"}


@pytest.mark.proves("C-HUB-PUSH")
def test_a_corpus_that_is_pushed_knows_its_documents(shelf, tmp_path):
    folder = write(tmp_path / "docs", a__md="---\naccess: [staff]\n---\n# A\r\ntext", b__txt="b", c__pdf="x")
    version = shelf.contents.push("corpus/docs", [folder]).version
    assert [each["path"] for each in version.manifest["documents"]] == ["a.md", "b.txt"]
    assert version.manifest["documents"][0]["access"] == ["staff"]
    assert version.manifest["ignored"] == ["c.pdf"]


@pytest.mark.proves("C-HUB-PUSH")
def test_equal_content_is_unchanged_whatever_is_said_of_it(shelf, tmp_path):
    file = write(tmp_path, a__bin="a") / "a.bin"
    first = shelf.contents.push("blob/a", [file], described={"owner": "ops"}).version
    again = shelf.contents.push("blob/a", [file], described={"owner": "risk"}, labels={"team": "x"})
    assert (again.new, again.version.digest, again.version.number) == (False, first.digest, 1)
    assert (again.version.described, again.version.labels) == ({"owner": "risk"}, {"team": "x"})


@pytest.mark.proves("C-HUB-PUSH")
def test_a_kind_that_is_more_than_files_is_pushed_as_it_was_pulled(shelf, tmp_path):
    judge = '{"name": "kind", "model": "local:m", "rubric": "is it kind?"}'
    assert refused(shelf.contents.push, "scorer/kind", [write(tmp_path, a__txt="a")]) == "GAO-HUB-061"
    first = shelf.contents.push("scorer/kind", [], manifest=write(tmp_path, j__json=judge) / "j.json").version
    shelf.contents.pull("scorer/kind", tmp_path / "out")
    again = shelf.contents.push("scorer/kind", [], manifest=tmp_path / "out" / "manifest.json")
    assert (again.new, again.version) == (False, first)


@pytest.mark.proves("C-HUB-PUSH")
def test_what_is_pushed_names_what_it_was_made_from(shelf, tmp_path):
    source = shelf.contents.push("blob/raw", [write(tmp_path / "a", a__txt="a")]).version
    made = shelf.contents.push(
        "blob/clean", [write(tmp_path / "b", b__txt="b")], parents=["blob/raw"]
    ).version
    assert [(edge.child, edge.parent) for edge in shelf.hub.lineage(made.reference)] == [(made, source)]


@pytest.mark.proves("C-BAD-MANIFEST")
@pytest.mark.parametrize(
    ("target", "manifest", "code"),
    [
        ("scorer/kind", '{"name": "kind", "model": "m", "rubric": 3}', "GAO-HUB-002"),
        ("scorer/kind", '{"name": "kind", "model": "m"}', "GAO-HUB-002"),
        ("suite/qa", '{"name": "kind", "model": "m", "rubric": "r"}', "GAO-HUB-002"),
        ("evidence/run", '{"run": "r", "outcome": "won", "statement": "sha256:x"}', "GAO-HUB-002"),
        ("scorer/kind", "[]", "GAO-HUB-073"),
        ("scorecard/s", "{}", "GAO-HUB-001"),
        ("scorer/kind:v2", "{}", "GAO-HUB-063"),
        (
            "evidence/run",
            f'{{"run": "r", "outcome": "pass", "statement": "sha256:{"0" * 64}"}}',
            "GAO-HUB-004",
        ),
    ],
)
def test_a_manifest_of_another_kind_is_refused(shelf, tmp_path, target, manifest, code):
    file = write(tmp_path, m__json=manifest) / "m.json"
    assert refused(shelf.contents.push, target, [], manifest=file) == code
    assert shelf.hub.list() == []


@pytest.mark.proves("C-BAD-NAME")
@pytest.mark.parametrize(
    "target", ["prompt/../answer", "prompt//answer", "prompt/a/b/c", "prompt/.hidden", "x/y"]
)
def test_a_name_that_plays_tricks_is_refused(shelf, tmp_path, target):
    assert refused(shelf.contents.push, target, [write(tmp_path / "f", a__md=PROMPT)]) == "GAO-CORE-004"


@pytest.mark.proves("C-BAD-NAME")
def test_a_name_that_differs_only_by_case_is_refused_and_says_how_it_is_written(shelf, tmp_path):
    with pytest.raises(UserError) as caught:
        shelf.contents.push("prompt/Answer", [write(tmp_path / "f", a__md=PROMPT)])
    assert caught.value.fix == "write prompt/answer"
    folder = write(tmp_path / "g", read__me="a")
    (folder / "READ.me").write_text("b")
    assert refused(shelf.contents.push, "blob/g", [folder]) == "GAO-CORE-030"


@pytest.mark.proves("C-BAD-PATH")
@pytest.mark.parametrize(
    "path",
    [
        "../out",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "C:\\x",
        "a\\b",
        "x\x1b[31m",
        "./a",
        "",
        "n\nl",
        "d" * 300,
    ],
)
def test_a_path_of_a_manifest_that_leads_out_is_never_written(shelf, tmp_path, path):
    content = b"evil"
    entry = {"path": path, "size": len(content), "digest": digest_bytes(content)}
    shelf.hub.publish("blob", "evil", {"files": [entry]}, blobs={"x": content})
    out = tmp_path / "deep" / "out"
    assert refused(shelf.contents.pull, "blob/evil", out) == "GAO-CORE-030"
    assert not out.exists()


@pytest.mark.proves("C-BAD-PATH")
def test_a_link_in_the_folder_is_not_followed_out_of_it(shelf, tmp_path):
    folder = write(tmp_path / "files")
    write(folder / "deep", b__bin="b")
    shelf.contents.push("blob/things", [folder])
    out, elsewhere = write(tmp_path / "out"), write(tmp_path / "elsewhere")
    (out / "deep").symlink_to(elsewhere, target_is_directory=True)
    assert refused(shelf.contents.pull, "blob/things", out, force=True) == "GAO-HUB-065"
    assert list(elsewhere.iterdir()) == []


@pytest.mark.proves("C-BAD-PATH")
def test_a_link_out_of_a_folder_that_is_pushed_is_refused(shelf, tmp_path):
    folder = write(tmp_path / "files", a__txt="a")
    (folder / "link").symlink_to("/etc/passwd")
    assert refused(shelf.contents.push, "blob/things", [folder]) == "GAO-HUB-060"
    (folder / "link").unlink()
    os.mkfifo(folder / "pipe")
    assert refused(shelf.contents.push, "blob/things", [folder]) == "GAO-HUB-060"
    assert refused(shelf.contents.push, "blob/things", [tmp_path / "nothing"]) == "GAO-HUB-060"


@pytest.mark.proves("C-HUB-PULL")
def test_pulling_replaces_nothing_unless_it_is_told_to(shelf, tmp_path):
    folder = write(tmp_path / "files", a__txt="a", b__txt="b")
    shelf.contents.push("blob/things", [folder])
    out = write(tmp_path / "out", a__txt="a", b__txt="mine")
    assert refused(shelf.contents.pull, "blob/things", out) == "GAO-HUB-064"
    assert (out / "b.txt").read_text() == "mine"
    shelf.contents.pull("blob/things", out, force=True)
    assert (out / "b.txt").read_text() == "b"


@pytest.mark.proves("C-BAD-DIGEST")
def test_content_that_was_tampered_with_is_not_pulled_and_nothing_is_left(each_way, shelf, tmp_path):
    version = shelf.contents.push(
        "blob/things", [write(tmp_path / "files", a__txt="aaaa", b__txt="bbbb")]
    ).version
    kept = Folder(shelf.store.path / "blobs") if each_way != "remote" else Bucket()
    kept.replace(version.blobs["b.txt"], b"evil")
    with pytest.raises(Exception, match="is damaged"):
        shelf.contents.pull("blob/things", tmp_path / "out")
    assert [path for path in Path(tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_large_file_is_told_of_piece_by_piece(shelf, tmp_path):
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(3_000_000))
    told: list[int] = []
    shelf.contents.push("model/large", [file], told=told.append)
    assert sum(told) == 3_000_000
    assert len(told) == 3
