import json

import pytest

from genaiops.core import (
    Statement,
    Subject,
    UserError,
    load_public_key,
    load_signing_key,
    new_signing_key,
    open_statement,
    sign_statement,
)

KEY = new_signing_key()
STATEMENT = Statement(
    subjects=(Subject("scores.jsonl", {"sha256": "0" * 64}), Subject("candidate", {"gitTree": "1" * 40})),
    predicate_type="urn:example:v1",
    predicate={"outcome": "pass"},
)
SIGNED = sign_statement(STATEMENT, KEY)


def test_a_signed_statement_comes_back_with_its_signer():
    opened = open_statement(SIGNED, [new_signing_key().public, KEY.public])
    assert opened.statement == STATEMENT
    assert opened.signer == KEY.public.id
    assert opened.key_ids == (KEY.public.id,)


@pytest.mark.parametrize("keys", [[], [new_signing_key().public]])
def test_a_key_that_did_not_sign_is_not_named_as_the_signer(keys):
    assert open_statement(SIGNED, keys).signer is None


def test_every_single_changed_byte_of_an_envelope_is_noticed():
    for at in range(len(SIGNED)):
        changed = bytearray(SIGNED)
        changed[at] ^= 1
        try:
            opened = open_statement(bytes(changed), [KEY.public])
        except UserError:
            continue
        assert opened.signer is None, f"byte {at} may change unseen"


def test_another_spelling_of_the_same_json_is_refused():
    for other in (SIGNED.strip(), SIGNED + b"\n", json.dumps(json.loads(SIGNED), indent=1).encode()):
        with pytest.raises(UserError, match="GAO-CORE-006"):
            open_statement(other, [KEY.public])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"x"',
        b"\xff",
        b'{"payload":1,"payloadType":2,"signatures":3}',
        b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}\n',
        b'{"payload":"AA==","payloadType":"x","signatures":[{"keyid":1,"sig":"AA=="}]}\n',
        b"[" * 100_000,
    ],
)
def test_what_is_no_statement_is_a_user_error(content):
    with pytest.raises(UserError) as caught:
        open_statement(content, [KEY.public], where="statement.intoto.jsonl")
    assert caught.value.where == "statement.intoto.jsonl"


def test_keys_survive_their_files_and_tell_nothing_when_printed():
    again = load_signing_key(KEY.pem())
    assert again.public == KEY.public == load_public_key(KEY.public.pem())
    assert repr(again) == f"SigningKey(id={KEY.public.id!r})"


@pytest.mark.parametrize("load", [load_signing_key, load_public_key])
@pytest.mark.parametrize(
    "pem", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_a_user_error(load, pem):
    with pytest.raises(UserError, match="GAO-CORE-005"):
        load(pem)
