"""What an error shows."""

import traceback


def shown_by(error):
    """Return what a log would hold of *error*: its arguments, and the traceback with every chained error."""
    return "".join(traceback.format_exception(error)) + repr(error.args) + repr(error)
