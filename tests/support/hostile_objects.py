"""Objects that are text, bytes, a list or a tuple by their type, or claim to be, and raise when a method is called.

An engine that reads such an object by its methods raises. It must read the content that CPython stores.
"""


def _raises(self, *_):
    raise RuntimeError("a method was called")


class HostileText(str):
    __slots__ = ()
    __str__ = __len__ = __eq__ = __contains__ = __getitem__ = __iter__ = _raises
    encode = split = partition = rpartition = count = isascii = startswith = strip = _raises
    __hash__ = str.__hash__


class HostileBytes(bytes):
    __bytes__ = __len__ = __eq__ = __contains__ = __getitem__ = __iter__ = _raises
    decode = startswith = strip = _raises
    __hash__ = bytes.__hash__


class HostileList(list):
    __len__ = __iter__ = __getitem__ = __bool__ = _raises


class HostileTuple(tuple):
    __slots__ = ()
    __len__ = __iter__ = __getitem__ = __bool__ = _raises


class HostileClass:
    """Raises even when its class is read."""

    __class__ = property(_raises)


class SaysItIsText:
    """``isinstance(SaysItIsText(), str)`` is true, but it is not a string."""

    __class__ = str
