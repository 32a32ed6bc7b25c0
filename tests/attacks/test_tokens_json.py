"""The JSON of a token: its grammar, its text encoding, its numbers, its depth, duplicate names."""

import json

from attacks import attacks, each, pairs, row
from raw_tokens import CLAIMS, PAYLOAD, sign_bytes
from token_attacks import (
    ACCEPTS,
    NOT_COMPARED,
    SAME,
    TokenAttack,
    check_pyjwt,
    check_token,
    compared,
    signed,
    signed_header,
)

WHITE_SPACE = "RFC 8259 section 2, white space"
TEXT = "RFC 8259 section 2, one value and nothing else"
STRUCTURE = "RFC 8259 section 2, structural characters"
COMMENT = "RFC 8259 section 2, no comments"
LITERAL = "RFC 8259 section 3, three literal names"
OBJECT = "RFC 8259 section 4, members of an object"
ARRAY = "RFC 8259 section 5, elements of an array"
STRING = "RFC 8259 section 7, strings"
OBJECT_ONLY = "RFC 7519 section 7.2, the claims are an object"


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


payload = row("token.json", kind=signed, of=as_bytes)
header = row("token.json", kind=signed_header, prefix="header-", of=str.encode)
GRAMMAR = [
    payload("empty-object", OBJECT_ONLY, "{}", {}),
    *each(payload, OBJECT_ONLY, '[["sub","alice"]]', '[{"sub":"alice"}]', '"alice"', r'"{\"sub\":\"alice\"}"', "1"),
    *each(payload, OBJECT_ONLY, "null", "true", "sub=alice&role=admin", "<sub>alice</sub>", "sub: alice\n"),
    *each(payload, OBJECT_ONLY, 'sub = "alice"\n', "{'sub': 'alice', 'admin': True}", 'callback({"sub":"alice"})'),
    payload("bson", OBJECT_ONLY, b"\x14\0\0\0\x02sub\0\x06\0\0\0alice\0\0"),
    *each(payload, TEXT, "   ", "\0"),
    payload("pickle", "CWE-502, a payload with code", b"cos\nsystem\n(S'id'\ntR."),
    payload("json-hijacking-prefix", OBJECT_ONLY, ")]}',\n" + '{"sub":"alice"}'),
    payload("cbor", "RFC 8392 section 3", bytes.fromhex("a10265616c696365")),
    payload("gzip", "CVE-2024-33664, a compressed payload", bytes.fromhex("1f8b08000000000000ff")),
    # Text around the value
    *each(payload, TEXT, '{"sub":"alice"}x', '{"sub":"alice"}\0', '{"sub":"alice"}}', '{"sub":"alice"},'),
    *each(payload, TEXT, '{"sub":"alice"};', '{"sub":"alice"}{"sub":"root"}', '{"sub":"alice"},{"sub":"root"}'),
    *each(payload, TEXT, 'x{"sub":"alice"}', '({"sub":"alice"})', '[{"sub":"alice"}]]'),
    *each(payload, "RFC 7464 section 2, JSON sequences", '{"sub":"alice"}\n{"sub":"root"}', '\x1e{"sub":"alice"}\n'),
    # White space
    payload(
        "white-space", WHITE_SPACE, ' \t\n\r{ \t\n\r"a" \t\n\r: \t\n\r[ \t\n\r1 \t\n\r] \t\n\r} \t\n\r', {"a": [1]}
    ),
    *each(payload, WHITE_SPACE, '\v{"sub":"alice"}', '{"sub":"alice"}\f', '{"sub":\x85"alice"}', '\xa0{"sub":"alice"}'),
    *each(payload, WHITE_SPACE, '{\u2028"sub":"alice"}', '{"sub":\u3000"alice"}', '{\u200b"sub":"alice"}'),
    *each(payload, WHITE_SPACE, '\x1c{"sub":"alice"}', '{"sub":"root"\b\b\b,"sub":"alice"}'),
    # Comments
    *each(payload, COMMENT, '{"sub":"alice"/**/}', '{"sub":"alice"//,"sub":"root"\n}', '{"sub":"alice" # root\n}'),
    *each(payload, COMMENT, '<!-- -->{"sub":"alice"}', '{"sub":"alice"}// end'),
    # Structural characters
    *each(payload, OBJECT, '{"sub":"alice",}', '{,"sub":"alice"}', "{,}", '{"sub":"alice",,"role":"admin"}'),
    *each(payload, OBJECT, '{"sub":"alice";"role":"admin"}', '{"sub":"alice" "role":"admin"}', '{"sub":}'),
    *each(payload, OBJECT, '{"sub" "alice"}', '{"sub"::"alice"}', '{"sub"="alice"}', '{"sub"=>"alice"}', '{"sub"}'),
    *each(payload, OBJECT, '{sub:"alice"}', '{1:"alice"}', '{null:"alice"}', '{["sub"]:"alice"}', '{"su"+"b":"alice"}'),
    payload("spread", OBJECT, '{...{"sub":"alice"}}'),
    *each(payload, STRING, "{'sub':'alice'}", "{\"sub\":'alice'}", '{"sub":`alice`}'),
    *each(payload, STRING, "{\u201csub\u201d:\u201calice\u201d}", '{"sub":"""alice"""}', '{"sub":u"alice"}'),
    *each(payload, STRING, '{"sub":"al" "ice"}', '{"sub":"alice', '{"sub":"alice\\'),
    *each(payload, ARRAY, '{"a":[1,]}', '{"a":[,1]}', '{"a":[1,,2]}', '{"a":[1 2]}', '{"a":["b":1]}'),
    *each(payload, STRUCTURE, '{"a":[}]', '{"sub":"alice"]', '{"sub":"alice"', '{"a":[1', "\uff5b\uff5d"),
    # Literals
    *each(payload, LITERAL, '{"admin":True}', '{"admin":TRUE}', '{"a":None}', '{"a":undefined}', '{"a":nil}'),
    *each(payload, LITERAL, '{"a":tru}', '{"a":nulll}', '{"a":truefalse}', '{"a":2023-11-14T22:13:20Z}'),
    *each(payload, LITERAL, '{"a":new Date(0)}', '{"a":function(){}}', '{"a":/b/}'),
    # Strings
    *each(payload, STRING, '{"a":"\n"}', '{"a":"\r"}', '{"a":"\t"}', '{"a":"\0"}', '{"a":"\x1b[2J"}', '{"a":"\x1f"}'),
    *each(payload, STRING, '{"a\x01":1}', r'{"a":"\x41"}', r'{"a":"\101"}', r'{"a":"\0"}', r'{"a":"\'"}'),
    *each(payload, STRING, r'{"a":"\a"}', r'{"a":"\v"}', r'{"a":"\N"}', r'{"a":"\U00000041"}', r'{"a":"\u{41}"}'),
    *each(payload, STRING, '{"a":"b\\\nc"}', r'{"a":"\u12"}', r'{"a":"\u"}', r'{"a":"\u+123"}', r'{"a":"\u 123"}'),
    *each(payload, STRING, r'{"a":"\u1_23"}', r'{"a":"\u0x41"}', r'{"a":"\u00g1"}'),
    payload("fullwidth-digits-in-unicode-escape", STRING, '{"a":"\\u\uff10\uff10\uff14\uff11"}'),
    *pairs(payload, STRING, {'{"a":"\x7f"}': {"a": "\x7f"}, '{"a":"\x80\x9f"}': {"a": "\x80\x9f"}}),
    payload("raw-line-separator", STRING, '{"a":"\u2028\u2029"}', {"a": "\u2028\u2029"}),
    payload("all-escapes", STRING, r'{"a":"\"\\\/\b\f\n\r\tA\u00e9\u0000"}', {"a": '"\\/\b\f\n\r\tAé\0'}),
    payload("percent-and-ampersand", STRING, '{"a":"%00&lt;${x}"}', {"a": "%00&lt;${x}"}),
    # Headers
    *each(header, "RFC 7515 section 4, the header is an object", '["HS256"]', '"HS256"', "null", "5", "alg=HS256"),
    *each(header, TEXT, "   ", '{"alg":"HS256"}x', '{"alg":"HS256"}{}'),
    *each(header, OBJECT, '{"alg":"HS256",}', "{alg:HS256}"),
    header("unterminated", STRUCTURE, '{"alg":"HS256"'),
    header("comment", COMMENT, '{"alg":"HS256"/**/}'),
    *each(header, STRING, "{'alg':'HS256'}", '{"alg":"HS256","a":"\x01"}', r'{"alg":"\x48S256"}'),
    header("form-feed", WHITE_SPACE, '\f{"alg":"HS256"}'),
    header("literal", LITERAL, '{"alg":"HS256","a":True}'),
]

