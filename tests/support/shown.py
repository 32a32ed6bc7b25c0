"""Everything that a failure shows, or that hangs on it where a report would find it."""

import contextlib
import io
import logging
import os
import pickle
import traceback
import warnings
from dataclasses import dataclass, field

DATA_ATTRIBUTES = (
    "args",
    "doc",
    "object",
    "name",
    "msg",
    "reason",
    "text",
    "filename",
    "filename2",
    "strerror",
    "path",
)
"""What exceptions of the standard library and of msgspec keep of what they were made for."""


def chain(error):
    """*error*, and each error that it was raised from or in the handling of, the suppressed ones too."""
    errors, queue = [], [error]
    while queue:
        each = queue.pop()
        if each is not None and all(each is not known for known in errors):
            errors.append(each)
            queue += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return errors


def of_error(error):
    """By name, the texts in which *error* and its chain may be shown."""
    texts = {"traceback": "".join(traceback.format_exception(error))}
    for number, each in enumerate(chain(error)):
        kind = f"{type(each).__name__} {number}"
        texts |= {
            f"{kind}: str": str(each),
            f"{kind}: repr": repr(each),
            f"{kind}: traceback": "".join(traceback.format_exception(each)),
            f"{kind}: notes": repr(getattr(each, "__notes__", ())),
            f"{kind}: dict": repr(getattr(each, "__dict__", {})),
            f"{kind}: attributes": repr([getattr(each, name, None) for name in DATA_ATTRIBUTES]),
            f"{kind}: pickle": _pickled(each),
        }
    return texts


def _pickled(error):
    try:
        return pickle.dumps(error, protocol=0).decode("latin-1")
    except Exception as refused:
        return repr(refused)


def locals_of(error, folder):
    """``((function, local), repr)`` of the frames of code in *folder* that the tracebacks of *error* go through."""
    for each in chain(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if frame.f_code.co_filename.startswith(os.fspath(folder)):
                for name, value in frame.f_locals.items():
                    yield (frame.f_code.co_qualname, name), _represented(value)


def _represented(value):
    try:
        return repr(value)
    except Exception as refused:
        return repr(refused)


@dataclass
class Output:
    """What a call let out beside what it raised."""

    logged: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    printed: io.StringIO = field(default_factory=io.StringIO)

    @property
    def texts(self):
        return {"log": "\n".join(self.logged), "warnings": "\n".join(self.warned), "stdout": self.printed.getvalue()}


class _Recorder(logging.Handler):
    def __init__(self, output):
        super().__init__(logging.NOTSET)
        self._output = output
        self._formatter = logging.Formatter("%(name)s %(levelname)s %(pathname)s %(funcName)s %(message)s")

    def emit(self, record):
        self._output.logged += [self._formatter.format(record), repr(record.args), repr(record.msg)]
        if record.exc_info and record.exc_info[1] is not None:
            self._output.logged += of_error(record.exc_info[1]).values()


@contextlib.contextmanager
def recorded():
    """Everything that is logged, at any level, warned of or printed meanwhile."""
    output = Output()
    root = logging.getLogger()
    recorder, level = _Recorder(output), root.level
    own = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    levels = [(logger, logger.level) for logger in own]
    root.addHandler(recorder)
    root.setLevel(logging.NOTSET + 1)
    for logger in own:
        logger.setLevel(logging.NOTSET + 1)
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stdout(output.printed),
            contextlib.redirect_stderr(output.printed),
        ):
            warnings.simplefilter("always")
            yield output
            output.warned += [warnings.formatwarning(w.message, w.category, w.filename, w.lineno) for w in caught]
            output.warned += [repr(w.message) + repr(w.message.__dict__) for w in caught]
    finally:
        root.removeHandler(recorder)
        root.setLevel(level)
        for logger, before in levels:
            logger.setLevel(before)
