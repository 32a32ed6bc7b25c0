"""hash_password and verify_password: bcrypt, its limits, and hashes of other tools as published."""

import asyncio
import time

import bcrypt
import pytest
from bcrypt_cost import LOWEST, cost_of
from error_text import shown_by
from hypothesis import given, settings
from hypothesis import strategies as st

SHOWN = "hunter2-must-not-be-shown"
HASH_OF_PASSWORD = bcrypt.hashpw(b"password", bcrypt.gensalt(LOWEST)).decode("ascii")


def quick_hash(auth, plain):
    return auth.hash_password(plain, cost=LOWEST)


def run_async(call, *args, **options):
    return asyncio.run(call(*args, **options))


# The hash


def test_a_hash_is_2b_at_cost_12_by_default(auth):
    assert auth.hash_password("password").startswith("$2b$12$")


def test_ahash_is_2b_at_cost_12_by_default(auth):
    assert run_async(auth.ahash_password, "password").startswith("$2b$12$")


@pytest.mark.parametrize("cost", [4, 5, 8])
def test_the_cost_may_be_chosen(auth, cost):
    assert quick_hash(auth, "password").startswith("$2b$04$")
    assert cost_of(auth.hash_password("password", cost=cost)) == cost
    assert cost_of(run_async(auth.ahash_password, "password", cost=cost)) == cost


@pytest.mark.parametrize("cost", [3, 0, -1, 32, 1000])
def test_a_cost_out_of_range_is_a_value_error(auth, cost):
    with pytest.raises(ValueError, match="cost"):
        auth.hash_password("password", cost=cost)


def test_a_higher_cost_takes_longer(auth):
    def seconds(cost):
        start = time.perf_counter()
        auth.hash_password("password", cost=cost)
        return time.perf_counter() - start

    assert min(seconds(9) for _ in range(3)) > 4 * min(seconds(4) for _ in range(3))


def test_a_hash_is_sixty_ascii_characters(auth):
    hashed = quick_hash(auth, "password")
    assert type(hashed) is str
    assert len(hashed) == 60 and hashed.isascii() and hashed.isprintable()


def test_every_hash_has_a_fresh_salt(auth):
    assert len({quick_hash(auth, "password")[:29] for _ in range(20)}) == 20


def test_bcrypt_itself_verifies_a_hash(auth):
    assert bcrypt.checkpw("pässword".encode(), quick_hash(auth, "pässword").encode("ascii"))


def test_a_hash_of_bcrypt_itself_verifies(auth):
    assert auth.verify_password("password", HASH_OF_PASSWORD) is True


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
    "72-bytes": "x" * 72,
}
each_password = pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS.keys())


@each_password
def test_a_password_verifies_with_its_hash(auth, password):
    assert auth.verify_password(password, quick_hash(auth, password)) is True


@each_password
def test_a_password_verifies_with_its_hash_asynchronously(auth, password):
    hashed = run_async(auth.ahash_password, password, cost=LOWEST)
    assert run_async(auth.averify_password, password, hashed) is True


@each_password
def test_another_password_does_not_verify(auth, password):
    hashed = quick_hash(auth, password)
    others = [password[:-1], password + "!", password.swapcase(), password[::-1], "x" + password[1:], ""]
    unequal = [other for other in others if other != password]
    assert unequal
    assert [auth.verify_password(other, hashed) for other in unequal] == [False] * len(unequal)


@each_password
def test_another_password_does_not_verify_asynchronously(auth, password):
    assert run_async(auth.averify_password, "y" + password[1:], quick_hash(auth, password)) is False


def test_unicode_is_not_normalised(auth):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert auth.verify_password(decomposed, quick_hash(auth, composed)) is False


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=18))
def test_any_password_within_the_limits_verifies(auth, password):
    assert auth.verify_password(password, quick_hash(auth, password)) is True


# The limit of 72 bytes

AT_THE_LIMIT = {
    "72-ascii": "x" * 72,
    "36-of-two-bytes": "é" * 36,
    "24-of-three-bytes": "密" * 24,
    "18-of-four-bytes": "👩" * 18,
    "mixed": "👩密é" * 8,
}
OVER_THE_LIMIT = {
    "73-ascii": "x" * 73,
    "72-ascii-and-newline": "x" * 72 + "\n",
    "37-of-two-bytes": "é" * 37,
    "71-and-one-of-two-bytes": "x" * 71 + "é",
    "25-of-three-bytes": "密" * 25,
    "19-of-four-bytes": "👩" * 19,
    "long": "x" * 1_000_000,
}


