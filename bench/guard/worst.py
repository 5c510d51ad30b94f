"""Texts of 256 KiB that are made to be slow: for each pattern its beginning over and over, never its end."""

from collections.abc import Iterator

from genaiops.guard.loading import default_policy

SIZE = 256 * 1024

SEEDS = {
    "letters": "a",
    "digits": "1",
    "blanks": " ",
    "newlines": "\n",
    "digits and blanks": "1 ",
    "digits and dots": "1.",
    "digits and hyphens": "1-",
    "brackets and digits": "(1",
    "plus": "+1 ",
    "cards, wrong check": "4111 1111 1111 1112 ",
    "cards of four": "4444 ",
    "cards, right": "4111111111111111 ",
    "cards in cells": "4111\t1111\t",
    "cards as fields": "1,4111111111111111,",
    "cards in Markdown": "**4111** ",
    "escaped blanks": "4111&nbsp;",
    "digits of another script": "\u0664",
    "dashes": "4\u2013",
    "days and times": "2026-11-30 12:00:11 ",
    "amounts": "2026-11-30,4123.55\n",
    "phones": "+1 415 555 2671 ",
    "phone words": "phone 1234567 ",
    "social security": "123-45-6789 ",
    "nine digits": "123456782 ",
    "eleven digits": "86095742719 ",
    "ibans, wrong check": "GB29NWBK60161331926818 ",
    "iban beginnings": "GB29 ",
    "capitals and digits": "A1 ",
    "codice fiscale": "RSSMRA85T10A562S ",
    "mails": "a@b.co ",
    "at signs": "@",
    "mail beginnings": "a.b-c@",
    "dots": "a.",
    "ips": "1.2.3.4 ",
    "colons": "a:",
    "macs": "00:11:22:33:44:5g ",
    "passports": "passport number ",
    "births": "born on the ",
    "key names": "api_key = ",
    "passwords": "password: Abc12345 ",
    "passwords in quotes": 'password="',
    "passwords after passwords": "pass=a1b2c3",
    "passwords in cells": "| password | ",
    "passwords in tags": "<password>a1",
    "credentials in headers": "Authorization: Bearer ",
    "openpgp": "-----BEGIN PGP PRIVATE KEY BLOCK-----\nAAAA\n",
    "key prefixes": "sk-",
    "key prefixes and blanks": "sk-abcdefghijklmnopqrst1 ",
    "tokens": "eyJhbGciOiJIUzI1NiJ9.eyJ",
    "pem headers": "-----BEGIN PRIVATE KEY-----",
    "pem bodies": "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEAxxxxxx\n",
    "urls with passwords": "http://a:b",
    "urls": "https://a.example/?q=" + "x1Y" * 9 + " ",
    "images": "![a](https://a.example/x.png) ",
    "brackets": "![",
    "tags": "<img ",
    "scripts": "<script",
    "handlers": " onload =",
    "sql": "delete from a ",
    "shell": "curl a ",
    "percent": "%41",
    "percent apart": "%41 ",
    "percent alone": "a%",
    "entities": "&#65;",
    "ampersands": "&",
    "base64": "QUJD",
    "base64 words": "aGVsbG8gd29ybGQgMTIz ",
    "hex words": "68656c6c6f20776f726c6420 ",
    "hex": "4142",
    "hex in pairs": "41 ",
    "base64 in fours": "QUJD ",
    "base64 in lines": "aGVsbG8gd29ybGQgMTIz\n",
    "base32": "JBSWY3DPEBLW64TMMQ ",
    "escapes apart": "\\u0041 and some words that stand around it ",
    "entities of entities": "&amp;#",
    "leet": "a1b ",
    "rot13": " gur naq",
    "zero-width": "a\u200b",
    "tag characters": "\U000e0041",
    "selectors": "\ufe01\ufe02 ",
    "overrides": "\u202ea",
    "mixed words": "p\u0430ypal ",
    "long mixed word": "\u0430a",
    "not ascii": "é",
    "mixed words among others": "\u0430a \u0436 ",
    "words that look alike": "\u0440\u0430 ",
    "letters struck through": "a\u0336",
    "letters in boxes": "\U0001f178",
    "dotted capital i": "\u0130",
    "same word": "token ",
    "harmful requests": "how to kill people. ",
    "harmful words": "kill people bomb ",
    "small words": "the and de la und der ",
    "short lines": "das ist es\n",
    "nested lists": "[",
    "empty objects": '{"a":',
}

TANGLED = {
    "images by reference": "![x][1]\n[1]: //e.example\n",
    "brackets that close": "](//e.example/",
    "captions that close": "](&#58; ",
    "attributes": "<img src=//e.example ",
    "styles": "<style>url(//e.example ",
    "tags and quotes": '<a ="',
}
"""What does not end: to take one address out can make an image of the next, so the fuzz has none of these."""


def everything() -> str:
    """Return the default policy with the detectors that it does not name and that need no extra."""
    more = "  language: {allow: [en]}\n  json: {}\n  harmful: {}\n  topics: {words: {rivals: [acme]}}\n"
    rule = "  - {find: [language.*, json.*, harmful.*, topic.*], do: flag}\n"
    return (
        default_policy().replace("detectors:\n", "detectors:\n" + more).replace("rules:\n", "rules:\n" + rule)
    )


def worst() -> Iterator[tuple[str, str]]:
    """Yield each text with its name, cut to 256 KiB."""
    for name, seed in (SEEDS | TANGLED).items():
        text = seed * (SIZE // len(seed.encode()))
        yield name, text
