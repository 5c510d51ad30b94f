"""What an answer says, apart from what it took: for telling whether two answers are the same."""

from genaiops.core import Digest, Json, Output, digest_json, encode


def said(output: Output) -> Json:
    """Return what an output says, apart from what two runs of one app may differ in: time, cost, scores."""
    return [
        output.status,
        output.text,
        output.data,
        output.abstained,
        [passage.id for passage in output.passages],
        encode(output.citations),
        encode(output.tool_calls),
    ]


def answer_digest(case: str, output: Output) -> Digest:
    """Return the digest of what an app said to a case: what a label of a person is about."""
    return digest_json({"case": case, "said": said(output)})
