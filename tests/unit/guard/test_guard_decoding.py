"""What a text says in another writing is read, and what is no writing of another is let be."""

import base64
import unicodedata

import pytest

from genaiops.core import Where
from genaiops.guard import parse_guard
from genaiops.guard.decoding import decoded

IN = Where(surface="input")
CARD = "my card is 4111 1111 1111 1111 ok"
RAW = CARD.encode()
CARDS = parse_guard("detectors: {pii: {}}\nrules: [{find: [pii.card], do: redact}]", "guard.yaml")
CHESS = parse_guard(
    "detectors: {topics: {words: {game: [forbidden chess]}}}\nrules: [{find: [topic.*], do: redact}]",
    "guard.yaml",
)
TOLD = "we all play forbidden chess"


def pieces(said: str, size: int, between: str) -> str:
    return between.join(said[at : at + size] for at in range(0, len(said), size))


@pytest.mark.proves("E-GUARD-DECODE")
@pytest.mark.parametrize(
    "written",
    [
        RAW.hex(" "),
        RAW.hex(":").upper(),
        RAW.hex("-"),
        ", ".join(f"0x{byte:02x}" for byte in RAW),
        base64.b32encode(RAW).decode().rstrip("="),
        base64.b64encode(CARD.encode("utf-16")).decode(),
        pieces(base64.b64encode(RAW).decode(), 4, " "),
        pieces(base64.b64encode(RAW * 3).decode(), 20, "\n"),
        pieces(base64.b64encode(RAW * 3).decode(), 76, "\r\n"),
        pieces((RAW * 2).hex(), 25, "\n"),
        "".join(f"\\x{byte:02x}" for byte in RAW),
        "".join(f"\\u{byte:04x}" for byte in RAW),
    ],
)
def test_groups_lines_escapes_and_other_bases_are_read_whole(written: str) -> None:
    assert CARDS.check(f"Read {written} now", IN).text == "Read [pii.card] now"
    assert CARDS.check(f"say={written}", IN).text == "say=[pii.card]"


@pytest.mark.proves("E-GUARD-DECODE", "E-GUARD-REDACT")
@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a card 4111&#32;1111&#x20;1111 1111 &amp; more", "a card [pii.card] &amp; more"),
        ("a card 4111 1111 1111 111&amp;#49; ok", "a card [pii.card] ok"),
        ('{"a": "card \\u0034111 1111 1111 1111 ok"}', '{"a": "card [pii.card] ok"}'),
        ("card \\x34111 1111 1111 111\\x31 ok, 100%", "card [pii.card] ok, 100%"),
        ("?q=4111%201111%201111%201111&p=1", "?q=[pii.card]&p=1"),
        ("%41 " + "many words " * 20 + "4111%201111 1111%201111 ok", None),
    ],
)
def test_escapes_are_read_with_what_stands_around_them_and_found_where_they_are(
    text: str, after: str | None
) -> None:
    assert CARDS.check(text, IN).text == (after or text.replace("4111%201111 1111%201111", "[pii.card]"))


@pytest.mark.proves("E-GUARD-DECODE", "E-GUARD-HIDDEN")
@pytest.mark.parametrize(
    "written",
    [
        "we all play fоrbiddеn сhеss",
        "wе аll play fοrbidden chess",
        "we all play forbidden сһеѕѕ",
        "ｗｅ all play ｆｏｒｂｉｄｄｅｎ chess",
        "we all play 🅵🅾🆁🅱🅸🅳🅳🅴🅽 🄲🄷🄴🅂🅂",
        "we all play ⒡⒪⒭⒝⒤⒟⒟⒠⒩ ⓒⓗⓔⓢⓢ",
        "we all play ꜰᴏʀʙɪᴅᴅᴇɴ ᶜʰᵉˢˢ",
        "we all play 🇫🇴🇷🇧🇮🇩🇩🇪🇳 🇨🇭🇪🇸🇸",
        "we all play f\u0336o\u0336r\u0336bidde\u0301n c\u0317h\u0336e\u0336s\u0336s",
        "we all play ⅽhеss: forbidden ⅽhess",
        "Привет: we all play fоrbidden chеss",
    ],
)
def test_letters_that_look_like_others_are_read_as_those_and_found_where_they_stand(written: str) -> None:
    text = f"{written} and go"
    (one,) = CHESS.check(text, IN).findings
    assert (one.finding.category, text[one.finding.end :]) == ("topic.game", " and go")
    assert text[one.finding.start].casefold() not in " "
    assert text[: one.finding.start].endswith(" ")


@pytest.mark.proves("E-GUARD-DECODE", "E-GUARD-HIDDEN")
def test_languages_formulas_and_ordinary_writings_are_nothing_else() -> None:
    for text in (
        "Скажите, пожалуйста, как в Python отсортировать list по key? Это всё а не Б.",
        "Μπορείτε να μου πείτε πότε φεύγει το Intercity;",
        "Կարո՞ղ եք ասել, թե երբ է մեկնում գնացքը",
        unicodedata.normalize("NFD", "Où est le café ? Größe, señor, Tiếng Việt, čeština"),
        "The α-helix at 10⁶ Pa of CO₂, ρ = 3 · 🇩🇪 🇫🇷 and 1️⃣ naïve façade™",
        "the internationalization of telecommunications/administration, a-b-c-d-e-f-g-h-i-j",
        "SHA-256 fingerprint 9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15 at 10 20 11 12 09 08 07 06",
        "Some more than that must come here with this text that they will have been",
        "&lt;b&gt;A &amp; B&lt;/b&gt; &quot;c&quot; C:\\users\\xavier 100% of 50%",
        "d41d8cd9-8f00-b204-e980-0998ecf8427e INTERNATIONALISATION",
    ):
        assert decoded(text, 3, 65_536).views == [], text


@pytest.mark.proves("E-GUARD-LINEAR")
def test_a_text_with_more_escapes_than_are_read_is_beyond_and_read_no_further() -> None:
    read = decoded("%41 word " * 40_000, 3, 65_536)
    assert (read.views, len(read.beyond)) == ([], 1)
    assert len(read.beyond[0].says) < 70_000


@pytest.mark.proves("E-GUARD-DECODE")
def test_letters_of_another_script_are_read_in_what_is_encoded_too() -> None:
    written = base64.b64encode("we all play forbidden сhess".encode()).decode()  # with a Cyrillic с
    (judged,) = CHESS.check(written, IN).findings
    assert judged.finding.category == "topic.game"
    assert (judged.finding.start, judged.finding.end) == (0, len(written))
