"""Which passwords users may choose (NIST SP 800-63B-4 section 3.1.1.2): a length and a blocklist, nothing else."""

from __future__ import annotations

import functools
from typing import Final

_MOST_BYTES: Final = 72  # bcrypt ignores the rest
_MOST_OF_A_NAME: Final = 288  # a longer one cannot be a part of the password

_PIECE: Final = 2
_CHARACTER: Final = 1
_COMMON: Final = 5
"""A password of at most two known pieces and one more character, or of one and three more, is common. One of eight
characters may cost half as many."""

_ROWS: Final = (
    *("abcdefghijklmnopqrstuvwxyz", "12345678901234567890"),
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertz", "yxcvbnm", "azerty", "qsdfghjklm", "wxcvbn"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1qazxsw23edcvfr45tgbnhy67ujm", "qazwsxedcrfvtgbyhnujmikolp"),
    *("1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qawsedrftgyhujikolp", "1a2b3c4d5e6f7g8h9i"),
)
_SEQUENCES: Final = " ".join((*_ROWS, *(row[::-1] for row in _ROWS)))


def password_problem(plain: str, *, username: str | None = None, min_length: int = 15) -> str | None:
    """Return why a user should not choose the password *plain*, as a sentence for the user, or ``None``.

    The rules are those of NIST SP 800-63B-4 section 3.1.1.2: a minimum length, and no password that is commonly used,
    expected or compromised. There are no rules about kinds of characters. A password of at most two known pieces and
    one more character is common. Known pieces are the 30,000 most common passwords, sequences of a keyboard or of the
    alphabet, repeated characters, numbers of up to four digits, and *username*. The sentence never shows the password.

    Args:
        plain: the password.
        username: the user who chooses it.
        min_length: in characters, 1 to 72. NIST requires 15, or 8 if a second factor is used as well.

    Raises:
        TypeError: an argument has another type.
        ValueError: *min_length* is out of range.

    """
    _check_arguments(plain, username, min_length)
    if len(plain) < min_length:
        return f"The password must have at least {min_length} characters."
    if len(plain) > _MOST_BYTES or len(plain.encode("utf-8", "replace")) > _MOST_BYTES:
        return (
            "The password is too long: at most 72 bytes can be stored. "
            "A letter with an accent takes 2 bytes, a Chinese character 3, and an emoji 4 or more."
        )
    if "\0" in plain or any("\ud800" <= character <= "\udfff" for character in plain):
        return "The password has a character that cannot be stored."
    text, name = _normalized(plain), _normalized((username or "")[:_MOST_OF_A_NAME])
    if text == name:
        return "The password must not be the username."
    if _is_repetition(text, min_length):
        return "The password repeats a short text; choose one that is less predictable."
    if _is_common(text, name):
        return "The password is too common; choose one that is less predictable."
    return None


def _check_arguments(plain: object, username: object, min_length: object) -> None:
    if not isinstance(plain, str):
        raise TypeError(f"a password must be str, not {type(plain).__name__}")
    if username is not None and not isinstance(username, str):
        raise TypeError(f"username must be str, not {type(username).__name__}")
    if not isinstance(min_length, int):
        raise TypeError(f"min_length must be int, not {type(min_length).__name__}")
    if not 1 <= min_length <= _MOST_BYTES:
        raise ValueError(f"min_length must be 1 to 72, not {min_length}")


def _normalized(text: str) -> str:
    import unicodedata  # noqa: PLC0415

    return unicodedata.normalize("NFKC", text).casefold()


def _is_repetition(text: str, min_length: int) -> bool:
    """Return whether *text* is a text below the minimum length, again and again; the last time it may be cut."""
    periods = range(1, min(min_length, len(text) // 2 + 1))
    return any(text[period:] == text[:-period] for period in periods)


def _is_common(text: str, name: str) -> bool:
    # 112233445566778899 is 123456789.
    without_doubles = "".join(each for each, before in zip(text, " " + text, strict=False) if each != before)
    return any(_cost(each, name) <= min(_COMMON, len(each) // 2) for each in (text, without_doubles))


def _cost(text: str, name: str) -> int:
    """Return what the cheapest division of *text* into known pieces and characters costs; more than common is cut."""
    costs = [0, *[_COMMON + 1] * len(text)]
    for start in range(len(text)):
        if costs[start] <= _COMMON - _CHARACTER:
            costs[start + 1] = min(costs[start + 1], costs[start] + _CHARACTER)
        if costs[start] <= _COMMON - _PIECE:
            for end in range(start + 3, len(text) + 1):
                if costs[end] > costs[start] + _PIECE and _is_known(text[start:end], name):
                    costs[end] = costs[start] + _PIECE
    return costs[-1]


def _is_known(piece: str, name: str) -> bool:
    return (
        piece in _SEQUENCES
        or piece in _common_passwords()
        or piece == piece[0] * len(piece)
        or piece == name
        or (len(piece) <= 4 and piece.isdigit())
    )


@functools.cache
def _common_passwords() -> frozenset[str]:
    """Return the passwords, which follow the source and the license in the file."""
    import pkgutil  # noqa: PLC0415 - loaded when the first password is chosen

    content = pkgutil.get_data("fastware.auth", "common_passwords.txt") or b""
    return frozenset(content.decode("ascii").partition("\n-----\n")[2].split())
