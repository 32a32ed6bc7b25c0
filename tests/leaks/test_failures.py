"""No failure shows a secret: not in its error, logs, warnings, output and response, nor in the package's frames."""

import ast
import re
import sys
import threading
from collections import Counter
from pathlib import Path

import bcrypt_cost
import engines
import invalid_arguments
import pytest
import shown
from asgi_client import Response
from failures import DAMAGED_FILES, FAILED_SAVES, FAILURES, REJECTED_REQUESTS
from sandbox import Sandbox

import fastware as installed

PACKAGE = Path(installed.__file__).parent
BINDING = Path(__file__).parents[2] / "rust" / "binding" / "src"


def name_of(failure):
    return failure.name


@pytest.fixture(autouse=True, scope="module")
def _cheap_hashes():
    with bcrypt_cost.lowest():
        yield


@pytest.fixture
def sandbox(engine_name, tmp_path):
    return Sandbox(engine_name, tmp_path)


def observe(call, *arguments):
    """Return the result of a call, its error, and ``{place: text}``: the texts that may show a secret."""
    result = error = None
    with shown.recorded() as output:
        try:
            result = call(*arguments)
        except BaseException as raised:
            error = raised
    texts = output() if error is None else output() | shown.of_error(error)
    if isinstance(result, Response):
        texts |= {"body": result.body.decode("latin-1"), "headers": repr(result.headers)}
    return result, error, texts


def outcome(result, error):
    if error is not None:
        return f"{type(error).__name__} {getattr(error, 'status_code', '')}".rstrip()
    return result.status if isinstance(result, Response) else result


@pytest.mark.rule("engines.silent")
@pytest.mark.parametrize("failure", FAILURES, ids=name_of)
def test_failure_shows_no_secret(sandbox, failure, capfd):
    result, error, texts = observe(failure.cause, sandbox)
    texts["file descriptors"] = "".join(capfd.readouterr())
    assert {place: found for place, text in texts.items() if (found := sandbox.marks.found_in(text))} == {}
    assert outcome(result, error) == failure.outcome, repr(error)


@pytest.mark.rule("engines.silent")
@pytest.mark.parametrize("name", invalid_arguments.CALLS)
def test_call_with_an_invalid_argument_shows_no_secret(sandbox, name, capfd):
    calls_by_text, errors = {}, 0
    for description, call in invalid_arguments.calls(sandbox, name):
        _, error, texts = observe(call)
        errors += error is not None
        calls_by_text |= {text: f"{description}: {place}" for place, text in texts.items()}
    assert errors > 0
    calls_by_text["".join(capfd.readouterr())] = "output"
    found = sandbox.marks.found_in("\n".join(calls_by_text))
    assert found == [], [call for text, call in calls_by_text.items() if sandbox.marks.found_in(text)]


def test_failures_have_different_names():
    assert [name for name, count in Counter(map(name_of, FAILURES)).items() if count > 1] == []


# Local variables in the frames of a traceback, which some error reporters show (rich, Sentry). A frame may contain the
# arguments of the call, and the frames of App contain the request. They must not contain the configured secret and the
# headers of a rejected request, the hashes of a damaged file, or a password that is already hashed.


def secrets_in_frames(cause, sandbox):
    """Return ``{(function, local): secrets}`` of the package's frames."""
    with shown.recorded(), pytest.raises(Exception) as raised:
        cause(sandbox)
    held = shown.locals_of(raised.value, PACKAGE)
    return {place: found for place, text in held if (found := {name for name, _ in sandbox.marks.found_in(text)})}


@pytest.mark.parametrize("failure", REJECTED_REQUESTS, ids=name_of)
def test_rejected_request_leaves_no_secret_in_the_frames(sandbox, failure):
    found = secrets_in_frames(failure.cause, sandbox)
    found.pop(("require_role.<locals>.current_user_with_role", "claims"), None)  # the claims of a valid token
    assert found == {}


@pytest.mark.parametrize("failure", DAMAGED_FILES, ids=name_of)
def test_damaged_file_leaves_no_hash_in_the_frames(sandbox, failure):
    found = secrets_in_frames(failure.cause, sandbox)
    assert [place for place, names in found.items() if "password hash" in names] == []


