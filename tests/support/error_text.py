"""What an error lets others see."""

import traceback


def shown_by(error):
    """All that a log would hold of *error*: the traceback with the errors it is chained to, and its arguments."""
    return "".join(traceback.format_exception(error)) + repr(error.args) + repr(error)
