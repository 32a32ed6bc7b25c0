"""JSON of tokens that readers disagree about: what is no JSON, equal names, and the values that come of it."""

import pytest
from attacks import parameters
from token_attacks import (
    PAYLOAD,
    STRICTER,
    answered,
    compared_with_pyjwt,
    is_answer,
    signed,
)

SPACE = "RFC 8259 section 2, white space"
TEXT = "RFC 8259 section 2, one value and nothing else"
STRUCTURE = "RFC 8259 section 2, structural characters"
OBJECT = "RFC 8259 section 4, members of an object"
ARRAY = "RFC 8259 section 5, elements of an array"
LITERAL = "RFC 8259 section 3, three literal names"
STRING = "RFC 8259 section 7, strings"
CLAIMS_SET = "RFC 7519 section 7.2, the claims are an object"
COMMENT = "RFC 8259 section 2, there are no comments"


def payload(name, source, text, answer=None, rule="token.json", **rest):
    text = text if isinstance(text, bytes) else text.encode()
    return signed(name, rule, source, text, answer, **rest)


NO_JSON = [
    payload("empty-object", CLAIMS_SET, "{}", {}),
    payload("array", CLAIMS_SET, '[["sub","alice"]]'),
    payload("array-of-an-object", CLAIMS_SET, '[{"sub":"alice"}]'),
    payload("string", CLAIMS_SET, '"alice"'),
    payload("string-of-an-object", CLAIMS_SET, r'"{\"sub\":\"alice\"}"'),
    payload("number", CLAIMS_SET, "1"),
    payload("null", CLAIMS_SET, "null"),
    payload("true", CLAIMS_SET, "true"),
    payload("spaces", TEXT, "   "),
    payload("one-nul", TEXT, "\0"),
    payload("form-fields", CLAIMS_SET, "sub=alice&role=admin"),
    payload("markup", CLAIMS_SET, "<sub>alice</sub>"),
    payload("yaml", CLAIMS_SET, "sub: alice\n"),
    payload("toml", CLAIMS_SET, 'sub = "alice"\n'),
    payload("python-literal", CLAIMS_SET, "{'sub': 'alice', 'admin': True}"),
    payload("python-pickle", "CWE-502, a payload that is code", b"cos\nsystem\n(S'id'\ntR."),
    payload("javascript-call", CLAIMS_SET, 'callback({"sub":"alice"})'),
    payload("prefix-against-inclusion", CLAIMS_SET, ")]}',\n" + '{"sub":"alice"}'),
    payload("cbor", "RFC 8392 section 3, claims in CBOR", bytes.fromhex("a10265616c696365")),
    payload("bson", CLAIMS_SET, b"\x14\0\0\0\x02sub\0\x06\0\0\0alice\0\0"),
    payload("gzip", "CVE-2024-33664, a compressed payload", bytes.fromhex("1f8b08000000000000ff")),
    # After and around the value
    payload("trailing-letter", TEXT, '{"sub":"alice"}x'),
    payload("trailing-nul", TEXT, '{"sub":"alice"}\0'),
    payload("trailing-brace", TEXT, '{"sub":"alice"}}'),
    payload("trailing-comma-after-all", TEXT, '{"sub":"alice"},'),
    payload("trailing-semicolon", TEXT, '{"sub":"alice"};'),
    payload("two-objects", TEXT, '{"sub":"alice"}{"sub":"root"}'),
    payload("two-objects-in-lines", "RFC 7464 section 2, sequences of values", '{"sub":"alice"}\n{"sub":"root"}'),
    payload("record-separator", "RFC 7464 section 2, sequences of values", '\x1e{"sub":"alice"}\n'),
    payload("two-objects-with-a-comma", TEXT, '{"sub":"alice"},{"sub":"root"}'),
    payload("leading-letter", TEXT, 'x{"sub":"alice"}'),
    payload("parentheses", TEXT, '({"sub":"alice"})'),
    payload("wrapped-in-an-array", TEXT, '[{"sub":"alice"}]]'),
    # White space
    payload("all-white-space", SPACE, ' \t\n\r{ \t\n\r"a" \t\n\r: \t\n\r[ \t\n\r1 \t\n\r] \t\n\r} \t\n\r', {"a": [1]}),
    payload("vertical-tab", SPACE, '\v{"sub":"alice"}'),
    payload("form-feed", SPACE, '{"sub":"alice"}\f'),
    payload("next-line", SPACE, '{"sub":\x85"alice"}'),
    payload("no-break-space", SPACE, '\xa0{"sub":"alice"}'),
    payload("line-separator", SPACE, '{\u2028"sub":"alice"}'),
    payload("ideographic-space", SPACE, '{"sub":\u3000"alice"}'),
    payload("zero-width-space", SPACE, '{\u200b"sub":"alice"}'),
    payload("file-separator", SPACE, '\x1c{"sub":"alice"}'),
    payload("backspace", SPACE, '{"sub":"root"\b\b\b,"sub":"alice"}'),
    # Comments
    payload("block-comment", COMMENT, '{"sub":"alice"/**/}'),
    payload("line-comment", COMMENT, '{"sub":"alice"//,"sub":"root"\n}'),
    payload("hash-comment", COMMENT, '{"sub":"alice" # root\n}'),
    payload("markup-comment", COMMENT, '<!-- -->{"sub":"alice"}'),
    payload("comment-after-all", COMMENT, '{"sub":"alice"}// end'),
    # Structure
    payload("trailing-comma", OBJECT, '{"sub":"alice",}'),
    payload("leading-comma", OBJECT, '{,"sub":"alice"}'),
    payload("only-a-comma", OBJECT, "{,}"),
    payload("double-comma", OBJECT, '{"sub":"alice",,"role":"admin"}'),
    payload("semicolon-between", OBJECT, '{"sub":"alice";"role":"admin"}'),
    payload("nothing-between", OBJECT, '{"sub":"alice" "role":"admin"}'),
    payload("no-value", OBJECT, '{"sub":}'),
    payload("no-colon", OBJECT, '{"sub" "alice"}'),
    payload("double-colon", OBJECT, '{"sub"::"alice"}'),
    payload("equals-sign", OBJECT, '{"sub"="alice"}'),
    payload("arrow", OBJECT, '{"sub"=>"alice"}'),
    payload("name-alone", OBJECT, '{"sub"}'),
    payload("unquoted-name", OBJECT, '{sub:"alice"}'),
    payload("number-as-name", OBJECT, '{1:"alice"}'),
    payload("null-as-name", OBJECT, '{null:"alice"}'),
    payload("array-as-name", OBJECT, '{["sub"]:"alice"}'),
    payload("computed-name", OBJECT, '{"su"+"b":"alice"}'),
    payload("spread", OBJECT, '{...{"sub":"alice"}}'),
    payload("single-quotes", STRING, "{'sub':'alice'}"),
    payload("single-quotes-for-a-value", STRING, "{\"sub\":'alice'}"),
    payload("backquotes", STRING, '{"sub":`alice`}'),
    payload("typographic-quotes", STRING, "{\u201csub\u201d:\u201calice\u201d}"),
    payload("triple-quotes", STRING, '{"sub":"""alice"""}'),
    payload("prefixed-string", STRING, '{"sub":u"alice"}'),
    payload("strings-side-by-side", STRING, '{"sub":"al" "ice"}'),
    payload("trailing-comma-in-array", ARRAY, '{"a":[1,]}'),
    payload("leading-comma-in-array", ARRAY, '{"a":[,1]}'),
    payload("hole-in-array", ARRAY, '{"a":[1,,2]}'),
    payload("nothing-between-elements", ARRAY, '{"a":[1 2]}'),
    payload("member-in-array", ARRAY, '{"a":["b":1]}'),
    payload("crossed-brackets", STRUCTURE, '{"a":[}]'),
    payload("closed-by-the-other", STRUCTURE, '{"sub":"alice"]'),
    payload("unterminated-object", STRUCTURE, '{"sub":"alice"'),
    payload("unterminated-string", STRING, '{"sub":"alice'),
    payload("unterminated-escape", STRING, '{"sub":"alice\\'),
    payload("unterminated-array", STRUCTURE, '{"a":[1'),
    payload("full-width-brackets", STRUCTURE, "\uff5b\uff5d"),
    # Literals
    payload("true-title", LITERAL, '{"admin":True}'),
    payload("true-capitals", LITERAL, '{"admin":TRUE}'),
    payload("none", LITERAL, '{"a":None}'),
    payload("undefined", LITERAL, '{"a":undefined}'),
    payload("nil", LITERAL, '{"a":nil}'),
    payload("cut", LITERAL, '{"a":tru}'),
    payload("too-long", LITERAL, '{"a":nulll}'),
    payload("two-at-once", LITERAL, '{"a":truefalse}'),
    payload("date", LITERAL, '{"a":2023-11-14T22:13:20Z}'),
    payload("constructor", LITERAL, '{"a":new Date(0)}'),
    payload("function", LITERAL, '{"a":function(){}}'),
    payload("pattern", LITERAL, '{"a":/b/}'),
    # Strings
    payload("raw-line-feed", STRING, '{"a":"\n"}'),
    payload("raw-carriage-return", STRING, '{"a":"\r"}'),
    payload("raw-tab", STRING, '{"a":"\t"}'),
    payload("raw-nul", STRING, '{"a":"\0"}'),
    payload("raw-escape", STRING, '{"a":"\x1b[2J"}'),
    payload("raw-unit-separator", STRING, '{"a":"\x1f"}'),
    payload("raw-control-in-a-name", STRING, '{"a\x01":1}'),
    payload("raw-delete", STRING, '{"a":"\x7f"}', {"a": "\x7f"}),
    payload("raw-c1-control", STRING, '{"a":"\x80\x9f"}', {"a": "\x80\x9f"}),
    payload("raw-line-separator", STRING, '{"a":"\u2028\u2029"}', {"a": "\u2028\u2029"}),
    payload("hexadecimal-escape", STRING, r'{"a":"\x41"}'),
    payload("octal-escape", STRING, r'{"a":"\101"}'),
    payload("nul-escape", STRING, r'{"a":"\0"}'),
    payload("apostrophe-escape", STRING, r'{"a":"\'"}'),
    payload("bell-escape", STRING, r'{"a":"\a"}'),
    payload("vertical-tab-escape", STRING, r'{"a":"\v"}'),
    payload("capital-escape", STRING, r'{"a":"\N"}'),
    payload("long-escape", STRING, r'{"a":"\U00000041"}'),
    payload("braced-escape", STRING, r'{"a":"\u{41}"}'),
    payload("line-continuation", STRING, '{"a":"b\\\nc"}'),
    payload("short-unicode-escape", STRING, r'{"a":"\u12"}'),
    payload("empty-unicode-escape", STRING, r'{"a":"\u"}'),
    payload("sign-in-unicode-escape", STRING, r'{"a":"\u+123"}'),
    payload("space-in-unicode-escape", STRING, r'{"a":"\u 123"}'),
    payload("underscore-in-unicode-escape", STRING, r'{"a":"\u1_23"}'),
    payload("prefix-in-unicode-escape", STRING, r'{"a":"\u0x41"}'),
    payload("letter-in-unicode-escape", STRING, r'{"a":"\u00g1"}'),
    payload("full-width-digits-in-unicode-escape", STRING, '{"a":"\\u\uff10\uff10\uff14\uff11"}'),
    payload("all-escapes", STRING, r'{"a":"\"\\\/\b\f\n\r\tA\u00e9\u0000"}', {"a": '"\\/\b\f\n\r\tAé\0'}),
    payload("bare-percent-and-ampersand", STRING, '{"a":"%00&lt;${x}"}', {"a": "%00&lt;${x}"}),
]

