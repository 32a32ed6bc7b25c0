"""Objects of a fitting type, or of none, whose methods raise: what is asked of them may show."""


class HostileText(str):
    __slots__ = ()

    def raises(self, *_):
        raise RuntimeError("asked")

    __str__ = __len__ = __eq__ = __contains__ = __getitem__ = __iter__ = raises
    encode = split = partition = rpartition = count = isascii = startswith = strip = raises
    __hash__ = str.__hash__


class HostileBytes(bytes):
    def raises(self, *_):
        raise RuntimeError("asked")

    __bytes__ = __len__ = __eq__ = __contains__ = __getitem__ = __iter__ = raises
    decode = startswith = strip = raises
    __hash__ = bytes.__hash__


class HostileList(list):
    def raises(self, *_):
        raise RuntimeError("asked")

    __len__ = __iter__ = __getitem__ = __bool__ = raises


class HostileTuple(tuple):
    __slots__ = ()

    def raises(self, *_):
        raise RuntimeError("asked")

    __len__ = __iter__ = __getitem__ = __bool__ = raises


class HostileClass:
    @property
    def __class__(self):
        raise RuntimeError("asked")


class SaysItIsText:
    __class__ = str