@pytest.mark.parametrize("password", AT_THE_LIMIT.values(), ids=AT_THE_LIMIT.keys())
@pytest.mark.rule("password.length")
def test_72_bytes_of_utf_8_are_hashed_to_the_last(auth, password):
    assert len(password.encode()) == 72
    hashed = quick_hash(auth, password)
    assert auth.verify_password(password, hashed) is True
    assert auth.verify_password(password[:-1], hashed) is False


@pytest.mark.parametrize("password", OVER_THE_LIMIT.values(), ids=OVER_THE_LIMIT.keys())
@pytest.mark.rule("password.length")
def test_over_72_bytes_of_utf_8_are_a_value_error_that_names_the_limit(auth, password):
    with pytest.raises(ValueError, match=r"\b72\b") as raised:
        quick_hash(auth, password)
    assert password not in shown_by(raised.value)


@pytest.mark.parametrize("password", OVER_THE_LIMIT.values(), ids=OVER_THE_LIMIT.keys())
@pytest.mark.rule("password.length")
def test_over_72_bytes_never_verify(auth, password):
    first_72 = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(LOWEST)).decode("ascii")
    assert auth.verify_password(password, first_72) is False
    assert run_async(auth.averify_password, password, first_72) is False


# What is refused

REFUSED = {
    "nul-inside": (SHOWN + "\0" + SHOWN, ValueError),
    "nul-first": ("\0" + SHOWN, ValueError),
    "nul-last": (SHOWN + "\0", ValueError),
    "over-long": (SHOWN * 3, ValueError),
    "high-surrogate": (SHOWN + "\ud800", ValueError),
    "low-surrogate": ("\udfff" + SHOWN, ValueError),
    "surrogate-of-an-undecodable-byte": (SHOWN + "\udcff", ValueError),
    "bytes": (SHOWN.encode(), TypeError),
    "bytearray": (bytearray(SHOWN.encode()), TypeError),
    "none": (None, TypeError),
    "int": (12345678, TypeError),
    "list": ([SHOWN], TypeError),
    "dict": ({SHOWN: SHOWN}, TypeError),
}
each_refused = pytest.mark.parametrize(("password", "error"), REFUSED.values(), ids=REFUSED.keys())


@each_refused
@pytest.mark.rule("password.characters")
def test_a_password_that_cannot_be_hashed_is_refused_without_being_shown(auth, password, error):
    with pytest.raises(error) as raised:
        quick_hash(auth, password)
    assert type(raised.value) is error
    assert "hunter2" not in shown_by(raised.value) and "12345678" not in shown_by(raised.value)


@each_refused
def test_ahash_refuses_the_same_without_showing_it(auth, password, error):
    with pytest.raises(error) as raised:
        run_async(auth.ahash_password, password, cost=LOWEST)
    assert type(raised.value) is error
    assert "hunter2" not in shown_by(raised.value) and "12345678" not in shown_by(raised.value)


@each_refused
def test_what_cannot_be_hashed_does_not_verify(auth, password, error):
    assert auth.verify_password(password, HASH_OF_PASSWORD) is False
    assert run_async(auth.averify_password, password, HASH_OF_PASSWORD) is False


@pytest.mark.rule("password.characters")
def test_a_nul_does_not_end_the_password(auth):
    assert auth.verify_password("password\0", HASH_OF_PASSWORD) is False
    assert auth.verify_password("password\0anything", HASH_OF_PASSWORD) is False


# Hashes of other tools, as published

