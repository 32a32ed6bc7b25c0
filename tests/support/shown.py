"""All that a call shows: the error that it raises, with what is attached to it, and what it logs, warns and prints."""

import contextlib
import io
import logging
import os
import pickle
import traceback
import warnings

_ATTRIBUTES = ("args", "doc", "object", "name", "msg", "reason", "text", "filename", "filename2", "strerror", "path")
"""Attributes in which exceptions of the standard library and of msgspec keep what they were raised for."""


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


class Output(logging.Handler):
    """What is logged at any level, warned of and printed."""

    def __init__(self):
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(pathname)s %(funcName)s %(message)s"))
        self._logged, self._warned, self._printed = [], [], io.StringIO()

    def emit(self, record):
        self._logged += [self.format(record), repr(record.args), repr(record.msg)]
        if record.exc_info and record.exc_info[1] is not None:
            self._logged += of_error(record.exc_info[1]).values()

    @property
    def texts(self):
        """Return ``{place: text}``."""
        warned = [warnings.formatwarning(w.message, w.category, w.filename, w.lineno) for w in self._warned]
        warned += [repr(w.message) + repr(vars(w.message)) for w in self._warned]
        return {"log": "\n".join(self._logged), "warnings": "\n".join(warned), "stdout": self._printed.getvalue()}

    @contextlib.contextmanager
    def record(self):
        root = logging.getLogger()
        others = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
        levels = [(logger, logger.level) for logger in (root, *others)]
        root.addHandler(self)
        for logger, _ in levels:
            logger.setLevel(logging.NOTSET + 1)
        try:
            with (
                warnings.catch_warnings(record=True) as self._warned,
                contextlib.redirect_stdout(self._printed),
                contextlib.redirect_stderr(self._printed),
            ):
                warnings.simplefilter("always")
                yield self
        finally:
            root.removeHandler(self)
            for logger, level in levels:
                logger.setLevel(level)


def recorded():
    """Return a context that records all output, and yields it."""
    return Output().record()
