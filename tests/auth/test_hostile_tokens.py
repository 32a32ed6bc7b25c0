"""verify_token is None for every token that is malformed, forged or odd; it never raises."""

import hashlib
import hmac
import json
import time

import pytest
from hostile_objects import HostileText
from raw_tokens import SECRET, base64url, sign_bytes, sign_claims, sign_segments

PAYLOAD = b'{"sub":"alice"}'
TOKEN = sign_bytes(PAYLOAD)
HEAD, BODY, SIGNATURE = TOKEN.split(".")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def with_trailing_bits(segment):
    """The same bytes for a lax decoder: the last character's unused bits are set (RFC 4648 section 3.5)."""
    return segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) + 1]


def padded(segment):
    return segment + "=" * (-len(segment) % 4)


def signed_with(digest, alg):
    head = base64url(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    signature = hmac.new(SECRET.encode(), f"{head}.{BODY}".encode(), digest).digest()
    return f"{head}.{BODY}.{base64url(signature)}"


def test_the_token_that_the_rows_deviate_from_is_accepted(auth):
    assert auth.verify_token(TOKEN, SECRET) == {"sub": "alice"}


# Not a token at all


NO_TOKENS = [None, 0, 5, 1.5, True, [], [TOKEN], (TOKEN,), {TOKEN: 1}, object(), str, Ellipsis]
NO_TOKENS += [TOKEN.encode(), bytearray(TOKEN.encode()), memoryview(TOKEN.encode()), HostileText("a.b")]


@pytest.mark.parametrize("token", NO_TOKENS, ids=lambda token: type(token).__name__)
def test_what_is_no_str_is_no_token(auth, token):
    assert auth.verify_token(token, SECRET) is None


MALFORMED = {
    "empty": "",
    "dot": ".",
    "two-dots": "..",
    "three-dots": "...",
    "one-segment": HEAD,
    "two-segments": f"{HEAD}.{BODY}",
    "four-segments": f"{TOKEN}.{SIGNATURE}",
    "five-segments-jwe": f"{HEAD}.{BODY}.{BODY}.{BODY}.{SIGNATURE}",
    "empty-header": sign_segments("", BODY),
    "empty-payload": sign_segments(HEAD, ""),
    "empty-signature": f"{HEAD}.{BODY}.",
    "trailing-dot": TOKEN + ".",
    "leading-dot": "." + TOKEN,
    "bearer": "Bearer " + TOKEN,
    "leading-space": " " + TOKEN,
    "trailing-space": TOKEN + " ",
    "trailing-newline": TOKEN + "\n",
    "trailing-nul": TOKEN + "\0",
    "byte-order-mark": "\ufeff" + TOKEN,
    "quoted": f'"{TOKEN}"',
    "percent-encoded-dots": TOKEN.replace(".", "%2E"),
    "full-width-dots": TOKEN.replace(".", "\uff0e"),
    "lone-surrogate": TOKEN + "\ud800",
    "lone-surrogate-in-payload": f"{HEAD}.{BODY}\udc80.{SIGNATURE}",
    "non-ascii-letter": sign_segments(HEAD, BODY + "é"),
    "full-width-letter": TOKEN.replace("e", "\uff45", 1),
    "arabic-digit": sign_segments(HEAD, BODY + "\u0661"),
    "padded-header": sign_segments(padded(base64url(b'{"alg":"HS256"} ')), BODY),
    "padded-payload": sign_segments(HEAD, padded(base64url(PAYLOAD + b" "))),
    "padded-signature": f"{HEAD}.{BODY}.{padded(SIGNATURE)}",
    "standard-alphabet-payload": sign_segments(HEAD, base64url(b'{"a":"~~~???"}').replace("_", "/").replace("-", "+")),
    "standard-alphabet-signature": f"{HEAD}.{BODY}.{'+/' + SIGNATURE[2:]}",
    "space-in-payload": sign_segments(HEAD, BODY[:4] + " " + BODY[4:]),
    "newline-in-payload": sign_segments(HEAD, BODY[:4] + "\n" + BODY[4:]),
    "space-in-header": sign_segments(HEAD[:4] + " " + HEAD[4:], BODY),
    "newline-in-signature": f"{HEAD}.{BODY}.{SIGNATURE[:4]}\n{SIGNATURE[4:]}",
    "stray-character-in-payload": sign_segments(HEAD, BODY[:4] + "!" + BODY[4:]),
    "payload-of-4n-plus-1": sign_segments(HEAD, BODY + "A"),
    "header-of-4n-plus-1": sign_segments(base64url(b'{"alg":"HS256"}') + "A", BODY),
    "trailing-bits-in-header": sign_segments(with_trailing_bits(base64url(b'{"alg":"HS256"} ')), BODY),
    "trailing-bits-in-payload": sign_segments(HEAD, with_trailing_bits(base64url(PAYLOAD + b" "))),
    "trailing-bits-in-signature": f"{HEAD}.{BODY}.{with_trailing_bits(SIGNATURE)}",
    "signature-cut": TOKEN[:-1],
    "signature-extended": TOKEN + "A",
    "signature-of-another-secret": sign_bytes(PAYLOAD, secret=SECRET[::-1]),
    "signature-of-zeros": f"{HEAD}.{BODY}.{base64url(bytes(32))}",
    "signature-in-hex": f"{HEAD}.{BODY}.{hmac.new(SECRET.encode(), f'{HEAD}.{BODY}'.encode(), 'sha256').hexdigest()}",
    "signature-of-payload-alone": f"{HEAD}.{BODY}.{base64url(hmac.digest(SECRET.encode(), BODY.encode(), 'sha256'))}",
    "other-payload": f"{HEAD}.{base64url(b'{}')}.{SIGNATURE}",
    "other-header": f"{base64url(b'{ }')}.{BODY}.{SIGNATURE}",
    "oversized": sign_bytes(b'{"a":"' + b"x" * 65_536 + b'"}'),
    "megabytes-of-dots": "." * 5_000_000,
    "megabytes-of-letters": "A" * 5_000_000,
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_token_is_none(auth, token):
    assert auth.verify_token(token, SECRET) is None


def test_the_longest_token_is_accepted_and_one_character_more_is_not(auth):
    for length, accepted in [(65_536, True), (65_537, False)]:
        segment_length = length - len(HEAD) - len(SIGNATURE) - 2
        filler = segment_length * 3 // 4 - len(b'{"a":""}')
        token = sign_bytes(b'{"a":"%b"}' % (b"x" * filler))
        assert len(token) == length
        assert (auth.verify_token(token, SECRET) is not None) is accepted


def test_no_change_of_one_character_is_accepted(auth):
    for index, character in enumerate(TOKEN):
        changed = TOKEN[:index] + ("A" if character != "A" else "B") + TOKEN[index + 1 :]
        assert auth.verify_token(changed, SECRET) is None, changed


# Headers, each signed properly

HOSTILE_HEADERS = {
    "empty-object": b"{}",
    "array": b'["HS256"]',
    "string": b'"HS256"',
    "null": b"null",
    "no-json": b"HS256",
    "alg-none": b'{"alg":"none","typ":"JWT"}',
    "alg-None": b'{"alg":"None"}',
    "alg-empty": b'{"alg":""}',
    "alg-lowercase": b'{"alg":"hs256"}',
    "alg-mixed-case": b'{"alg":"Hs256"}',
    "alg-name-in-capitals": b'{"ALG":"HS256"}',
    "alg-space": b'{"alg":"HS256 "}',
    "alg-nul": rb'{"alg":"HS256\u0000"}',
    "alg-null": b'{"alg":null}',
    "alg-array": b'{"alg":["HS256"]}',
    "alg-object": b'{"alg":{"HS256":1}}',
    "alg-number": b'{"alg":256}',
    "alg-hs384": b'{"alg":"HS384"}',
    "alg-rs256": b'{"alg":"RS256"}',
    "last-alg-counts": b'{"alg":"HS256","alg":"none"}',
    "kid-number": b'{"alg":"HS256","kid":1}',
    "kid-null": b'{"alg":"HS256","kid":null}',
    "kid-array": b'{"alg":"HS256","kid":["a"]}',
    "b64-false": b'{"alg":"HS256","b64":false}',
    "b64-false-crit": b'{"alg":"HS256","b64":false,"crit":["b64"]}',
    "crit-empty": b'{"alg":"HS256","crit":[]}',
    "crit-null": b'{"alg":"HS256","crit":null}',
    "crit-string": b'{"alg":"HS256","b64":true,"crit":"b64"}',
    "crit-object": b'{"alg":"HS256","b64":true,"crit":{"b64":1}}',
    "crit-unknown": b'{"alg":"HS256","exp":1,"crit":["exp"]}',
    "crit-unknown-too": b'{"alg":"HS256","b64":true,"exp":1,"crit":["b64","exp"]}',
    "crit-number": b'{"alg":"HS256","b64":true,"crit":[1]}',
    "crit-absent-b64": b'{"alg":"HS256","crit":["b64"]}',
    "byte-order-mark": b'\xef\xbb\xbf{"alg":"HS256"}',
    "invalid-utf-8": b'{"alg":"HS256","a":"\xff"}',
    "utf-16": '{"alg":"HS256"}'.encode("utf-16-le"),
    "lone-surrogate": rb'{"alg":"HS256","a":"\ud800"}',
    "nan": b'{"alg":"HS256","a":NaN}',
    "trailing-comma": b'{"alg":"HS256",}',
    "trailing-garbage": b'{"alg":"HS256"}x',
    "two-objects": b'{"alg":"HS256"}{}',
    "unterminated": b'{"alg":"HS256"',
    "depth-65": b'{"alg":"HS256","a":' + b"[" * 64 + b"]" * 64 + b"}",
    "deep": b'{"alg":"HS256","a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
}


@pytest.mark.parametrize("header", HOSTILE_HEADERS.values(), ids=HOSTILE_HEADERS.keys())
def test_a_hostile_header_is_none_though_the_signature_holds(auth, header):
    assert auth.verify_token(sign_bytes(PAYLOAD, header=header), SECRET) is None


@pytest.mark.parametrize(("digest", "alg"), [(hashlib.sha384, "HS384"), (hashlib.sha512, "HS512")])
def test_the_right_mac_of_another_algorithm_is_none(auth, digest, alg):
    assert auth.verify_token(signed_with(digest, alg), SECRET) is None


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "HS256"])
def test_an_unsigned_token_is_none(auth, alg):
    head = base64url(json.dumps({"alg": alg}).encode())
    assert auth.verify_token(f"{head}.{BODY}.", SECRET) is None
    assert auth.verify_token(f"{head}.{BODY}", SECRET) is None