VECTORS = {
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
each_vector = pytest.mark.parametrize(("password", "hashed"), VECTORS.values(), ids=VECTORS.keys())


@each_vector
def test_a_published_hash_verifies(auth, password, hashed):
    assert auth.verify_password(password, hashed) is True
    assert run_async(auth.averify_password, password, hashed) is True


@each_vector
def test_a_published_hash_does_not_verify_another_password(auth, password, hashed):
    assert auth.verify_password("*" + password[1:], hashed) is False


# crypt_blowfish, wrapper.c: "chars after 72 are ignored" there, and refused here
def test_a_published_over_long_password_does_not_verify(auth):
    password, hashed = VECTORS["crypt-blowfish-72"]
    assert auth.verify_password(password + "chars after 72 are ignored", hashed) is False


# crypt_blowfish, wrapper.c, and John the Ripper, BF_fmt.c: "$2x$" marks hashes of the sign extension bug
BUGGY = {
    "utf-8": ("\u0451", "$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS"),
    "ascii": ("U*U", "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
}


@pytest.mark.parametrize(("password", "hashed"), BUGGY.values(), ids=BUGGY.keys())
@pytest.mark.rule("password.hash")
def test_a_2x_hash_is_refused(auth, password, hashed):
    assert auth.verify_password(password, hashed) is False


# What is no hash

NO_HASHES = {
    "empty": "",
    "space": " ",
    "plain": "password",
    "locked-account": "!",
    "locked-hash": "!" + HASH_OF_PASSWORD,
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
    "no-dollar": HASH_OF_PASSWORD[1:],
    "version-missing": "$" + HASH_OF_PASSWORD[4:],
    "version-2": "$2$" + HASH_OF_PASSWORD[4:],
    "version-2x": "$2x$" + HASH_OF_PASSWORD[4:],
    "version-2c": "$2c$" + HASH_OF_PASSWORD[4:],
    "version-2B": "$2B$" + HASH_OF_PASSWORD[4:],
    "version-3b": "$3b$" + HASH_OF_PASSWORD[4:],
    "cost-00": "$2b$00$" + HASH_OF_PASSWORD[7:],
    "cost-03": "$2b$03$" + HASH_OF_PASSWORD[7:],
    "cost-32": "$2b$32$" + HASH_OF_PASSWORD[7:],
    "cost-99": "$2b$99$" + HASH_OF_PASSWORD[7:],
    "cost-of-one-digit": "$2b$4$" + HASH_OF_PASSWORD[7:],
    "cost-of-three-digits": "$2b$004$" + HASH_OF_PASSWORD[7:],
    "cost-negative": "$2b$-4$" + HASH_OF_PASSWORD[7:],
    "cost-spaced": "$2b$ 4$" + HASH_OF_PASSWORD[7:],
    "cost-full-width": "$2b$０４$" + HASH_OF_PASSWORD[7:],
    "cost-no-number": "$2b$xx$" + HASH_OF_PASSWORD[7:],
    "alphabet": HASH_OF_PASSWORD[:-1] + "+",
    "alphabet-of-salt": HASH_OF_PASSWORD[:10] + "=" + HASH_OF_PASSWORD[11:],
    "non-ascii": HASH_OF_PASSWORD[:-1] + "é",
    "surrogate": HASH_OF_PASSWORD[:-1] + "\ud800",
    "md5": "5f4dcc3b5aa765d61d8327deb882cf99",
    "md5-crypt": "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
    "sha512-crypt": "$6$saltsalt$" + "x" * 86,
    "argon2": "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$iWh06vD8Fy27wf9npn6FXWiCX4K6pW6Ue1Bnzz07Z8A",
    "long-text": "$2b$04$" + "." * 1_000_000,
}


@pytest.mark.parametrize("hashed", NO_HASHES.values(), ids=NO_HASHES.keys())
@pytest.mark.rule("password.hash")
def test_a_malformed_hash_does_not_verify(auth, hashed):
    assert auth.verify_password("password", hashed) is False
    assert run_async(auth.averify_password, "password", hashed) is False


@pytest.mark.parametrize(
    "hashed", [None, False, True, 0, 5, b"", HASH_OF_PASSWORD.encode(), [], {}, object()], ids=repr
)
def test_what_is_no_str_does_not_verify(auth, hashed):
    assert auth.verify_password("password", hashed) is False
    assert run_async(auth.averify_password, "password", hashed) is False


def test_the_empty_password_verifies_with_no_empty_hash(auth):
    assert auth.verify_password("", "") is False


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=80)


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_verify_never_raises_whatever_the_password(auth, password):
    assert auth.verify_password(password, HASH_OF_PASSWORD) is (password == "password")


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_verify_never_raises_whatever_the_hash(auth, hashed):
    assert auth.verify_password("password", hashed) is False


@settings(max_examples=150, deadline=None)
@given(st.integers(7, 59), st.characters(codec=None, exclude_categories=[]))
def test_verify_never_raises_for_a_hash_with_one_character_changed(auth, index, character):
    hashed = HASH_OF_PASSWORD[:index] + character + HASH_OF_PASSWORD[index + 1 :]
    assert auth.verify_password("password", hashed) in (True, False)


# Off the event loop


async def turns_during(awaitable):
    """How often another task had its turn until *awaitable* was done."""
    task = asyncio.ensure_future(awaitable)
    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    await task
    return turns


def test_other_tasks_go_on_while_a_password_is_hashed(auth):
    assert asyncio.run(turns_during(auth.ahash_password("password"))) > 10


def test_other_tasks_go_on_while_a_password_is_verified(auth):
    hashed = bcrypt.hashpw(b"password", bcrypt.gensalt(12)).decode("ascii")
    assert asyncio.run(turns_during(auth.averify_password("password", hashed))) > 10


def test_many_passwords_are_hashed_at_once(auth):
    async def hash_all(passwords):
        return await asyncio.gather(*[auth.ahash_password(password, cost=LOWEST) for password in passwords])

    passwords = [f"password {number}" for number in range(20)]
    hashes = asyncio.run(hash_all(passwords))
    assert all(map(auth.verify_password, passwords, hashes))
