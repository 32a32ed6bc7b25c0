"""The output of a call: the error that it raises, with everything attached to it, log records and warnings."""

import contextlib
import logging
import os
import pickle
import traceback
import warnings

_ATTRIBUTES = ("args", "doc", "object", "name", "msg", "reason", "text", "filename", "filename2", "strerror", "path")
"""Attributes in which exceptions of the standard library and of msgspec keep the values that caused them."""


def chain(error):
    """Return *error* and every error in its ``__cause__``, ``__context__`` (suppressed or not) and group."""
    errors, queue = [], [error]
    while queue:
        each = queue.pop()
        if each is not None and all(each is not known for known in errors):
            errors.append(each)
            queue += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return errors


def of_error(error):
    """Return ``{place: text}``: the texts in which *error* and its chain may be shown."""
    texts = {}
    for number, each in enumerate(chain(error)):
        kind = f"{type(each).__name__} {number}"
        texts |= {
            f"{kind}: str": str(each),
            f"{kind}: repr": repr(each),
            f"{kind}: traceback": "".join(traceback.format_exception(each)),
            f"{kind}: attributes": repr([vars(each), *(getattr(each, name, None) for name in _ATTRIBUTES)]),
            f"{kind}: pickle": _text_or_error(lambda each=each: pickle.dumps(each, protocol=0).decode("latin-1")),
        }
    return texts


def locals_of(error, folder):
    """Yield ``((function, local), repr)`` of the frames in the tracebacks of *error* whose code is in *folder*."""
    for each in chain(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if frame.f_code.co_filename.startswith(os.fspath(folder)):
                for name, value in frame.f_locals.items():
                    yield (frame.f_code.co_qualname, name), _text_or_error(lambda value=value: repr(value))


def _text_or_error(make):
    try:
        return make()
    except Exception as error:
        return repr(error)


def _of_record(record):
    """Return the texts in which a log record may be shown."""
    error = record.exc_info[1] if record.exc_info else None
    attached = of_error(error).values() if error else ()
    return "\n".join([record.getMessage(), repr(vars(record)), *attached])


def _of_warning(w):
    return warnings.formatwarning(w.message, w.category, w.filename, w.lineno) + repr(w.message) + repr(vars(w.message))


@contextlib.contextmanager
def recorded():
    """Record the logs and warnings in a context. Yields a function that returns them as ``{place: text}``."""
    records, root = [], logging.getLogger()
    handler, level = logging.Handler(), root.level
    handler.emit = records.append
    root.addHandler(handler)
    root.setLevel(1)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield lambda: {
                "log": "\n".join(map(_of_record, records)),
                "warnings": "\n".join(map(_of_warning, caught)),
            }
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
