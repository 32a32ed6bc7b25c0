"""Arguments whose methods raise while an engine reads them, each in a different place."""

from collections.abc import Sequence


class HostileError(RuntimeError):
    """Raised by an argument, not by the engine."""


class NoIterator:
    def __iter__(self):
        raise HostileError


class NotAnIterator:
    def __iter__(self):
        return 5


class StopsEarly:
    def __iter__(self):
        raise StopIteration


class FailsAfter:
    """Iterates over *items*, then raises."""

    def __init__(self, items):
        self.items = items

    def __iter__(self):
        yield from self.items
        raise HostileError


class Items:
    """Iterates over *items* by ``__getitem__`` alone, then raises."""

    def __init__(self, items):
        self.items = items

    def __getitem__(self, index):
        if index < len(self.items):
            return self.items[index]
        raise HostileError


@Sequence.register
class FailingSecrets(Items):
    """A sequence that claims one secret more than it returns."""

    def __len__(self):
        return len(self.items) + 1


@Sequence.register
class Secrets(Items):
    """A sequence of secrets that is neither a list nor a tuple."""

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class Bytes(bytes):
    """A subclass whose instances have attributes."""


class Text(str):
    """A subclass whose instances have attributes."""


class ClearsTheList(bytes):
    """Bytes that empty the list of headers when they are deleted."""

    def __new__(cls, value, headers):
        self = super().__new__(cls, value)
        self.headers = headers
        return self

    def __del__(self):
        self.headers.clear()


class NoTruth:
    def __bool__(self):
        raise HostileError


class NoOrder(float):
    def __le__(self, _):
        raise HostileError

    __ge__ = __le__


class Request:
    """The part of a request that a rate limit reads."""

    def __init__(self, scope):
        self.scope = scope


class NoScope:
    @property
    def scope(self):
        raise HostileError


class NoClient:
    def get(self, _):
        raise HostileError


class Client:
    """A client that is not a tuple; without *items* it has no host."""

    def __init__(self, items=()):
        self.items = items

    def __len__(self):
        return 1

    def __getitem__(self, index):
        if self.items:
            return self.items[index]
        raise HostileError
