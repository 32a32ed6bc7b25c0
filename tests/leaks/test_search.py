"""The search for marks finds a secret in every form, and in every place that it searches."""

import base64
import json
import logging
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
    "swapped case": MARK.swapcase(),
    "backwards": MARK[::-1],
    "hex": MARK.encode().hex(),
    "hex with colons": MARK.encode().hex(":"),
    **{f"base64 at {n}": base64.b64encode(b"-" * n + MARK.encode() + b"---") for n in range(4)},
    "base64url of JSON": base64.urlsafe_b64encode(json.dumps({"jti": MARK}).encode()).rstrip(b"="),
    "JSON escapes": "".join(f"\\u{ord(character):04x}" for character in MARK),
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


@pytest.mark.parametrize("output", FORMS.values(), ids=FORMS)
def test_secret_is_found_in_each_form(marks, output):
    assert {name for name, _ in marks.found_in(output)} == {"password"}


def test_other_text_is_not_found(marks):
    assert marks.found_in(new_mark(2_000) + MARK[: PIECE - 1] + "-" + MARK[PIECE:][: PIECE - 1]) == []


def error(**attributes):
    made = RuntimeError("no mark here")
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


ERRORS = {
    "message": ValueError(MARK),
    "cause": error(__cause__=ValueError(MARK)),
    "context": error(__context__=ValueError(MARK)),
    "suppressed context": error(__context__=ValueError(MARK), __suppress_context__=True),
    "note": error(__notes__=[MARK]),
    "attribute": error(password=MARK),
    "group": ExceptionGroup("no mark here", [ValueError(MARK)]),
    "decoded bytes": UnicodeDecodeError("utf-8", MARK.encode(), 0, 1, "no mark here"),
    "JSON document": json.JSONDecodeError("no mark here", MARK, 0),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_secret_is_found_wherever_it_is_attached_to_an_error(marks, error):
    assert any(marks.found_in(text) for text in shown.of_error(error).values())


OUTPUTS = {
    "log message": lambda: logging.getLogger("fastware").debug("%s", MARK),
    "log arguments": lambda: logging.getLogger("elsewhere").debug("nothing of %(a).0s", {"a": MARK}),
    "logged exception": lambda: logging.getLogger("fastware").error(
        "no mark here", exc_info=ERRORS["suppressed context"]
    ),
    "warning": lambda: warnings.warn(MARK, stacklevel=1),
}


@pytest.mark.parametrize("show", OUTPUTS.values(), ids=OUTPUTS)
def test_secret_is_found_in_each_output(marks, show):
    with shown.recorded() as output:
        show()
    assert any(marks.found_in(text) for text in output().values())


def test_locals_are_those_of_frames_in_the_folder(marks):
    def fail():
        secret = MARK
        raise RuntimeError(secret and "no mark here")

    with pytest.raises(RuntimeError) as raised:
        fail()
    found = [name for (_, name), text in shown.locals_of(raised.value, __file__) if marks.found_in(text)]
    assert found == ["secret"]
    assert list(shown.locals_of(raised.value, "/nowhere")) == []