# Payloads, each signed properly

HOSTILE_PAYLOADS = {
    "array": b'[["sub","alice"]]',
    "string": b'"alice"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "white-space": b"   ",
    "no-json": b"sub=alice",
    "single-quotes": b"{'sub':'alice'}",
    "unquoted-name": b'{sub:"alice"}',
    "comment": b'{"sub":"alice"/**/}',
    "trailing-comma": b'{"sub":"alice",}',
    "trailing-comma-in-array": b'{"a":[1,]}',
    "leading-comma": b'{,"sub":"alice"}',
    "no-value": b'{"sub":}',
    "no-colon": b'{"sub" "alice"}',
    "number-as-name": b'{1:"alice"}',
    "trailing-garbage": PAYLOAD + b"x",
    "trailing-nul": PAYLOAD + b"\0",
    "trailing-form-feed": PAYLOAD + b"\f",
    "no-break-space": b"\xc2\xa0" + PAYLOAD,
    "two-objects": PAYLOAD + PAYLOAD,
    "unterminated-object": PAYLOAD[:-1],
    "unterminated-string": PAYLOAD[:-2],
    "crossed-brackets": b'{"a":[}]',
    "byte-order-mark": b"\xef\xbb\xbf" + PAYLOAD,
    "utf-16-le": PAYLOAD.decode().encode("utf-16-le"),
    "utf-16-be": PAYLOAD.decode().encode("utf-16-be"),
    "utf-32-le": PAYLOAD.decode().encode("utf-32-le"),
    "utf-8-invalid-byte": b'{"a":"\xff"}',
    "utf-8-overlong": b'{"a":"\xc0\xaf"}',
    "utf-8-cut": b'{"a":"\xe2\x82"}',
    "utf-8-surrogate": b'{"a":"\xed\xa0\x80"}',
    "utf-8-beyond-unicode": b'{"a":"\xf4\x90\x80\x80"}',
    "latin-1": '{"a":"é"}'.encode("latin-1"),
    "lone-high-surrogate": rb'{"a":"\ud800"}',
    "lone-low-surrogate": rb'{"a":"\udc00"}',
    "surrogates-in-wrong-order": rb'{"a":"\udc00\ud800"}',
    "lone-surrogate-in-name": rb'{"\ud800":1}',
    "lone-surrogate-in-overwritten-member": rb'{"a":"\ud800","a":1}',
    "lone-surrogate-deep": rb'{"a":[{"b":["\ud83dx"]}]}',
    "control-in-string": b'{"a":"\x01"}',
    "newline-in-string": b'{"a":"\n"}',
    "nul-in-string": b'{"a":"\0"}',
    "bad-escape": rb'{"a":"\x41"}',
    "short-unicode-escape": rb'{"a":"\u12"}',
    "sign-in-unicode-escape": rb'{"a":"\u+123"}',
    "underscore-in-unicode-escape": rb'{"a":"\u1_23"}',
    "nan": b'{"a":NaN}',
    "infinity": b'{"a":Infinity}',
    "negative-infinity": b'{"a":-Infinity}',
    "nan-deep": b'{"a":[[NaN]]}',
    "overflow": b'{"a":1e400}',
    "negative-overflow": b'{"a":-1e400}',
    "overflow-in-overwritten-member": b'{"a":1e400,"a":1}',
    "leading-zero": b'{"a":01}',
    "leading-plus": b'{"a":+1}',
    "no-integer-part": b'{"a":.5}',
    "no-fraction": b'{"a":1.}',
    "no-exponent": b'{"a":1e}',
    "minus-alone": b'{"a":-}',
    "hexadecimal": b'{"a":0x10}',
    "underscore-in-number": b'{"a":1_0}',
    "true-in-capitals": b'{"a":True}',
    "integer-of-4301-digits": b'{"a":' + b"9" * 4301 + b"}",
    "negative-integer-of-4300-digits": b'{"a":-' + b"9" * 4300 + b"}",
    "depth-65": b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
    "depth-65-of-objects": b'{"a":' * 65 + b"1" + b"}" * 65,
    "deep": b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "deep-unclosed": b'{"a":' + b"[" * 40_000,
    "sub-number": b'{"sub":1}',
    "sub-null": b'{"sub":null}',
    "sub-array": b'{"sub":["alice"]}',
    "jti-number": b'{"jti":1}',
    "jti-null": b'{"jti":null}',
    "aud-string": b'{"aud":"me"}',
    "aud-array": b'{"aud":["me"]}',
    "aud-number": b'{"aud":1}',
    "aud-true": b'{"aud":true}',
    "last-exp-counts": b'{"exp":99999999999,"exp":1}',
}


