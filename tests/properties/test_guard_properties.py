"""What holds of every text: redaction leaks nothing, a stream passes on what the whole text would."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaiops.core import Finding, Where
from genaiops.guard import Judged, Stream, load_guard, parse_guard
from genaiops.guard.loading import default_policy
from genaiops.guard.policy import merged, redacted

OUT = Where(surface="output")
MARK = 0xE000
"""From here on stand characters for private use: each stands once, so that one that leaks is seen."""


@st.composite
def judged_texts(draw: st.DrawFn) -> tuple[str, list[Judged]]:
    size = draw(st.integers(1, 40))
    text = "".join(chr(MARK + at) for at in range(size))
    places = draw(
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(1, size), st.booleans()), max_size=8)
    )
    found = [
        Judged(
            Finding(
                detector="d",
                category=f"c{at}",
                start=start,
                end=min(size, start + length),
                confidence=draw(st.floats(0, 1)),
                reason="r",
            ),
            "redact" if taken else "flag",
        )
        for at, (start, length, taken) in enumerate(places)
    ]
    return text, sorted(found, key=lambda one: (one.finding.start, one.finding.end))


@pytest.mark.proves("E-GUARD-REDACT")
@given(judged_texts())
def test_redaction_leaks_no_character_and_keeps_every_other_in_order(case: tuple[str, list[Judged]]) -> None:
    text, judged = case
    taken = {
        at for one in judged if one.action == "redact" for at in range(one.finding.start, one.finding.end)
    }
    after = redacted(text, judged)
    assert [char for char in after if ord(char) >= MARK] == [
        char for at, char in enumerate(text) if at not in taken
    ]
    stretches = merged(judged)
    assert all(one[1] <= other[0] for one, other in pairwise(stretches))
    assert after.count("[") == len(stretches)


PIECES = st.sampled_from(
    [
        *(
            "4111 1111 1111 1111",
            "4111111111111112",
            "GB82 WEST 1234 5698 7654 32",
            "219-09-9999",
            "12345678Z",
        ),
        *(
            "a.b@mail.example",
            "@",
            "+44 20 7946 0958",
            "call 555 0134",
            "phone",
            "9",
            "1 ",
            "-",
            "123",
            "4567",
        ),
        *("sk-abc", "password: Xy12", "AKIAABCDEFGHIJKLMNOP", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
        *(
            "-----BEGIN PRIVATE KEY-----\n",
            "MIIEpAIBAAKCAQEAxxxxxxxxxxxx\n",
            "https://u:pass@host",
            "203.0.113.9",
        ),
        *("![x](https://evil.example/p)", "<script>", "rm -rf /", "born on 3 March 1990", "passport no "),
        *("X1234567", " ", " ", "\n", ".", "word", "and the", "é"),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)
CUTS = st.lists(st.integers(1, 60), min_size=1, max_size=40)
RELEASING = load_guard()
BLOCKING = parse_guard(
    "detectors: {pii: {}, secrets: {}}\n"
    "rules: [{find: [pii.card, secrets.*], do: block}, {find: [pii.*], do: redact}]",
    "guard.yaml",
)
WHOLE = parse_guard(default_policy() + "stream: {whole: buffer}\n", "guard.yaml")


@pytest.mark.proves("E-GUARD-REDACT")
@settings(max_examples=60)
@given(TEXTS)
def test_what_was_redacted_is_not_redacted_again(text: str) -> None:
    once = RELEASING.check(text, OUT)
    if once.passes:
        assert RELEASING.check(once.text, OUT).text == once.text


@pytest.mark.proves("E-GUARD-STREAM")
@pytest.mark.parametrize("guard", [RELEASING, BLOCKING, WHOLE], ids=["redacting", "blocking", "buffering"])
@settings(max_examples=60)
@given(TEXTS, CUTS)
def test_a_stream_passes_on_what_the_whole_text_would_however_it_is_cut(guard, text, cuts) -> None:
    whole = guard.check(text, OUT)
    late = guard.counts.get("stream.late", 0)
    stream = Stream(guard, OUT)
    passed, at, result = "", 0, None
    for size in cuts * (len(text) // len(cuts) + 1):
        piece = stream.feed(text[at : at + size])
        passed, at, result = passed + piece.text, at + size, piece.result or result
    end = stream.close()
    passed, result = passed + end.text, end.result or result
    assert result is not None
    assert (result.action, guard.counts.get("stream.late", 0)) == (whole.action, late)
    if whole.passes:
        assert (passed, result) == (whole.text, whole)
    else:
        assert guard.check(passed, OUT).passes


LONG = st.sampled_from(
    [
        *(
            "anna.maria.theresia.",
            "of.the.long.names",
            "@mail",
            ".example",
            "eyJhbGciOiJIUzI1NiJ9.eyJ",
            "a" * 50,
        ),
        *("curl ", "https://mirror.example/", "install.sh", " | ", "bash", "wget\t", "delete from ", ";"),
        *(
            "the quiet merger ",
            "of both of the houses ",
            "of the river",
            "4111 1111 1111 1111",
            "://app:",
            "Zk3qW9x",
        ),
        *("password: ", "sk-", " ", "\n", "and ", '"', "x" * 200),
    ]
)
STOPPING = parse_guard(
    "decode: {depth: 0}\ndetectors:\n  pii: {}\n  secrets: {}\n  code: {}\n"
    "  topics: {words: {t: [the quiet merger of both of the houses of the river]}}\n"
    "rules: [{find: ['*'], do: block}]",
    "guard.yaml",
)


@pytest.mark.proves("E-GUARD-STREAM-SPAN")
@settings(max_examples=100)
@given(st.lists(LONG, max_size=25).map("".join), CUTS)
def test_nothing_of_what_ends_up_stopped_is_released(text: str, cuts: list[int]) -> None:
    whole = STOPPING.check(text, OUT)
    stream = Stream(STOPPING, OUT)
    passed, at = "", 0
    for size in cuts * (len(text) // len(cuts) + 1):
        passed, at = passed + stream.feed(text[at : at + size]).text, at + size
    passed += stream.close().text
    first = min((one.finding.start for one in whole.findings), default=len(text))
    assert text.startswith(passed)
    assert len(passed) <= first
    assert whole.findings or passed == text
