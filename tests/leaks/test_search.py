"""The search itself: it finds a secret in every form and in every place that it looks at, and nothing else."""

import base64
import json
import logging
import sys
import urllib.parse
import warnings

import pytest
import shown
from marks import PIECE, Marks, new_mark

MARK = new_mark()

FORMS = {
    "text": MARK,
    "a piece": f"...{MARK[5 : 5 + PIECE]}...",
    "repr": repr(f"é{MARK}\n"),
    "bytes": f"\xff{MARK}".encode("latin-1"),
    "repr of bytes": repr(b"\xff" + MARK.encode()),
    "other case": MARK.swapcase(),
    "backwards": MARK[::-1],
    "hex": MARK.encode().hex(),
    "hex with colons": MARK.encode().hex(":"),
    "base64": base64.b64encode(b"user:" + MARK.encode() + b":more").decode(),
    "base64url of JSON": base64.urlsafe_b64encode(json.dumps({"jti": MARK}).encode()).decode().rstrip("="),
    "escapes of JSON": "".join(f"\\u{ord(character):04x}" for character in MARK),
    "percent escapes": "".join(f"%{ord(character):02X}" for character in MARK),
    "quoted": urllib.parse.quote(f"é {MARK}"),
    "numbers": repr(list(MARK.encode())),
    "UTF-16": repr(MARK.encode("utf-16")),
}


@pytest.fixture
def marks():
    marks = Marks()
    marks.add("password", MARK)
    return marks


@pytest.mark.parametrize("output", FORMS.values(), ids=FORMS.keys())
def test_a_secret_is_found_in_each_form(marks, output):
    assert {name for name, _ in marks.found_in(output)} == {"password"}


@pytest.mark.parametrize("before", range(4))
def test_base64_is_found_wherever_the_secret_begins(marks, before):
    assert marks.found_in(base64.b64encode(b"-" * before + MARK.encode() + b"---"))


def test_other_text_is_not_found(marks):
    assert marks.found_in(new_mark(2_000) + MARK[: PIECE - 1] + "-" + MARK[PIECE:][: PIECE - 1]) == []


def decoding():
    (MARK.encode() + b"\xff").decode("utf-8")


def reading():
    json.loads(f'["{MARK}"')


def chained():
    raise RuntimeError("no mark here") from ValueError(MARK)


def suppressed():
    try:
        raise ValueError(MARK)
    except ValueError:
        raise RuntimeError("no mark here") from None


def noted():
    error = RuntimeError("no mark here")
    error.add_note(MARK)
    raise error


def grouped():
    raise ExceptionGroup("no mark here", [ValueError(MARK)])


def attributed():
    error = RuntimeError("no mark here")
    error.password = MARK
    raise error


@pytest.mark.parametrize("fail", [decoding, reading, chained, suppressed, noted, grouped, attributed])
def test_a_secret_is_found_wherever_it_hangs_on_an_error(marks, fail):
    with pytest.raises(Exception) as raised:
        fail()
    assert any(marks.found_in(text) for text in shown.of_error(raised.value).values())


def logs():
    logging.getLogger("fastware").debug("%s", MARK)


def logs_arguments():
    logging.getLogger("elsewhere").debug("nothing of %(a).0s", {"a": MARK})


def logs_an_exception():
    try:
        suppressed()
    except RuntimeError:
        logging.getLogger("fastware").exception("no mark here")


def warns():
    warnings.warn(MARK, stacklevel=1)


def prints():
    print(MARK)


def prints_an_error():
    print(MARK, file=sys.stderr)


@pytest.mark.parametrize("tell", [logs, logs_arguments, logs_an_exception, warns, prints, prints_an_error])
def test_a_secret_is_found_in_what_is_told_beside(marks, tell):
    with shown.recorded() as output:
        tell()
    assert any(marks.found_in(text) for text in output.texts.values())


def test_locals_are_found_in_frames_of_the_folder_only(marks):
    def fail():
        secret = MARK
        raise RuntimeError(secret and "no mark here")

    with pytest.raises(RuntimeError) as raised:
        fail()
    held = [name for (_, name), text in shown.locals_of(raised.value, __file__) if marks.found_in(text)]
    assert held == ["secret"]
    assert list(shown.locals_of(raised.value, "/nowhere")) == []
