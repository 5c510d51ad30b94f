"""What the Hub is told of a corpus, and that no two of its documents have one id. Pure."""

from collections.abc import Sequence

from genaiops.core import Digest, Json, UserError
from genaiops.knowledge.model import Corpus, Document, LeftOut
from genaiops.knowledge.passages import ReadyPassages


def check_ids(documents: Sequence[Document]) -> None:
    """Raise `UserError` where two documents have one id."""
    _, twice = by_id(documents)
    if twice:
        one = twice[0]
        raise UserError(one.code, one.what, why=one.why, fix=one.fix, where=one.where)


def by_id(documents: Sequence[Document]) -> tuple[tuple[Document, ...], list[LeftOut]]:
    """Return the documents of which no earlier one has the id, and the others."""
    first: dict[str, Document] = {}
    twice: list[LeftOut] = []
    for document in documents:
        other = first.setdefault(document.id, document)
        if other is not document:
            error = UserError(
                "GAO-KNOWLEDGE-018",
                f"two documents have the id {document.id!r}",
                why=f"the other one is {other.path}",
                fix="give each its own id, or remove the key: the path is the id then",
                where=document.path,
            )
            twice.append(LeftOut.by(error, document.path, "refused"))
    return tuple(first.values()), twice


def corpus_facts(corpus: Corpus) -> dict[str, Json]:
    """Return the manifest of a corpus for the Hub."""
    facts: dict[str, Json] = {
        "documents": [_document_facts(document) for document in corpus.documents],
        "digest": corpus.digest,
        "ignored": list(corpus.ignored),
    }
    if corpus.left_out:
        facts["left_out"] = [
            {"path": one.path, "reason": one.reason, "code": one.code} for one in corpus.left_out
        ]
    return facts


def passages_facts(ready: ReadyPassages) -> dict[str, Json]:
    """Return the manifest of a corpus of ready-made passages for the Hub."""
    return {"passages": len(ready.passages), "digest": ready.digest}


def corpus_blobs(corpus: Corpus) -> dict[Digest, bytes]:
    """Return the documents' texts by digest: what the manifest rests on."""
    return {document.digest: document.text.encode() for document in corpus.documents}


def _document_facts(document: Document) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "id": document.id,
        "path": document.path,
        "digest": document.digest,
        "title": document.title,
        "access": None if document.access is None else [*sorted(document.access)],
        "metadata": document.metadata,
    }
    if document.source:
        facts["source"] = document.source
    return facts
