"""Hashes: bcrypt, its limits, and published hashes of other tools; and which passwords people may choose."""

import asyncio
import random
import string
import time
from functools import partial
from types import SimpleNamespace

import asgi_client
import bcrypt
import pytest
from bcrypt_cost import LOWEST, cost_of
from error_text import shown_by
from hypothesis import given, settings
from hypothesis import strategies as st

from fastware.auth import hash_password, needs_rehash, password_problem, verify_password

HASH_OF_PASSWORD = bcrypt.hashpw(b"password", bcrypt.gensalt(LOWEST)).decode("ascii")


@pytest.fixture(params=["sync", "asyncio", "trio"])
def passwords(request, auth):
    """``hash`` and ``verify``: the plain functions, or the ``async`` ones under an event loop."""
    if request.param == "sync":
        return SimpleNamespace(hash=auth.hash_password, verify=auth.verify_password)
    return SimpleNamespace(
        hash=partial(asgi_client.run, auth.ahash_password, loop=request.param),
        verify=partial(asgi_client.run, auth.averify_password, loop=request.param),
    )


# The hash


def test_hash_is_2b_with_cost_12_by_default(passwords):
    assert passwords.hash("password").startswith("$2b$12$")


@pytest.mark.parametrize("cost", [4, 5, 8])
def test_cost_can_be_chosen(passwords, cost):
    assert cost_of(passwords.hash("password", cost=cost)) == cost


@pytest.mark.parametrize(
    ("cost", "error", "message"),
    [
        *((cost, ValueError, f"cost must be 4 to 31, not {cost}") for cost in (3, 0, -1, 32, 1000)),
        ("12", TypeError, "cost must be int, not str"),
        (12.0, TypeError, "cost must be int, not float"),
        (None, TypeError, "cost must be int, not NoneType"),
    ],
)
def test_invalid_cost_raises(passwords, cost, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        passwords.hash("password", cost=cost)


def test_higher_cost_takes_longer(auth):
    def seconds(cost):
        start = time.perf_counter()
        auth.hash_password("password", cost=cost)
        return time.perf_counter() - start

    assert min(seconds(9) for _ in range(3)) > 4 * min(seconds(4) for _ in range(3))


def test_hash_is_60_ascii_characters_with_a_fresh_salt(auth):
    hashes = [auth.hash_password("password", cost=LOWEST) for _ in range(20)]
    assert all(type(each) is str and len(each) == 60 and each.isascii() and each.isprintable() for each in hashes)
    assert len({each[:29] for each in hashes}) == 20


PASSWORDS = {
    "ascii": "correct horse battery staple",
    "empty": "",
    "space": " ",
    "spaces-around": " password ",
    "controls": "\x01\n\r\t\x7f",
    "latin": "pässwörd",
    "cjk": "密碼",
    "astral": "👩‍🚀\U0010ffff",
    "looks-like-a-hash": HASH_OF_PASSWORD,
    "72-ascii": "x" * 72,
    "72-bytes-of-two": "é" * 36,
    "72-bytes-of-three": "密" * 24,
    "72-bytes-of-four": "👩" * 18,
    "72-bytes-mixed": "👩密é" * 8,
}


@pytest.mark.rule("password.length")
@pytest.mark.parametrize("name", PASSWORDS)
def test_password_verifies_with_its_hash_and_another_does_not(passwords, name):
    password = PASSWORDS[name]
    hashed = passwords.hash(password, cost=LOWEST)
    assert passwords.verify(password, hashed) is True
    assert bcrypt.checkpw(password.encode(), hashed.encode("ascii"))
    for other in {password[:-1], password + "!", password.swapcase(), password[::-1], "x" + password[1:], ""}:
        if other != password:
            assert passwords.verify(other, hashed) is False


def test_unicode_is_not_normalized(auth):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert auth.verify_password(decomposed, auth.hash_password(composed, cost=LOWEST)) is False


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=18))
def test_any_password_within_the_limits_verifies(auth, password):
    assert auth.verify_password(password, auth.hash_password(password, cost=LOWEST)) is True


# Passwords that bcrypt cannot hash

