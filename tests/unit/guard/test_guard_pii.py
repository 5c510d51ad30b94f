"""Personal data: numbers with right and wrong check digits, contacts, and what only words make personal."""

from collections.abc import Iterator

import pytest

from genaiops.core import Finding, Where
from genaiops.guard.detectors.base import Budget, each_kind
from genaiops.guard.detectors.pii import checksums
from genaiops.guard.model import TooMuch
from genaiops.guard.registry import build_detector

PII = build_detector("pii", {}, "test")


def found(text: str, at_least: float = 0.5) -> dict[str, str]:
    """Return what is found in `text`: its stretch by its category without `pii.`."""
    findings: list[Finding] = list(PII.detect(text, Where(surface="input")))
    return {
        one.category.removeprefix("pii."): text[one.start : one.end]
        for one in findings
        if one.confidence >= at_least
    }


# published test numbers of issuers and of the standards, none of a person
@pytest.mark.proves("E-GUARD-PII")
@pytest.mark.parametrize(
    ("category", "text", "stretch"),
    [
        ("card", "Visa 4111 1111 1111 1111.", "4111 1111 1111 1111"),
        ("card", "x 378282246310005 y", "378282246310005"),
        ("card", "5555-5555-5555-4444", "5555-5555-5555-4444"),
        ("card", "2223003122003222", "2223003122003222"),
        ("card", "3530111333300000", "3530111333300000"),
        ("iban", "to GB82 WEST 1234 5698 7654 32, please", "GB82 WEST 1234 5698 7654 32"),
        ("iban", "DE89370400440532013000", "DE89370400440532013000"),
        ("iban", "NO9386011117947 is Norwegian", "NO9386011117947"),
        ("iban", "my iban: gb82west12345698765432", "gb82west12345698765432"),
        ("us_ssn", "SSN: 219-09-9999", "219-09-9999"),
        ("us_ssn", "social security number 219099999", "219099999"),
        ("gb_nino", "AB 12 34 56 C", "AB 12 34 56 C"),
        ("gb_nhs", "NHS number 943 476 5919", "943 476 5919"),
        ("de_tax_id", "Steuer-ID 86 095 742 719", "86 095 742 719"),
        ("fr_nir", "2 69 05 49 588 157 80", "2 69 05 49 588 157 80"),
        ("es_dni", "DNI 12345678Z", "12345678Z"),
        ("es_nie", "X1234567L", "X1234567L"),
        ("it_codice_fiscale", "RSSMRA85T10A562S", "RSSMRA85T10A562S"),
        ("nl_bsn", "BSN 111222333", "111222333"),
        ("be_national", "93.05.18-223.61", "93.05.18-223.61"),
        ("pl_pesel", "PESEL 44051401359", "44051401359"),
        ("se_personnummer", "personnummer 811218-9876", "811218-9876"),
        ("fi_hetu", "131052-308T", "131052-308T"),
        ("br_cpf", "111.444.777-35", "111.444.777-35"),
        ("br_cnpj", "11.222.333/0001-81", "11.222.333/0001-81"),
        ("in_aadhaar", "2341 2341 2346", "2341 2341 2346"),
        ("in_pan", "ABCPE1234F", "ABCPE1234F"),
        ("au_tfn", "TFN 123 456 782", "123 456 782"),
        ("ca_sin", "SIN 130 692 544", "130 692 544"),
        ("ch_ahv", "756.9217.0769.85", "756.9217.0769.85"),
        ("email", "write to josé.ñ+x@mail.example.co.uk.", "josé.ñ+x@mail.example.co.uk"),
        ("phone", "+44 20 7946 0958", "+44 20 7946 0958"),
        ("phone", "(415) 555-2671 x12", "(415) 555-2671 x12"),
        ("phone", "call me: 555 0134", "555 0134"),
        ("phone", "01 84 17 61 18", "01 84 17 61 18"),
        ("ip", "from 203.0.113.9.", "203.0.113.9"),
        ("ip", "2001:db8::8a2e:370:7334", "2001:db8::8a2e:370:7334"),
        ("mac", "00:1b:44:11:3a:b7", "00:1b:44:11:3a:b7"),
        ("passport", "Passport no. X1234567", "X1234567"),
        ("driving_licence", "driver's license number is F162-8235", "F162-8235"),
        ("birth_date", "born on 3 March 1990", "3 March 1990"),
        ("birth_date", "DOB: 11/22/2000", "11/22/2000"),
    ],
)
def test_personal_data_are_found_where_they_stand(category: str, text: str, stretch: str) -> None:
    assert found(text).get(category) == stretch


@pytest.mark.proves("E-GUARD-PII")
@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "order 4111-1111 1111-1111",
        "GB82 WEST 1234 5698 7654 33",
        "000-12-3456 and 666-12-3456 and 123-00-4567",
        "12345678A",
        "RSSMRA85T10A562X",
        "111.444.777-36",
        "943 476 5918",
        "version 10.2.3.4444, build 256.1.1.1",
        "127.0.0.1 and ::1 and std::vector and 12:30:45",
        "2024-11-30 18:19:22, 1,234,567.89 and 3.14159265358979",
        "sha256:9f86d081884c7d659a2feaa0c55ad015",
        "user@localhost, @handle, a@b, @@@",
        "rotate 60-90 days, chapter 12 3 4, 100 000 000 rows",
        "123e4567-e89b-12d3-a456-426614174000",
        "born in Berlin, a passport to success",
    ],
)
def test_numbers_that_are_nobodys_are_let_be(text: str) -> None:
    assert found(text) == {}


