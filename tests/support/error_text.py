"""The text of an error."""

import traceback


def shown_by(error):
    """Return the text of *error* in a log: its arguments, and the traceback with every chained error."""
    return "".join(traceback.format_exception(error)) + repr(error.args) + repr(error)