SHOWN = "hunter2-must-not-be-shown"
LONG = "the password is over 72 bytes of UTF-8 ({}), and bcrypt ignores the rest; shorten it"
NUL = "the password has a NUL byte, where bcrypt stops reading; remove it"
SURROGATE = "the password has a lone surrogate, which UTF-8 cannot encode"
REJECTED = {
    "73-ascii": (SHOWN * 2 + "x" * 23, ValueError, LONG.format(73)),
    "72-ascii-and-newline": (SHOWN * 2 + "x" * 22 + "\n", ValueError, LONG.format(73)),
    "74-bytes-of-two": ("é" * 37, ValueError, LONG.format(74)),
    "71-and-one-of-two-bytes": (SHOWN * 2 + "x" * 21 + "é", ValueError, LONG.format(73)),
    "75-bytes-of-three": ("密" * 25, ValueError, LONG.format(75)),
    "76-bytes-of-four": ("👩" * 19, ValueError, LONG.format(76)),
    "million": ("x" * 1_000_000, ValueError, LONG.format(1_000_000)),
    "nul-inside": (SHOWN + "\0" + SHOWN, ValueError, NUL),
    "nul-first": ("\0" + SHOWN, ValueError, NUL),
    "nul-last": (SHOWN + "\0", ValueError, NUL),
    "nul-after-the-password-of-the-hash": ("password\0", ValueError, NUL),
    "nul-and-more-after-the-password-of-the-hash": ("password\0anything", ValueError, NUL),
    "high-surrogate": (SHOWN + "\ud800", ValueError, SURROGATE),
    "low-surrogate": ("\udfff" + SHOWN, ValueError, SURROGATE),
    "surrogate-of-an-undecodable-byte": (SHOWN + "\udcff", ValueError, SURROGATE),
    "bytes": (SHOWN.encode(), TypeError, "a password must be str, not bytes"),
    "bytearray": (bytearray(SHOWN.encode()), TypeError, "a password must be str, not bytearray"),
    "none": (None, TypeError, "a password must be str, not NoneType"),
    "int": (12345678, TypeError, "a password must be str, not int"),
    "list": ([SHOWN], TypeError, "a password must be str, not list"),
    "dict": ({SHOWN: SHOWN}, TypeError, "a password must be str, not dict"),
}


@pytest.mark.rule("password.length")
@pytest.mark.rule("password.characters")
@pytest.mark.parametrize("name", REJECTED)
def test_password_that_bcrypt_cannot_hash_is_rejected_and_not_shown(passwords, name):
    password, error, message = REJECTED[name]
    with pytest.raises(error) as raised:
        passwords.hash(password, cost=LOWEST)
    assert (type(raised.value), str(raised.value)) == (error, message)
    assert "hunter2" not in shown_by(raised.value) and "12345678" not in shown_by(raised.value)


@pytest.mark.parametrize("name", REJECTED)
def test_password_that_bcrypt_cannot_hash_does_not_verify(passwords, name):
    password = REJECTED[name][0]
    assert passwords.verify(password, HASH_OF_PASSWORD) is False
    if isinstance(password, str):
        read_by_bcrypt = password.encode("utf-8", "surrogatepass").partition(b"\0")[0][:72]
        assert passwords.verify(password, bcrypt.hashpw(read_by_bcrypt, bcrypt.gensalt(LOWEST)).decode()) is False


# Published hashes of other tools