@pytest.mark.parametrize("payload", HOSTILE_PAYLOADS.values(), ids=HOSTILE_PAYLOADS.keys())
def test_a_hostile_payload_is_none_though_the_signature_holds(auth, payload):
    assert auth.verify_token(sign_bytes(payload), SECRET) is None


# RFC 7519 section 2: a NumericDate is a JSON number

NO_NUMBERS = ["null", "true", "false", '""', '"soon"', "[]", "{}", "[1]", "NaN", "Infinity", "-Infinity", "1e400"]


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_time_that_is_no_number_is_none(auth, claim, value):
    assert auth.verify_token(sign_bytes(f'{{"{claim}":{value}}}'.encode()), SECRET) is None


@pytest.mark.parametrize(("claim", "offset"), [("exp", 1000), ("nbf", -1000), ("iat", -1000)])
def test_a_number_in_a_string_is_no_time(auth, claim, offset):
    moment = int(time.time()) + offset
    assert auth.verify_token(sign_claims({claim: moment}), SECRET) == {claim: moment}
    assert auth.verify_token(sign_claims({claim: str(moment)}), SECRET) is None


def test_a_payload_is_not_parsed_before_the_signature_holds(auth):
    """A forged token costs a MAC, however costly its payload would be to read."""
    costly = base64url(b'{"a":[' + b",".join([b"{}"] * 16_000) + b"]}")
    honest, forged = sign_segments(HEAD, costly), f"{HEAD}.{costly}.{SIGNATURE}"
    assert fastest(lambda: auth.verify_token(forged, SECRET)) * 2 < fastest(lambda: auth.verify_token(honest, SECRET))


def fastest(call, repeat=20):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


# Linear time, for a holder of the secret too


def test_an_unterminated_string_after_many_brackets_costs_linear_time(auth):
    """Quadratic code would take far longer than the bound."""
    payload = b'{"a":' + b"[" * 70 + b'"' + b'\\"' * 24_000
    token = sign_bytes(payload)
    start = time.perf_counter()
    for _ in range(20):
        assert auth.verify_token(token, SECRET) is None
    assert time.perf_counter() - start < 10
