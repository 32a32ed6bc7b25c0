"""Arguments made anew for each call, so that a reference that is not given back keeps memory."""


class Made:
    """An argument that *factory* makes for each call."""

    def __init__(self, factory):
        self.factory = factory


def fresh(value):
    """Return an equal object that nobody else refers to; what has no copy stays as it is."""
    kind = type(value)
    if kind is str:
        return (value + "x")[:-1]
    if kind is bytes:
        return (value + b"x")[:-1]
    if kind is list:
        return [fresh(item) for item in value]
    if kind is tuple:
        return tuple([fresh(item) for item in value])
    if kind is dict:
        return {fresh(name): fresh(item) for name, item in value.items()}
    if kind is int:
        return value + 2**70 - 2**70
    if kind is Made:
        return value.factory()
    return value