@pytest.mark.parametrize("failure", FAILED_SAVES, ids=name_of)
def test_failed_save_leaves_no_password_in_the_frames(sandbox, failure):
    found = secrets_in_frames(failure.cause, sandbox)
    assert [place for place, names in found.items() if "password" in names] == []


def test_search_finds_a_secret_in_a_frame(sandbox):
    found = secrets_in_frames(lambda s: s.auth.hash_password(s.password * 3), sandbox)
    assert found["hash_password", "plain"] == {"password"}


# Completeness: the failures reach every statement of the package that raises, warns or logs

NOT_REACHED = {
    ("_internal/extras.py", "raise"): "a package that is installed, but fails to import one that is not",
    ("_engine/__init__.py", "raise"): "an engine that is installed, but fails to import a package that is not",
}
NOT_REACHED_IN_RUST = {
    "this processor has no atomic operations": "the message is fixed, for a processor that the tests do not have",
    "fastware's Rust engine works in the main interpreter only": "the message is fixed, without arguments",
    "no memory for another bucket": "the message is fixed; tests/engine/test_bucket_resources.py causes it",
}


def reports(node):
    """Return whether a statement raises, warns, logs, or returns an error for another one to raise."""
    if isinstance(node, ast.Raise):
        return True
    if not isinstance(node, (ast.Return, ast.Expr)) or not isinstance(node.value, ast.Call):
        return False
    function = ast.unparse(node.value.func)
    if isinstance(node, ast.Return):
        return function.endswith("Error")
    return function == "warnings.warn" or function.startswith("logger.")


def reporting_statements():
    """Return ``(file, lines, source)`` of each of them."""
    return [
        (path.relative_to(PACKAGE).as_posix(), range(node.lineno, node.end_lineno + 1), ast.unparse(node))
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if reports(node)
    ]


class Tracer:
    """The lines of the package that run in a context, in this thread and those that start meanwhile."""

    def __init__(self):
        self.lines = set()

    def __enter__(self):
        self._before = sys.gettrace()
        threading.settrace(self._call)
        sys.settrace(self._call)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)
        threading.settrace(self._before)

    def _call(self, frame, event, argument):
        return self._line if frame.f_code.co_filename.startswith(f"{PACKAGE}") else None

    def _line(self, frame, event, argument):
        if event == "line":
            self.lines.add((Path(frame.f_code.co_filename).relative_to(PACKAGE).as_posix(), frame.f_lineno))
        return self._line


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    """The lines that the failures reach, and the messages of the errors, on all engines."""
    tracer, messages = Tracer(), set()

    def run(call, *arguments):
        with tracer:
            try:
                call(*arguments)
            except BaseException as error:
                messages.add(str(error))

    with shown.recorded():
        for engine_name in engines.BUILT:
            for failure in FAILURES:
                run(failure.cause, Sandbox(engine_name, tmp_path_factory.mktemp("sandbox")))
            sandbox = Sandbox(engine_name, tmp_path_factory.mktemp("sandbox"))
            for name in invalid_arguments.CALLS:
                for _, call in invalid_arguments.calls(sandbox, name):
                    run(call)
    return tracer.lines, messages


def test_every_statement_that_raises_warns_or_logs_is_reached(reached):
    lines, _ = reached
    statements = reporting_statements()
    missed = {
        (file, source) for file, numbers, source in statements if not any((file, number) in lines for number in numbers)
    }
    assert missed == set(NOT_REACHED)
    assert len(statements) > 80


@pytest.mark.skipif("rust" not in engines.BUILT, reason="the Rust engine is not built in this installation")
def test_every_error_of_the_rust_binding_is_reached(reached):
    _, messages = reached
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(BINDING.glob("*.rs")))
    found = re.findall(r'new_err\(\s*(?:format!\()?"([^"\\]+)', source)
    assert len(found) == source.count("new_err(") > 5
    for message in found:
        pattern = ".*".join(map(re.escape, re.split(r"\{\w+\}", message)))
        is_excluded = any(message.startswith(beginning) for beginning in NOT_REACHED_IN_RUST)
        assert is_excluded or any(re.search(pattern, raised) for raised in messages), message