PUBLISHED = {
    # jBCrypt, test/org/mindrot/jbcrypt/TestBCrypt.java
    "jbcrypt-1": ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
    "jbcrypt-2": ("", "$2a$08$HqWuK6/Ng6sg9gQzbLrgb.Tl.ZHfXLhvt/SgVyWhQqgqcZ7ZuUtye"),
    "jbcrypt-3": ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
    "jbcrypt-4": ("a", "$2a$08$cfcvVd2aQ8CMvoMpP2EBfeodLEkkFJ9umNEfPD18.hUF62qqlC/V."),
    "jbcrypt-5": ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
    # crypt_blowfish, wrapper.c, tests[]
    "crypt-blowfish-1": ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "crypt-blowfish-2": ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    "crypt-blowfish-3": ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    "crypt-blowfish-72": (
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
    # passlib, passlib/tests/test_handlers_bcrypt.py, known_correct_hashes: UTF-8
    "passlib-2a": ("t\u00e1\u0411\u2113\u0259", "$2a$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG"),
    "passlib-2b": ("t\u00e1\u0411\u2113\u0259", "$2b$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG"),
    # pyca/bcrypt, tests/test_bcrypt.py, _test_vectors
    "pyca-1": ("Kk4DQuMMfZL9o", "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"),
    "pyca-2": ("9IeRXmnGxMYbs", "$2b$04$pQ7gRO7e6wx/936oXhNjrOUNOHL1D0h1N2IDbJZYs.1ppzSof6SPy"),
    # The PHP manual, password_verify(), example 1
    "php": ("rasmuslerdorf", "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_hash_verifies_its_password_only(passwords, name):
    password, hashed = PUBLISHED[name]
    assert passwords.verify(password, hashed) is True
    assert passwords.verify("*" + password[1:], hashed) is False


# crypt_blowfish, wrapper.c: "chars after 72 are ignored" there
def test_over_long_password_of_a_published_hash_does_not_verify(auth):
    password, hashed = PUBLISHED["crypt-blowfish-72"]
    assert auth.verify_password(password + "chars after 72 are ignored", hashed) is False


# Malformed hashes

MALFORMED_HASHES = {
    # crypt_blowfish, wrapper.c, and John the Ripper, BF_fmt.c: "$2x$" marks hashes with the sign extension bug
    "2x-utf-8": ("\u0451", "$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS"),
    "2x-ascii": ("U*U", "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    "empty-password-and-hash": ("", ""),
}
MALFORMED_PREFIXES = (
    *("$2$04$", "$2x$04$", "$2c$04$", "$2B$04$", "$3b$04$", "$$04$", "2b$04$", "$2b$", "$2b$$", "$2b$00$", "$2b$03$"),
    *("$2b$32$", "$2b$99$", "$2b$4$", "$2b$004$", "$2b$-4$", "$2b$+4$", "$2b$ 4$", "$2b$xx$", "$2b$0x4$", "$2b$０４$"),
)
MALFORMED_HASHES |= {f"prefix {each}": ("password", each + HASH_OF_PASSWORD[7:]) for each in MALFORMED_PREFIXES}
MALFORMED_HASHES |= {
    name: ("password", hashed)
    for name, hashed in {
        "empty": "",
        "space": " ",
        "plain": "password",
        "locked-account": "!" + HASH_OF_PASSWORD,
        "star": "*",
        "prefix": "$2b$",
        "cost": "$2b$04$",
        "salt": HASH_OF_PASSWORD[:29],
        "short": HASH_OF_PASSWORD[:-1],
        "long": HASH_OF_PASSWORD + ".",
        "newline": HASH_OF_PASSWORD + "\n",
        "space-after": HASH_OF_PASSWORD + " ",
        "space-before": " " + HASH_OF_PASSWORD,
        "nul-after": HASH_OF_PASSWORD + "\0",
        "nul-for-last": HASH_OF_PASSWORD[:-1] + "\0",
        "nul-in-salt": HASH_OF_PASSWORD[:10] + "\0" + HASH_OF_PASSWORD[11:],
        "alphabet": HASH_OF_PASSWORD[:-1] + "+",
        "alphabet-of-salt": HASH_OF_PASSWORD[:10] + "=" + HASH_OF_PASSWORD[11:],
        "non-ascii": HASH_OF_PASSWORD[:-1] + "é",
        "surrogate": HASH_OF_PASSWORD[:-1] + "\ud800",
        "md5": "5f4dcc3b5aa765d61d8327deb882cf99",
        "md5-crypt": "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "sha512-crypt": "$6$saltsalt$" + "x" * 86,
        "argon2": "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$iWh06vD8Fy27wf9npn6FXWiCX4K6pW6Ue1Bnzz07Z8A",
        "long-text": "$2b$04$" + "." * 1_000_000,
        # Not text at all
        "none": None,
        "true": True,
        "zero": 0,
        "bytes": HASH_OF_PASSWORD.encode(),
        "list": [HASH_OF_PASSWORD],
        "dict": {},
        "object": object(),
    }.items()
}


@pytest.mark.rule("password.hash")
@pytest.mark.parametrize("name", MALFORMED_HASHES)
def test_malformed_hash_does_not_verify(passwords, name):
    password, hashed = MALFORMED_HASHES[name]
    assert passwords.verify(password, hashed) is False


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=80)


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_verifying_any_text_does_not_raise(auth, text):
    assert auth.verify_password(text, HASH_OF_PASSWORD) is (text == "password")
    assert auth.verify_password("password", text) is False


@settings(max_examples=150, deadline=None)
@given(st.integers(7, 59), st.characters(codec=None, exclude_categories=[]))
def test_verifying_with_one_character_of_the_hash_changed_does_not_raise(auth, index, character):
    hashed = HASH_OF_PASSWORD[:index] + character + HASH_OF_PASSWORD[index + 1 :]
    # bcrypt ignores the spare bits of the last character of the salt and of the digest.
    expected = (True, False) if index in (28, 59) or hashed == HASH_OF_PASSWORD else (False,)
    assert auth.verify_password("password", hashed) in expected


# Worker threads


@pytest.mark.parametrize("name", ["ahash_password", "averify_password"])
def test_other_tasks_run_while_a_worker_thread_is_busy(auth, name):
    arguments = ["password"] if name == "ahash_password" else ["password", auth.hash_password("password", cost=12)]

    async def turns_of_another_task():
        task = asyncio.ensure_future(getattr(auth, name)(*arguments))
        turns = 0
        while not task.done():
            await asyncio.sleep(0.001)
            turns += 1
        await task
        return turns

    assert asyncio.run(turns_of_another_task()) > 10


def test_several_passwords_are_hashed_at_once(auth):
    async def hash_all(texts):
        return await asyncio.gather(*[auth.ahash_password(text, cost=LOWEST) for text in texts])

    texts = [f"password {number}" for number in range(20)]
    assert all(map(auth.verify_password, texts, asyncio.run(hash_all(texts))))


# Outdated hashes


OUTDATED = {
    ("$2b$12$", 12): False,
    ("$2b$11$", 12): True,
    ("$2b$13$", 12): False,
    ("$2a$12$", 12): False,
    ("$2y$10$", 10): False,
    ("$2b$04$", 4): False,
    ("$2x$12$", 12): True,
    ("$2b$12", 12): True,
}


@pytest.mark.parametrize(("prefix", "cost"), OUTDATED)
def test_hash_of_a_lower_cost_or_of_another_kind_needs_rehash(prefix, cost):
    hashed = prefix + HASH_OF_PASSWORD[7:]
    assert needs_rehash(hashed, cost=cost) is OUTDATED[prefix, cost]
    assert cost != 12 or needs_rehash(hashed) is OUTDATED[prefix, cost]
    assert needs_rehash(hashed[:-1], cost=4) is needs_rehash("", cost=4) is True


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"hashed": None}, TypeError, "hashed must be str, not NoneType"),
        ({"hashed": HASH_OF_PASSWORD.encode()}, TypeError, "hashed must be str, not bytes"),
        ({"cost": 3}, ValueError, "cost must be 4 to 31, not 3"),
        ({"cost": "12"}, TypeError, "cost must be int, not str"),
    ],
)
def test_needs_rehash_of_an_invalid_argument_raises(arguments, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        needs_rehash(**{"hashed": HASH_OF_PASSWORD, **arguments})


# Which passwords people may choose: NIST SP 800-63B-4 section 3.1.1.2

COMMON = "The password is too common; choose one that is less predictable."
REPEATED = "The password repeats a short text; choose one that is less predictable."
TOO_LONG = (
    "The password is too long: at most 72 bytes can be stored. "
    "A letter with an accent takes 2 bytes, a Chinese character 3, and an emoji 4 or more."
)
PROBLEMS = {
    # Length in code points, whatever the characters are
    "14 characters": ("kze mwq ouv bx", "The password must have at least 15 characters."),
    "14 of two bytes": ("äöüßéèêñøåæçðþ", "The password must have at least 15 characters."),
    "15 characters": ("kze mwq ouv bxy", None),
    "15 of three bytes": ("密碼一二三四五六七八九十百千萬", None),
    "lowercase only": ("correct horse battery staple", None),
    "words without spaces": ("purplemonkeydishwasher", None),
    "72 bytes": ("kze mwq ouv bxy " * 4 + "abcdefgh", None),
    "73 bytes": ("kze mwq ouv bxy " * 4 + "abcdefghi", TOO_LONG),
    "75 bytes in 25 characters": ("密碼一二三" * 5, TOO_LONG),
    "a million characters": ("x" * 1_000_000, TOO_LONG),
    "NUL": ("kze mwq ouv bxy\0", "The password has a character that cannot be stored."),
    "lone surrogate": ("kze mwq ouv bxy\ud800", "The password has a character that cannot be stored."),
    # Those of 15 characters and more in lists of common passwords
    "digits and back": ("123456789987654321", COMMON),
    "keyboard columns": ("1qaz2wsx3edc4rfv", COMMON),
    "keyboard zigzag": ("q1w2e3r4t5y6u7i8o9p0", COMMON),
    "keyboard row and digits": ("qwertyuiop12345", COMMON),
    "digits and a common password": ("123456789qwerty", COMMON),
    "in the list": ("polniypizdec0211", COMMON),
    # Made of known pieces
    "common, digits and a character": ("Password1234567!", COMMON),
    "two common passwords": ("passwordiloveyou", COMMON),
    "two and a space": ("password iloveyou", COMMON),
    "three common passwords": ("password iloveyou monkey", None),
    "three pieces": ("summer2024winter", None),
    "fullwidth letters": ("ｐａｓｓｗｏｒｄ１２３４５６７８", COMMON),
    "each character twice": ("112233445566778899", COMMON),
    "contains a common password": ("password kze mwq", None),
    # Repetitions; the last may be cut
    "one character": ("a" * 20, REPEATED),
    "a password twice": ("passwordpassword", REPEATED),
    "three characters": ("abcabcabcabcabca", REPEATED),
    "long text twice": ("kze mwq ouv bxy kze mwq ouv bxy ", None),
    # The username is "Ada.Lovelace@example.com"
    "username": ("ada.lovelace@EXAMPLE.com", "The password must not be the username."),
    "username and a year": ("ada.lovelace@example.com1815", COMMON),
}


@pytest.mark.parametrize(("password", "problem"), PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.rule("password.problem")
def test_problem_of_a_password(password, problem):
    assert password_problem(password, username="Ada.Lovelace@example.com") == problem


@pytest.mark.parametrize(
    ("password", "is_common"),
    [
        ("password", True),
        ("monkey!7", True),
        ("abcd1234", True),
        ("dragon2019", True),
        ("ky133599", False),
        ("awvvv989", False),
        ("kzemwqou", False),
    ],
)
def test_eight_characters_are_enough_with_a_second_factor(password, is_common):
    assert password_problem(password, min_length=8) == (COMMON if is_common else None)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.integers(1, 72))
def test_password_without_a_problem_can_be_hashed(password, username, min_length):
    problem = password_problem(password, username=username, min_length=min_length)
    if problem is None:
        assert len(password) >= min_length
        verify_password(password, hash_password(password, cost=LOWEST))


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), min_size=15, max_size=15)
)
def test_sentence_never_has_the_password(password):
    for text in (password, password * 2):
        assert text not in (password_problem(text, username=password[:7]) or "")
    # A short password may be a part of any sentence.
    assert password_problem(password[:3], username=password[:7]) == password_problem("kze", username="another")