@pytest.mark.proves("E-GUARD-PII-FIELD")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,card\n1001,4111111111111111,Anna", {"card": "4111111111111111"}),
        ("0,4111111111111111,Anna", {"card": "4111111111111111"}),
        ("1,4111 1111 1111 1111,Bob", {"card": "4111 1111 1111 1111"}),
        ("2,123-45-6789,Bob", {"us_ssn": "123-45-6789"}),
        ("7,12345678Z,Eva", {"es_dni": "12345678Z"}),
        ("3,415-555-2671,Bob", {"phone": "415-555-2671"}),
        ("Bob,415-555-2671", {"phone": "415-555-2671"}),
        # what stands behind a comma may be the rest of a number
        ("1,234,567.89 or 0,00123456789 or 1,234 567 8901", {}),
        ("call 1,234567890", {}),
        ("0.4111111111111111 and 12.378282246310005", {}),
        ("5.123-45-6789", {}),
    ],
)
def test_a_number_that_is_a_field_behind_a_comma_is_found_and_a_decimal_is_not(
    text: str, expected: dict[str, str]
) -> None:
    assert found(text) == expected


def test_every_number_of_a_list_without_blanks_is_found() -> None:
    findings = PII.detect("4111111111111111,5500005555555559", Where(surface="output"))
    assert [(one.start, one.end) for one in findings] == [(0, 16), (17, 33)]


GAPS = (
    *(
        "\u00a0",
        "\u202f",
        "\u2009",
        "\u2007",
        "\u2010",
        "\u2011",
        "\u2013",
        "\u2015",
        "\u2212",
        ".",
        "/",
        "-",
    ),
    *(" - ", "  ", "\t", "** **", "* *", "`-`", "_", "&nbsp;", "&#160;", "\\u00a0"),
)


@pytest.mark.proves("E-GUARD-PII-GAPS")
@pytest.mark.parametrize("gap", GAPS)
def test_whatever_people_write_between_its_groups_a_number_is_found_whole(gap: str) -> None:
    card = gap.join(("4111", "1111", "1111", "1111"))
    amex = gap.join(("3782", "822463", "10005"))
    iban = gap.join(("DE89", "3704", "0044", "0532", "0130", "00"))
    assert found(f"Ä: {card} stays")["card"] == card
    assert found(f"of {amex}.")["card"] == amex
    assert found(f"to {iban}, please")["iban"] == iban


@pytest.mark.proves("E-GUARD-PII-GAPS")
@pytest.mark.parametrize(
    ("category", "number"),
    [
        ("card", "4111 1111\n1111 1111"),
        ("card", "4111 1111 1111\r\n1111"),
        ("card", "3782 822463\n10005"),
        ("card", "٤١١١ ١١١١ ١١١١ ١١١١"),
        ("card", "๔๑๑๑๑๑๑๑๑๑๑๑๑๑๑๑"),
        ("iban", "DE89 3704 0044\n0532 0130 00"),
        ("iban", "DE٨٩ ٣٧٠٤ ٠٠٤٤ ٠٥٣٢ ٠١٣٠ ٠٠"),
        ("us_ssn", "219\u201309\u20139999"),
        ("phone", "+49\u00a0170\u00a01234567"),
    ],
)
def test_numbers_in_digits_of_any_script_and_over_lines_are_found(category: str, number: str) -> None:
    assert found(f"it is {number} indeed").get(category) == number


@pytest.mark.parametrize(
    "text",
    [
        "2016\t4111\t1111\t1111\t1111\t5",
        "4111  1111  1111  1111  1112",
        "4111\n1111\n1111\n1111\n12",
        "4111/1111.1111-1111",
    ],
)
def test_columns_and_lines_of_four_digits_are_no_card(text: str) -> None:
    assert found(text) == {}


@pytest.mark.proves("E-GUARD-PII-TABLES")
def test_a_table_of_thousands_of_customers_is_looked_at_whole() -> None:
    rows = [f"{at};a{at}@example.com;+49 170 {1000000 + at};2026-01-05" for at in range(2600)]
    findings = PII.detect("\n".join([*rows, "x,4111111111111111"]), Where(surface="output"))
    assert len(findings) == 2 * 2600 + 1


@pytest.mark.proves("E-GUARD-PII-TABLES", "E-GUARD-TOO-MUCH")
def test_what_there_is_too_much_of_hides_nothing_of_another_kind() -> None:
    flood = "a1@b.co " * 16_000
    with pytest.raises(TooMuch) as error:
        PII.detect(f"{flood} 4111 1111 1111 1111 DE89370400440532013000", Where(surface="output"))
    found_by_then = {one.category for one in error.value.found}
    assert found_by_then == {"pii.email", "pii.card", "pii.iban"}


@pytest.mark.proves("E-GUARD-TOO-MUCH")
def test_what_was_all_looked_at_is_not_called_too_much() -> None:
    def kind(budget: Budget) -> Iterator[int]:
        yield 1
        budget.spend(6)

    assert list(each_kind([kind, kind], Budget(10), least=6)) == [1, 1]
    with pytest.raises(TooMuch):
        list(each_kind([kind, kind], Budget(4), least=5))


def test_only_the_countries_of_the_policy_count() -> None:
    ours = build_detector("pii", {"countries": ["es"]}, "test")
    assert [one.category for one in ours.detect("12345678Z 219-09-9999", Where(surface="input"))] == [
        "pii.es_dni"
    ]


@pytest.mark.parametrize("check", [checksums.luhn, checksums.verhoeff])
def test_a_check_digit_tells_one_wrong_digit(check: object) -> None:
    right = {checksums.luhn: "4111111111111111", checksums.verhoeff: "234123412346"}[check]  # pyright: ignore
    assert check(right)  # pyright: ignore
    for at in range(len(right)):
        for digit in set("0123456789") - {right[at]}:
            assert not check(right[:at] + digit + right[at + 1 :])  # pyright: ignore
