"""The answer that a row of the corpus names, compared with what a call did."""

from dataclasses import dataclass
from functools import partial

from outcomes import identical, outcome


@dataclass(frozen=True)
class Raises:
    """The answer of a row whose call raises: the type, and the whole message."""

    kind: type[Exception]
    message: str


def given_of(attack):
    """What the row gives: made anew where it is large, or can be read once only."""
    return attack.given() if callable(attack.given) else attack.given


def is_answered(attack, call, *args):
    """Whether ``call(*args)`` does what the row says, to the type and the letter."""
    how = outcome(call, *args)
    if isinstance(attack.answer, Raises):
        return how == ("raised", attack.answer.kind, attack.answer.message)
    return how[0] == "returned" and identical(how[1], attack.answer)


def made(build, *args):
    """A ``given`` that is made only when the test runs."""
    return partial(build, *args)