def test_random_passwords_are_no_problem():
    chance = random.Random(1)
    letters = string.ascii_lowercase + string.digits
    chosen = ["".join(chance.choices(letters, k=15)) for _ in range(2_000)]
    assert [each for each in chosen if password_problem(each)] == []


@pytest.mark.parametrize(
    "password", ["a1" * 36, "1234qwer" * 9, "password" * 9, "ab" * 35 + "cd", "\ufdfa" * 24, "123" * 24]
)
def test_finding_a_problem_takes_a_few_milliseconds(password):
    password_problem("kze mwq ouv bxy")  # reads the list

    def seconds():
        start = time.thread_time()
        password_problem(password, username="x" * 1_000_000)
        return time.thread_time() - start

    assert min(seconds() for _ in range(5)) < 0.05


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"plain": None}, TypeError, "a password must be str, not NoneType"),
        ({"plain": b"x"}, TypeError, "a password must be str, not bytes"),
        ({"username": 5}, TypeError, "username must be str, not int"),
        ({"min_length": "8"}, TypeError, "min_length must be int, not str"),
        ({"min_length": 0}, ValueError, "min_length must be 1 to 72, not 0"),
        ({"min_length": 73}, ValueError, "min_length must be 1 to 72, not 73"),
    ],
)
def test_problem_of_an_invalid_argument_raises(arguments, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        password_problem(**{"plain": "kze mwq ouv bxy", **arguments})
