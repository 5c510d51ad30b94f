import pytest
from tests.support.access import LOCAL
from tests.unit.hub.hub_sample import KINDS, empty

from genaiops.arena.impact import impact
from genaiops.core import UserError
from genaiops.hub import Governance, Hub
from genaiops.knowledge import CORPUS_KIND, INDEX_KIND, Corpus, corpus_blobs, corpus_facts, parse_document


def _corpus(hub, name, **texts):
    corpus = Corpus(documents=tuple(parse_document(f"{path}.md", text) for path, text in texts.items()))
    blobs = {str(digest): content for digest, content in corpus_blobs(corpus).items()}
    return hub.publish("corpus", name, corpus_facts(corpus), blobs=blobs)


@pytest.fixture
def here(tmp_path):
    with empty(tmp_path / ".genaiops") as store:
        hub = Hub(store, [*KINDS, CORPUS_KIND, INDEX_KIND], by=LOCAL)
        for number, texts in enumerate(
            ({"returns": "30 days"}, {"returns": "14 days", "hours": "9 to 5"}, {"hours": "9 to 5"}), 1
        ):
            corpus = _corpus(hub, "docs", **texts)
            digest = "sha256:" + str(number) * 64
            hub.publish("index", "docs", {"recipe": {"n": number}, "digest": digest}, parents=[corpus])
        _corpus(hub, "other", returns="---\nid: returns\n---\n30 days")
        yield hub, Governance(store, by=LOCAL)


def _short(references):
    return [reference.partition("@")[0] for reference in references]


@pytest.mark.proves("C-IMPACT-DOCUMENT")
def test_a_document_is_found_by_its_path_in_every_version_that_holds_it(here):
    found = impact(*here, "corpus/docs", "returns.md")
    assert _short(found.of) == ["corpus/docs:v1", "corpus/docs:v2"]
    assert _short(each.version for each in found.affected["index"]) == ["index/docs:v1", "index/docs:v2"]


@pytest.mark.proves("C-IMPACT-DOCUMENT")
def test_a_document_is_found_by_its_id_in_any_corpus(here):
    assert _short(impact(*here, None, "returns").of) == ["corpus/other:v1"]
    assert len(impact(*here, None, "returns.md").of) == 3


@pytest.mark.proves("C-IMPACT-DOCUMENT")
def test_a_document_is_found_by_the_digest_of_one_edition_of_its_text(here):
    hub, _ = here
    digest = hub.get("corpus/docs:v1").manifest["documents"][0]["digest"]
    assert _short(impact(*here, None, digest).of) == ["corpus/docs:v1"]


@pytest.mark.proves("C-IMPACT-DOCUMENT")
def test_a_reference_to_one_version_looks_through_no_other(here):
    assert _short(impact(*here, "corpus/docs:v2", "returns.md").of) == ["corpus/docs:v2"]


@pytest.mark.proves("C-BAD-IMPACT")
@pytest.mark.parametrize(
    ("ref", "document", "code", "said"),
    [
        (None, "retruns.md", "GAO-ARENA-383", "returns.md"),
        ("corpus/docs:v3", "returns.md", "GAO-ARENA-383", "corpus/docs:v3"),
        ("index/docs", "returns.md", "GAO-ARENA-382", "corpus"),
        (None, None, "GAO-ARENA-381", "--document"),
    ],
)
def test_a_document_that_is_nowhere_a_kind_without_documents_and_nothing_at_all(
    here, ref, document, code, said
):
    with pytest.raises(UserError) as caught:
        impact(*here, ref, document)
    assert caught.value.code == code
    assert said in f"{caught.value.why} {caught.value.fix}"


@pytest.mark.proves("C-IMPACT-DOCUMENT", "C-HUB-SENSITIVE")
def test_a_document_of_a_sensitive_corpus_is_found_too(here):
    hub, _ = here
    hub.describe("corpus/docs:v1", sensitivity="personal")
    assert _short(impact(*here, "corpus/docs", "returns.md").of) == ["corpus/docs:v1", "corpus/docs:v2"]
    assert len(impact(*here, None, "returns.md").of) == 3
