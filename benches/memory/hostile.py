"""Arguments that fail while they are read, each in its own place."""

from collections.abc import Sequence


class TroubleError(RuntimeError):
    """Raised by the caller's own objects."""


class NoIterator:
    def __iter__(self):
        raise TroubleError("no iterator")


class NotAnIterator:
    def __iter__(self):
        return 5


class StopsEarly:
    def __iter__(self):
        raise StopIteration


class FailsAfter:
    """Iterates over *items*, and fails where more are asked for."""

    def __init__(self, items):
        self.items = items

    def __iter__(self):
        yield from self.items
        raise TroubleError("no more")


class Items:
    """Iterates over *items* by ``__getitem__`` alone, and fails where more are asked for."""

    def __init__(self, items):
        self.items = items

    def __getitem__(self, index):
        if index < len(self.items):
            return self.items[index]
        raise TroubleError("no more")


@Sequence.register
class Secrets(Items):
    """A sequence of secrets that fails after *items*."""

    def __len__(self):
        return len(self.items) + 1


@Sequence.register
class SequenceOf(Items):
    """A sequence of secrets of the caller's own kind."""

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class SubclassOfBytes(bytes):
    """Bytes that may have attributes."""


class SubclassOfStr(str):
    """Text that may have attributes."""


class Ending(bytes):
    """Bytes that change the list that they came in when they go."""

    def __new__(cls, value, headers):
        self = super().__new__(cls, value)
        self.headers = headers
        return self

    def __del__(self):
        self.headers.clear()


class NoTruth:
    def __bool__(self):
        raise TroubleError("neither")


class NoNumber(float):
    def __le__(self, _):
        raise TroubleError("no order")

    __ge__ = __le__


class Request:
    """What a rate limit looks at of a request."""

    def __init__(self, scope):
        self.scope = scope


class NoScope:
    @property
    def scope(self):
        raise TroubleError("no scope")


class NoClient:
    """A scope of the caller's own kind."""

    def get(self, _):
        raise TroubleError("no client")


class Client:
    """A client without a host."""

    def __init__(self, items=()):
        self.items = items

    def __len__(self):
        return 1

    def __getitem__(self, index):
        if self.items:
            return self.items[index]
        raise TroubleError("no host")