LAST = "RFC 7519 section 4, the last of duplicate names"
SMUGGLED = "RFC 8259 section 4, parsers disagree about duplicate names"
CANONICAL = "Unicode UAX 15, canonical forms"
COLLIDING = "CWE-407, names with equal hashes"
duplicate = row("token.duplicates", kind=signed, of=str.encode)


DUPLICATES = [
    *each(duplicate, LAST, '{"sub":"root","sub":"alice"}', '{"sub":1,"sub":"alice"}', expected={"sub": "alice"}),
    duplicate("duplicate-sub-other-order", LAST, '{"sub":"alice","sub":"root"}', {"sub": "root"}),
    duplicate("three-subs", LAST, '{"sub":"a","sub":"b","sub":"c"}', {"sub": "c"}),
    duplicate("duplicate-role", LAST, '{"role":"user","role":"admin"}', {"role": "admin"}),
    duplicate("exp-early-then-late", LAST, '{"exp":1,"exp":99999999999}', {"exp": 99_999_999_999}),
    duplicate("exp-text-then-number", LAST, '{"exp":"soon","exp":99999999999}', {"exp": 99_999_999_999}),
    *pairs(duplicate, LAST, {'{"nbf":99999999999,"nbf":1}': {"nbf": 1}, '{"aud":"other","aud":""}': {"aud": ""}}),
    duplicate("order-of-first-appearance", LAST, '{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
    *each(duplicate, LAST, '{"sub":"alice","sub":1}', '{"exp":99999999999,"exp":1}', '{"exp":99999999999,"exp":null}'),
    *each(duplicate, LAST, '{"nbf":1,"nbf":99999999999}', '{"aud":"","aud":"other"}'),
    duplicate("exp-escaped-early-last", SMUGGLED, r'{"exp":99999999999,"\u0065xp":1}'),
    duplicate("exp-escaped-early-first", SMUGGLED, r'{"\u0065xp":1,"exp":99999999999}', {"exp": 99_999_999_999}),
    *pairs(duplicate, SMUGGLED, {'{"a":{"b":1,"b":2}}': {"a": {"b": 2}}, '{"a":{"b":1},"a":{"c":2}}': {"a": {"c": 2}}}),
    duplicate("two-objects", SMUGGLED, '{"sub":"alice","a":{"sub":1}}', {"sub": "alice", "a": {"sub": 1}}),
    duplicate("name-with-nul", SMUGGLED, '{"sub":"alice","sub\\u0000":"root"}', {"sub": "alice", "sub\0": "root"}),
    duplicate("uppercase-name", SMUGGLED, '{"sub":"alice","SUB":1}', {"sub": "alice", "SUB": 1}),
    duplicate("uppercase-exp", SMUGGLED, '{"EXP":1,"Exp":1}', {"EXP": 1, "Exp": 1}),
    duplicate("name-with-space", SMUGGLED, '{"exp ":1," exp":1}', {"exp ": 1, " exp": 1}),
    duplicate("fullwidth-name", "Unicode UTS 39, confusable characters", '{"\uff45xp":1}', {"\uff45xp": 1}),
    duplicate("decomposed-name", CANONICAL, '{"\u00e9":1,"e\u0301":2}', {"\u00e9": 1, "e\u0301": 2}),
    *each(duplicate, SMUGGLED, '{"a":NaN,"a":1}', '{"a":1e400,"a":1}', '{"a":"\\ud800","a":1}', pyjwt=ACCEPTS),
]


def value(name, text, source="RFC 7519 section 4, unknown claims"):
    """Return a row whose claims are exactly what ``json`` reads."""
    return signed(f"value-{name}", "token.values", source, text.encode(), json.loads(text))


VALUES = [
    value("extra-claims", '{"sub":"a","iss":5,"scope":["a","b"],"admin":true,"none":null}'),
    value("nested", '{"a":{"b":[{"c":[[],{}]}]}}'),
    value("empty-name", '{"":1}', "RFC 8259 section 4, any string is a name"),
    value("python-attribute-names", '{"__class__":"x","__init__":{},"self":1}', "CWE-915, attributes set by a payload"),
    value("prototype", '{"__proto__":{"admin":true}}', "CWE-1321, members of a prototype"),
    value("query-operators", '{"$ne":null,"$where":"1"}', "CWE-943, operators of a query"),
    value("class-hints", '{"@type":"java.lang.Runtime","py/object":"os.system"}', "CWE-502, class names"),
    value("cyclic-references", '{"$ref":"#","a":{"$ref":"#/a"}}', "RFC 6901 section 6, references"),
    value("markup", '{"sub":"<script>1</script>"}', "CWE-79, markup in a claim"),
    value("sql", '{"sub":"\' OR 1=1 --"}', "CWE-89, SQL in a claim"),
    value("line-breaks", '{"sub":"a\\r\\nSet-Cookie: a=b"}', "CWE-113, lines in a claim"),
    value("nul", '{"sub":"root\\u0000alice"}', "CWE-158, a NUL in a claim"),
    value("right-to-left", '{"sub":"\u202eecila"}', "CVE-2021-42574, reordered text"),
    value("supplementary-characters", '{"sub":"\U0001f600","\U0001f600":"愛"}'),
    value("noncharacter", '{"sub":"\uffff\ufdd0"}', "Unicode Corrigendum 9, noncharacters"),
    value("byte-order-mark-inside", '{"sub":"\ufeffalice"}', "RFC 8259 section 8.1"),
    value("true-and-one-and-float", '{"a":true,"b":1,"c":1.0}'),
    value("strings-that-look-like-literals", '{"a":"1","b":"true","c":"null"}'),
    value("1000-names", "{" + ",".join(f'"n{at}":{at}' for at in range(1_000)) + "}", COLLIDING),
    value("name-of-10000-characters", '{"' + "n" * 10_000 + '":1}', "CWE-400, a name without a limit"),
    value("names-with-equal-java-hash", '{"Aa":1,"BB":2,"AaBB":3,"BBAa":4}', COLLIDING),
]

MARK = "RFC 8259 section 8.1, no byte order mark"
UTF8 = "RFC 8259 section 8.1, UTF-8"
OVERLONG = "RFC 3629 section 3, overlong forms"
SURROGATE_BYTES = "RFC 3629 section 3, no surrogates in UTF-8"
CUT = "RFC 3629 section 4, sequences that end early"
BEYOND = "RFC 3629 section 3, nothing above U+10FFFF"
NEVER = "RFC 3629 section 1, octets that never appear"
TEXT_OF_ALICE = '{"sub":"alice"}'
TEXT_OF_HEADER = '{"alg":"HS256"}'
octets = row("token.utf8", kind=signed)
inside = row("token.utf8", kind=signed, of=lambda piece: b'{"a":"%b"}' % piece)
header_octets = row("token.utf8", kind=signed_header)
ENCODINGS = [
    octets("two-bytes", UTF8, '{"a":"é"}'.encode(), {"a": "é"}),
    octets("three-bytes", UTF8, '{"a":"愛"}'.encode(), {"a": "愛"}),
    octets("four-bytes", UTF8, '{"a":"\U0010ffff"}'.encode(), {"a": "\U0010ffff"}),
    octets("byte-order-mark", MARK, TEXT_OF_ALICE.encode("utf-8-sig"), pyjwt=ACCEPTS),
    octets("two-byte-order-marks", MARK, b"\xef\xbb\xbf" * 2 + TEXT_OF_ALICE.encode()),
    octets("utf-16-with-mark", UTF8, TEXT_OF_ALICE.encode("utf-16"), pyjwt=ACCEPTS),
    octets("utf-16-le", UTF8, TEXT_OF_ALICE.encode("utf-16-le"), pyjwt=ACCEPTS),
    octets("utf-16-be", UTF8, TEXT_OF_ALICE.encode("utf-16-be"), pyjwt=ACCEPTS),
    octets("utf-32-with-mark", UTF8, TEXT_OF_ALICE.encode("utf-32"), pyjwt=ACCEPTS),
    octets("utf-32-le", UTF8, TEXT_OF_ALICE.encode("utf-32-le"), pyjwt=ACCEPTS),
    octets("utf-32-be", UTF8, TEXT_OF_ALICE.encode("utf-32-be"), pyjwt=ACCEPTS),
    octets("surrogate-in-utf-16", UTF8, '{"a":"\ud800"}'.encode("utf-16", "surrogatepass"), pyjwt=ACCEPTS),
    octets("utf-7", "RFC 2152 section 1, UTF-7", TEXT_OF_ALICE.encode("utf-7").replace(b'"', b"+ACI-")),
    octets("latin-1", UTF8, '{"a":"é"}'.encode("latin-1")),
    octets("windows-1252", UTF8, '{"a":"€"}'.encode("cp1252")),
    octets("shift-jis", UTF8, '{"a":"表"}'.encode("shift_jis")),
    octets("gb18030", UTF8, '{"a":"愛"}'.encode("gb18030")),
    octets("ebcdic", UTF8, TEXT_OF_ALICE.encode("cp037")),
    *each(inside, CUT, b"\x80", b"\xbf", b"\xc3\xa9\xa9", b"\xc3", b"\xe2", b"\xe2\x82", b"\xf0\x9f\x98"),
    octets("cut-at-end-of-text", CUT, b'{"a":"\xe2\x82'),
    octets("quote-after-lead-byte", "CWE-176, a quote read as a continuation", b'{"a":"\xc3","b":"x"}'),
    inside("overlong-nul", "CWE-176, modified UTF-8 of Java", b"\xc0\x80"),
    *each(inside, OVERLONG, b"\xc0\xaf", b'\xc0\xa2,"sub":\xc0\xa2root', b"\xc1\xa1", b"\xe0\x80\xaf", b"\xe0\x9f\xbf"),
    *each(inside, OVERLONG, b"\xf0\x80\x80\xaf", b"\xf0\x8f\xbf\xbf"),
    inside("five-bytes", "RFC 2279 section 2, sequences of five", b"\xf8\x88\x80\x80\x80"),
    inside("six-bytes", "RFC 2279 section 2, sequences of six", b"\xfc\x84\x80\x80\x80\x80"),
    *each(octets, OVERLONG, b'\xc1\xbb"sub":"alice"}', b'{"\xc1\xa5xp":1}'),
    *each(inside, SURROGATE_BYTES, b"\xed\xa0\x80", b"\xed\xbf\xbf", pyjwt=ACCEPTS),
    inside("pair-of-surrogates", "Unicode UTR 26, CESU-8", b"\xed\xa0\xbd\xed\xb8\x80", pyjwt=ACCEPTS),
    inside("bytes-just-below-surrogates", SURROGATE_BYTES, b"\xed\x9f\xbf", expected={"a": "\ud7ff"}),
    *each(inside, BEYOND, b"\xf4\x90\x80\x80", b"\xf7\xbf\xbf\xbf", b"\xf5\x80\x80\x80"),
    *each(inside, NEVER, b"\xfe", b"\xff"),
    header_octets("byte-order-mark-in-header", MARK, TEXT_OF_HEADER.encode("utf-8-sig"), pyjwt=ACCEPTS),
    header_octets("utf-16-header", UTF8, TEXT_OF_HEADER.encode("utf-16"), pyjwt=ACCEPTS),
    header_octets("utf-16-le-header", UTF8, TEXT_OF_HEADER.encode("utf-16-le"), pyjwt=ACCEPTS),
    header_octets("utf-32-header", UTF8, TEXT_OF_HEADER.encode("utf-32"), pyjwt=ACCEPTS),
    header_octets("invalid-byte-in-header", NEVER, b'{"alg":"HS256","a":"\xff"}'),
    *each(header_octets, OVERLONG, b'{"alg":"HS256","a":"\xc0\xaf"}', b'{"\xc1\xa1lg":"HS256"}'),
    header_octets("surrogate-in-header", SURROGATE_BYTES, b'{"alg":"HS256","a":"\xed\xa0\x80"}', pyjwt=ACCEPTS),
    header_octets("latin-1-in-header", UTF8, '{"alg":"HS256","a":"é"}'.encode("latin-1")),
]

LONE_SURROGATE = "RFC 8259 section 8.2, lone surrogates"
escape = row("token.surrogates", kind=signed, of=str.encode)
lone = row("token.surrogates", kind=signed, of=str.encode, pyjwt=ACCEPTS)
escaped_header = row("token.surrogates", kind=signed_header, of=str.encode)
lone_in_header = row("token.surrogates", kind=signed_header, of=str.encode, pyjwt=ACCEPTS)
SURROGATES = [
    *each(escape, LONE_SURROGATE, r'{"a":"\ud83d\ude00"}', r'{"a":"\uD83D\uDE00"}', expected={"a": "\U0001f600"}),
    escape("lowest-pair", LONE_SURROGATE, r'{"a":"\ud800\udc00"}', {"a": "\U00010000"}),
    escape("highest-pair", LONE_SURROGATE, r'{"a":"\udbff\udfff"}', {"a": "\U0010ffff"}),
    escape("two-pairs", LONE_SURROGATE, r'{"a":"\ud83d\ude00\ud83d\ude00"}', {"a": "\U0001f600" * 2}),
    *pairs(escape, LONE_SURROGATE, {r'{"a":"\ud7ff"}': {"a": "\ud7ff"}, r'{"a":"\ue000"}': {"a": "\ue000"}}),
    escape("backslash-and-text", LONE_SURROGATE, r'{"a":"\\ud800"}', {"a": "\\ud800"}),
    *each(lone, LONE_SURROGATE, r'{"a":"\ud800"}', r'{"a":"\udbff"}', r'{"a":"\udc00"}', r'{"a":"\udfff"}'),
    *each(lone, LONE_SURROGATE, r'{"a":"\udc00\ud800"}', r'{"a":"\ud83d\ud83d"}', r'{"a":"\ud83d\ud83d\ude00"}'),
    *each(lone, LONE_SURROGATE, r'{"a":"\ud83d\ude00\ude00"}', r'{"a":"\ud83dx"}', r'{"a":"\ud83d\n"}'),
    *each(lone, LONE_SURROGATE, r'{"a":"\ud83d\\ude00"}', '{"a":"\\ud83d\U0001f600"}', r'{"a":"\\\ud800"}'),
    *each(lone, LONE_SURROGATE, r'{"a":["\ud83d","\ude00"]}', r'{"\ud800":1}', r'{"a":{"\udfff":1}}'),
    *each(lone, LONE_SURROGATE, r'{"a":[{"b":["\ud83d"]}]}', r'{"sub":"alice\ud800"}', r'{"a":"\ud800","a":1}'),
    escape("low-cut-short", LONE_SURROGATE, r'{"a":"\ud83d\ude0"}'),
    *each(lone_in_header, LONE_SURROGATE, r'{"alg":"HS256","a":"\ud800"}', r'{"alg":"HS256","kid":"\udc00"}'),
    lone_in_header("in-member-name-of-header", LONE_SURROGATE, r'{"alg":"HS256","\ud800":1}'),
    escaped_header("pair-in-header", LONE_SURROGATE, r'{"alg":"HS256","kid":"\ud83d\ude00"}', CLAIMS),
]

NUMBER_GRAMMAR = "RFC 8259 section 6, the grammar of numbers"
NOT_A_NUMBER = "RFC 8259 section 6, NaN and Infinity are not numbers"
RANGE = "RFC 8259 section 6, range and precision"
DIGITS = "CVE-2020-10735, quadratic conversion of digits"
DOUBLE = "IEEE 754-2019, binary64"


def number(name, source, text, expected=None, rule="token.numbers", pyjwt=SAME):
    claims = None if expected is None else {"a": expected}
    return signed(name, rule, source, f'{{"a":{text}}}'.encode(), claims, pyjwt=pyjwt)


header_number = row("token.numbers", kind=signed_header, of=lambda text: f'{{"alg":"HS256","a":{text}}}'.encode())
NUMBERS = [
    *each(number, NUMBER_GRAMMAR, "0", "-0", expected=0),
    *each(number, DOUBLE, "-0.0", "-0e0", expected=-0.0),
    number("exponent", NUMBER_GRAMMAR, "1E+2", 100.0),
    *each(number, RANGE, "0e99999", "1e-400", "1e-99999999999999999999", expected=0.0),
    *pairs(number, RANGE, {"9007199254740991": 2**53 - 1, "9007199254740993": 2**53 + 1}),
    *pairs(number, RANGE, {"9007199254740993.0": 9007199254740992.0, "9223372036854775807": 2**63 - 1}),
    *pairs(number, RANGE, {"9223372036854775808": 2**63, "-9223372036854775808": -(2**63)}),
    *pairs(number, RANGE, {"-9223372036854775809": -(2**63) - 1, "18446744073709551616": 2**64}),
    number("negative-integer-over-128-bits", RANGE, "-340282366920938463463374607431768211457", -(2**128) - 1),
    *each(number, DOUBLE, "1.7976931348623157e308", "1.7976931348623158e308", expected=1.7976931348623157e308),
    number("rounds-to-infinity", DOUBLE, "1.7976931348623159e308", pyjwt=ACCEPTS),
    *each(number, RANGE, "1e400", "-1e400", "1e99999999999999999999", pyjwt=ACCEPTS),
    number("overflow-by-digits", RANGE, "1" + "0" * 400 + ".0", pyjwt=ACCEPTS),
    *pairs(number, DOUBLE, {"5e-324": 5e-324, "2e-324": 0.0}),
    number("slow-double-in-php", "CVE-2010-4645, an endless loop", "2.2250738585072011e-308", 2.225073858507201e-308),
    number("slow-double-in-java", "CVE-2010-4476, an endless loop", "2.2250738585072012e-308", 2.2250738585072014e-308),
    number("many-digits-after-point", RANGE, "0." + "3" * 10_000, 1 / 3),
    number("many-digits-and-exponent", RANGE, "9" * 400 + "e-100", float("9" * 400 + "e-100")),
    number("integer-of-4300-digits", DIGITS, "9" * 4_300, 10**4_300 - 1),
    number("integer-of-4301-digits", DIGITS, "9" * 4_301),
    number("negative-integer-of-4299-digits", DIGITS, "-" + "9" * 4_299, 1 - 10**4_299),
    number("negative-integer-of-4300-digits", DIGITS, "-" + "9" * 4_300, pyjwt=ACCEPTS),
    number("integer-of-40000-digits", DIGITS, "9" * 40_000),
    number("integer-of-40000-digits-in-array", DIGITS, "[" + "9" * 40_000 + "]"),
    *each(number, NOT_A_NUMBER, "NaN", "[[NaN]]", "Infinity", "-Infinity", pyjwt=ACCEPTS),
    *each(number, NOT_A_NUMBER, "-NaN", "nan", "infinity", "inf", "+Infinity", "1.#IND"),
    *each(number, NUMBER_GRAMMAR, "01", "000", "-01", "+1", ".5", "-.5", "1.", "1.e1", "1e", "1e+", rule="token.json"),
    *each(number, NUMBER_GRAMMAR, "1e1.5", "1.2.3", "1e1e1", "-", "+", "--1", "- 1", "1 2", "0x10", rule="token.json"),
    *each(number, NUMBER_GRAMMAR, "0o17", "0b1", "0x1p4", "1_000", "1,5", "1'000", "1L", "1n", rule="token.json"),
    *each(number, NUMBER_GRAMMAR, "1.0f", "1/2", "1j", "\u0661", "\uff11", "1\u00b2", "\u22121", rule="token.json"),
    header_number("number-in-header", NUMBER_GRAMMAR, "1.5", CLAIMS),
    header_number("integer-of-4300-digits-in-header", DIGITS, "9" * 4_300, CLAIMS),
    header_number("integer-of-4301-digits-in-header", DIGITS, "9" * 4_301),
    header_number("nan-in-header", NOT_A_NUMBER, "NaN", pyjwt=ACCEPTS),
    header_number("overflow-in-header", RANGE, "1e400", pyjwt=ACCEPTS),
]

DEPTH = "CWE-674, recursion without a limit"
COUNTED = "RFC 8259 section 9, a limit of depth"


def depth(name, make, expected=None, source=DEPTH, pyjwt=SAME):
    return TokenAttack(name, "token.depth", source, lambda: sign_bytes(make()), expected, pyjwt=pyjwt)


def header_depth(name, levels, expected=None, pyjwt=SAME):
    text = b'{"alg":"HS256","a":' + b"[" * levels + b"]" * levels + b"}"
    return TokenAttack(name, "token.depth", DEPTH, lambda: sign_bytes(PAYLOAD, header=text), expected, pyjwt=pyjwt)


def arrays(levels, inner=b""):
    return b'{"a":' + b"[" * levels + inner + b"]" * levels + b"}"


def lists(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def objects(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def mixed(levels):
    value = {"a": []}
    for _ in range(levels - 1):
        value = {"a": [value]}
    return value


DEPTHS = [
    depth("64-arrays", lambda: arrays(63), {"a": lists(63)}),
    depth("65-arrays", lambda: arrays(64), pyjwt=ACCEPTS),
    depth("64-objects", lambda: b'{"a":' * 64 + b"1" + b"}" * 64, objects(64)),
    depth("65-objects", lambda: b'{"a":' * 65 + b"1" + b"}" * 65, pyjwt=ACCEPTS),
    depth("64-mixed", lambda: b'{"a":[' * 32 + b"]}" * 32, mixed(32)),
    depth("65-mixed", lambda: b'{"a":[' * 32 + b"[]" + b"]}" * 32, pyjwt=ACCEPTS),
    depth("65-with-empty-object", lambda: arrays(63, b"{}"), pyjwt=ACCEPTS),
    depth("65-late-in-the-text", lambda: b'{"x":[' + b"[]," * 500 + b"[]]," + arrays(64)[1:], pyjwt=ACCEPTS),
    depth("65-after-quoted-brackets", lambda: b'{"x":"\\"]]]]",' + arrays(64)[1:], pyjwt=ACCEPTS),
    depth("65-in-duplicate-member", lambda: arrays(64)[:-1] + b',"a":1}', pyjwt=ACCEPTS),
    depth("65-with-wrong-brackets", lambda: b'{"a":' + b"[" * 64 + b"}" * 64 + b"}"),
    depth("20000-deep", lambda: arrays(20_000), pyjwt=NOT_COMPARED),
    depth("24000-unclosed-brackets", lambda: b'{"a":' + b"[" * 24_000, pyjwt=NOT_COMPARED),
    depth("100000-deep", lambda: arrays(100_000), pyjwt=NOT_COMPARED),
    depth("8000-objects-deep", lambda: b'{"a":' * 8_000 + b"1" + b"}" * 8_000, pyjwt=NOT_COMPARED),
    depth("40000-closing-brackets", lambda: b'{"a":1}' + b"]" * 40_000),
    depth("1000-siblings", lambda: b'{"a":[' + b",".join([b"[]"] * 1_000) + b"]}", {"a": [[]] * 1_000}, COUNTED),
    depth("brackets-in-string", lambda: b'{"a":"' + b"[" * 1_000 + b'"}', {"a": "[" * 1_000}, COUNTED),
    depth("brackets-in-name", lambda: b'{"' + b"{" * 1_000 + b'":1}', {"{" * 1_000: 1}, COUNTED),
    depth("after-escaped-quote", lambda: b'{"a":"\\"' + b"[" * 1_000 + b'"}', {"a": '"' + "[" * 1_000}, COUNTED),
    header_depth("64-in-header", 63, CLAIMS),
    header_depth("65-in-header", 64, pyjwt=ACCEPTS),
    header_depth("20000-in-header", 20_000, pyjwt=NOT_COMPARED),
]
TABLES = (GRAMMAR, DUPLICATES, VALUES, ENCODINGS, SURROGATES, NUMBERS, DEPTHS)


@attacks(*TABLES)
def test_only_strict_json_in_utf_8_is_read(engine, attack):
    check_token(engine, attack)


@attacks(compared(*TABLES))
def test_pyjwt_accepts_or_rejects_the_json_as_stated(attack):
    check_pyjwt(attack)