TWICE = "RFC 7519 section 4, the last of equal names"
SMUGGLED = "RFC 8259 section 4, equal names that readers disagree about"
CANONICAL = "Unicode UAX 15, canonical forms"
OPERATORS = "CWE-943, operators of a query"
MARKUP = "CWE-79, markup in a claim"
COLLIDING = "CWE-407, names that collide"
PROTOTYPE = "CWE-1321, members of a prototype"


def twice(name, text, answer, source=TWICE, **rest):
    return payload(name, source, text, answer, "token.duplicates", **rest)


EQUAL_NAMES = [
    twice("sub-twice", '{"sub":"root","sub":"alice"}', {"sub": "alice"}),
    twice("sub-twice-the-other-way", '{"sub":"alice","sub":"root"}', {"sub": "root"}),
    twice("sub-thrice", '{"sub":"a","sub":"b","sub":"c"}', {"sub": "c"}),
    twice("sub-string-then-number", '{"sub":"alice","sub":1}', None),
    twice("sub-number-then-string", '{"sub":1,"sub":"alice"}', {"sub": "alice"}),
    twice("role-twice", '{"role":"user","role":"admin"}', {"role": "admin"}),
    twice("exp-late-then-early", '{"exp":99999999999,"exp":1}', None),
    twice("exp-early-then-late", '{"exp":1,"exp":99999999999}', {"exp": 99_999_999_999}),
    twice("exp-then-null", '{"exp":99999999999,"exp":null}', None),
    twice("exp-text-then-number", '{"exp":"soon","exp":99999999999}', {"exp": 99_999_999_999}),
    twice("exp-escaped-early-last", r'{"exp":99999999999,"\u0065xp":1}', None, SMUGGLED),
    twice("exp-escaped-early-first", r'{"\u0065xp":1,"exp":99999999999}', {"exp": 99_999_999_999}, SMUGGLED),
    twice("nbf-late-then-early", '{"nbf":99999999999,"nbf":1}', {"nbf": 1}),
    twice("nbf-early-then-late", '{"nbf":1,"nbf":99999999999}', None),
    twice("aud-set-then-empty", '{"aud":"other","aud":""}', {"aud": ""}),
    twice("aud-empty-then-set", '{"aud":"","aud":"other"}', None),
    twice("order-is-that-of-the-first", '{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
    twice("nested-twice", '{"a":{"b":1,"b":2}}', {"a": {"b": 2}}, SMUGGLED),
    twice("objects-are-not-merged", '{"a":{"b":1},"a":{"c":2}}', {"a": {"c": 2}}, SMUGGLED),
    twice("same-name-in-another-object", '{"sub":"alice","a":{"sub":1}}', {"sub": "alice", "a": {"sub": 1}}, SMUGGLED),
    twice("name-with-a-nul", '{"sub":"alice","sub\\u0000":"root"}', {"sub": "alice", "sub\0": "root"}, SMUGGLED),
    twice("name-in-capitals", '{"sub":"alice","SUB":1}', {"sub": "alice", "SUB": 1}, SMUGGLED),
    twice("exp-in-capitals", '{"EXP":1,"Exp":1}', {"EXP": 1, "Exp": 1}, SMUGGLED),
    twice("name-with-a-space", '{"exp ":1," exp":1}', {"exp ": 1, " exp": 1}, SMUGGLED),
    twice("name-full-width", '{"\uff45xp":1}', {"\uff45xp": 1}, "Unicode UTS 39, confusable characters"),
    twice("name-decomposed", '{"\u00e9":1,"e\u0301":2}', {"\u00e9": 1, "e\u0301": 2}, CANONICAL),
    twice("overwritten-nan", '{"a":NaN,"a":1}', None, SMUGGLED, pyjwt=STRICTER),
    twice("overwritten-overflow", '{"a":1e400,"a":1}', None, SMUGGLED, pyjwt=STRICTER),
    twice("overwritten-surrogate", '{"a":"\\ud800","a":1}', None, SMUGGLED, pyjwt=STRICTER),
]


def value(name, text, answer, source="RFC 7519 section 4, claims that are not understood", **rest):
    return payload(f"value: {name}", source, text, answer, "token.values", **rest)


VALUES = [
    value(
        "extra-claims",
        '{"sub":"a","iss":5,"scope":["a","b"],"admin":true,"none":null}',
        {"sub": "a", "iss": 5, "scope": ["a", "b"], "admin": True, "none": None},
    ),
    value("nested", '{"a":{"b":[{"c":[[],{}]}]}}', {"a": {"b": [{"c": [[], {}]}]}}),
    value("empty-name", '{"":1}', {"": 1}, "RFC 8259 section 4, any string is a name"),
    value(
        "names-of-python",
        '{"__class__":"x","__init__":{},"self":1}',
        {"__class__": "x", "__init__": {}, "self": 1},
        "CWE-915, attributes that a payload sets",
    ),
    value(
        "prototype",
        '{"__proto__":{"admin":true}}',
        {"__proto__": {"admin": True}},
        PROTOTYPE,
    ),
    value("names-of-operators", '{"$ne":null,"$where":"1"}', {"$ne": None, "$where": "1"}, OPERATORS),
    value(
        "class-hints",
        '{"@type":"java.lang.Runtime","py/object":"os.system"}',
        {"@type": "java.lang.Runtime", "py/object": "os.system"},
        "CWE-502, a class that is named",
    ),
    value(
        "cyclic-references",
        '{"$ref":"#","a":{"$ref":"#/a"}}',
        {"$ref": "#", "a": {"$ref": "#/a"}},
        "RFC 6901 section 6, references",
    ),
    value(
        "markup",
        '{"sub":"<script>1</script>"}',
        {"sub": "<script>1</script>"},
        MARKUP,
    ),
    value("sql", '{"sub":"\' OR 1=1 --"}', {"sub": "' OR 1=1 --"}, "CWE-89, SQL in a claim"),
    value("lines", '{"sub":"a\\r\\nSet-Cookie: a=b"}', {"sub": "a\r\nSet-Cookie: a=b"}, "CWE-113, lines in a claim"),
    value("nul", '{"sub":"root\\u0000alice"}', {"sub": "root\0alice"}, "CWE-158, a NUL in a claim"),
    value("right-to-left", '{"sub":"\u202eecila"}', {"sub": "\u202eecila"}, "CVE-2021-42574, text in another order"),
    value("beyond-the-plane", '{"sub":"\U0001f600","\U0001f600":"愛"}', {"sub": "\U0001f600", "\U0001f600": "愛"}),
    value("noncharacter", '{"sub":"\uffff\ufdd0"}', {"sub": "\uffff\ufdd0"}, "Unicode Corrigendum 9, noncharacters"),
    value("byte-order-mark-within", '{"sub":"\ufeffalice"}', {"sub": "\ufeffalice"}, "RFC 8259 section 8.1"),
    value("true-is-not-one", '{"a":true,"b":1,"c":1.0}', {"a": True, "b": 1, "c": 1.0}),
    value("number-like-text", '{"a":"1","b":"true","c":"null"}', {"a": "1", "b": "true", "c": "null"}),
    value(
        "thousand-names",
        "{" + ",".join(f'"n{at}":{at}' for at in range(1_000)) + "}",
        {f"n{at}": at for at in range(1_000)},
        COLLIDING,
    ),
    value("name-of-ten-thousand", '{"' + "n" * 10_000 + '":1}', {"n" * 10_000: 1}, "CWE-400, a name without a bound"),
    value(
        "names-of-one-hash-in-java",
        '{"Aa":1,"BB":2,"AaBB":3,"BBAa":4}',
        {"Aa": 1, "BB": 2, "AaBB": 3, "BBAa": 4},
        COLLIDING,
    ),
]


@pytest.mark.parametrize("attack", parameters(NO_JSON, EQUAL_NAMES, VALUES))
def test_the_claims_are_those_of_strict_json(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters(NO_JSON, EQUAL_NAMES, VALUES))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt


# The header is read by the same rules


def header(name, source, text):
    return signed(name, "token.json", source, PAYLOAD, header=text.encode())


HEADERS = [
    header("array", "RFC 7515 section 4, the header is an object", '["HS256"]'),
    header("string", "RFC 7515 section 4, the header is an object", '"HS256"'),
    header("null", "RFC 7515 section 4, the header is an object", "null"),
    header("number", "RFC 7515 section 4, the header is an object", "5"),
    header("no-json", "RFC 7515 section 4, the header is an object", "alg=HS256"),
    header("spaces", TEXT, "   "),
    header("trailing-comma", OBJECT, '{"alg":"HS256",}'),
    header("trailing-letter", TEXT, '{"alg":"HS256"}x'),
    header("two-objects", TEXT, '{"alg":"HS256"}{}'),
    header("unterminated", STRUCTURE, '{"alg":"HS256"'),
    header("comment", COMMENT, '{"alg":"HS256"/**/}'),
    header("single-quotes", STRING, "{'alg':'HS256'}"),
    header("unquoted", OBJECT, "{alg:HS256}"),
    header("form-feed", SPACE, '\f{"alg":"HS256"}'),
    header("raw-control", STRING, '{"alg":"HS256","a":"\x01"}'),
    header("bad-escape", STRING, r'{"alg":"\x48S256"}'),
    header("literal", LITERAL, '{"alg":"HS256","a":True}'),
]


@pytest.mark.parametrize("attack", parameters(HEADERS))
def test_the_header_is_strict_json(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters(HEADERS))
def test_pyjwt_stands_to_the_header_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt
