"""Published vectors: Wycheproof's, and the examples of the RFCs."""

import base64
import json
from pathlib import Path
from unittest import mock

import jwt
import pytest
from attacks import Attack, parameters
from token_attacks import NOW, TokenAttack, answered, compared_with_pyjwt, is_answer

VECTORS = Path(__file__).parent / "vectors"


def decoded(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def vectors(name):
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


# Wycheproof's payloads are no claims, so that no answer tells a signature that holds from one that does not. The clock
# does: it is asked once a signature has been found to hold.

SKIPS_CHARACTERS = {372, 373}
"""Valid to a reader that skips what is not base64url."""
HOLDS_AS_IT_IS_SPELLED = {365, 366, 368, 369, 371, 375}
"""Invalid for the spelling of a segment; the MAC is that of the segments as they are spelled."""


def signature_attacks():
    for group in vectors("json_web_signature")["groups"]:
        for test in group["tests"]:
            number = test["tcId"]
            is_valid = (
                test["result"] == "valid" and number not in SKIPS_CHARACTERS
            ) or number in HOLDS_AS_IT_IS_SPELLED
            yield Attack(
                f"tcId-{number}-{test['comment']}",
                "token.signature",
                f"Wycheproof json_web_signature_test tcId {number}",
                (test["jws"], decoded(group["k"])),
                is_valid,
            )


@pytest.mark.parametrize("attack", parameters(signature_attacks()))
def test_a_signature_of_wycheproof_is_judged_as_there(engine, attack):
    token, secret = attack.given
    with mock.patch("time.time", return_value=NOW) as clock:
        assert engine.verify_token(token, secret) is None
    assert clock.call_count == attack.answer


def mac_attacks():
    for test in vectors("hmac_sha256")["tests"]:
        key, message, tag = (bytes.fromhex(test[name]) for name in ("key", "msg", "tag"))
        source = f"Wycheproof hmac_sha256_test tcId {test['tcId']}"
        name = f"tcId-{test['tcId']}"
        yield Attack(name, "token.signature", source, (key, message, tag), test["result"] == "valid")


@pytest.mark.parametrize("attack", parameters(mac_attacks()))
def test_the_mac_that_the_pure_engine_borrows_is_judged_as_there(attack):
    """The Rust engine's own is tested in ``rust/core/src/hs256.rs``."""
    key, message, tag = attack.given
    assert jwt.get_algorithm_by_name("HS256").verify(message, key, tag) is attack.answer


# The examples of the RFCs, with the key of RFC 7515 appendix A.1.1

KEY = decoded("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
EXAMPLE = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
CLAIMS = {"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": True}
FIGURE_35 = vectors("json_web_signature")["groups"][1]


def example(name, rule, source, token, answer=None, **rest):
    return TokenAttack(name, rule, source, token, answer, **{"secret": KEY, "now": 1_300_819_379.9, **rest})


EXAMPLES = [
    example("hs256", "token.values", "RFC 7515 appendix A.1", EXAMPLE, CLAIMS),
    example("hs256-of-the-rfc-of-tokens", "token.values", "RFC 7519 section 3.1", EXAMPLE, CLAIMS, now=0.0),
    example("hs256-when-it-expires", "claims.exp", "RFC 7515 appendix A.1", EXAMPLE, now=1_300_819_380.0),
    example("hs256-now", "claims.exp", "RFC 7515 appendix A.1", EXAMPLE, now=NOW),
    example("hs256-with-another-key", "token.signature", "RFC 7515 appendix A.1", EXAMPLE, secret=KEY[:-1]),
    example(
        "hs256-with-the-key-as-text",
        "token.signature",
        "RFC 7515 appendix A.1.1",
        EXAMPLE,
        secret=base64.urlsafe_b64encode(KEY).decode(),
    ),
    example(
        "general-json",
        "token.segments",
        "RFC 7515 appendix A.6.4",
        json.dumps({"payload": EXAMPLE.split(".")[1], "signatures": [{"protected": "eyJhbGciOiJSUzI1NiJ9"}]}),
    ),
    example(
        "flattened-json",
        "token.segments",
        "RFC 7515 appendix A.7",
        json.dumps({"payload": EXAMPLE.split(".")[1], "protected": "eyJhbGciOiJFUzI1NiJ9"}),
    ),
    example("detached", "token.segments", "RFC 7515 appendix F", f"{EXAMPLE.split('.')[0]}..{EXAMPLE.split('.')[2]}"),
    example(
        "plaintext-payload",
        "token.json",
        "RFC 7520 section 4.4",
        FIGURE_35["tests"][0]["jws"],
        secret=decoded(FIGURE_35["k"]),
    ),
    example(
        "detached-of-the-cookbook",
        "token.segments",
        "RFC 7520 section 4.5",
        ".".join([FIGURE_35["tests"][0]["jws"].split(".")[0], "", FIGURE_35["tests"][0]["jws"].split(".")[2]]),
        secret=decoded(FIGURE_35["k"]),
    ),
    example(
        "encoded-payload",
        "token.json",
        "RFC 7797 section 4.1",
        "eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ",
    ),
    example(
        "unencoded-payload-detached",
        "jose.b64",
        "RFC 7797 section 4.2",
        "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY",
    ),
    example(
        "unencoded-payload",
        "token.segments",
        "RFC 7797 section 4.2",
        "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19.$.02.A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY",
    ),
]


@pytest.mark.parametrize("attack", parameters(EXAMPLES))
def test_an_example_of_an_rfc_is_answered(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters(EXAMPLES))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt
