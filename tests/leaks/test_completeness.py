"""The table of failures leaves nothing out: each place where the package raises, warns or logs is reached by it."""

import ast
import re
import sys
import threading
from pathlib import Path

import engines
import pytest
import shown
from failures import FAILURES, World

import fastware as installed

PACKAGE = Path(installed.__file__).parent
BINDING = Path(__file__).parents[2] / "rust" / "binding" / "src"

NOT_REACHED = {
    ("_extras.py", "raise"): "another package is missing than the one that is asked for: its own import fails",
    ("_engine/__init__.py", "raise"): "another module is missing than the engine: its own import fails",
}
"""Why a place is left out; a bare ``raise`` passes on an error that was made elsewhere."""

OF_THE_BINDING = {
    "fastware's Rust engine works in the main interpreter only": "the message is fixed, and nothing was given yet",
    "no memory for another bucket": "the message is fixed; tests/auth/test_buckets_without_memory.py gets it",
}


def is_failure(node):
    """Whether a statement raises, warns, logs, or returns an exception for another to raise."""
    if isinstance(node, ast.Raise):
        return True
    if not isinstance(node, (ast.Return, ast.Expr)) or not isinstance(node.value, ast.Call):
        return False
    called = ast.unparse(node.value.func)
    if isinstance(node, ast.Return):
        return called.endswith("Error")
    return called == "warnings.warn" or called.startswith("logger.")


def places():
    """``(file, lines, source)`` of each such statement."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if is_failure(node):
                name = path.relative_to(PACKAGE).as_posix()
                yield name, range(node.lineno, node.end_lineno + 1), ast.unparse(node)


class Tracer:
    """The lines of the package that run meanwhile, in threads that start meanwhile too."""

    def __init__(self):
        self.lines = set()

    def __enter__(self):
        self._before = sys.gettrace()
        threading.settrace(self._called)
        sys.settrace(self._called)
        return self.lines

    def __exit__(self, *_):
        sys.settrace(self._before)
        threading.settrace(self._before)

    def _called(self, frame, event, argument):
        return self._ran if frame.f_code.co_filename.startswith(f"{PACKAGE}") else None

    def _ran(self, frame, event, argument):
        if event == "line":
            self.lines.add((Path(frame.f_code.co_filename).relative_to(PACKAGE).as_posix(), frame.f_lineno))
        return self._ran


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The lines that the whole table reaches, and what is raised, on each engine."""
    lines, messages = set(), {}
    for name in engines.BUILT:
        messages[name] = set()
        for failure in FAILURES:
            world = World(name, tmp_path_factory.mktemp("world"))
            with shown.recorded(), Tracer() as ran:
                try:
                    failure.make(world)
                except BaseException as error:
                    messages[name].add(str(error))
            lines |= ran
    return lines, messages


def test_each_place_that_raises_warns_or_logs_is_reached(run):
    lines, _ = run
    missing = [
        (file, at.start, source)
        for file, at, source in places()
        if not any((file, line) in lines for line in at) and (file, source) not in NOT_REACHED
    ]
    assert missing == []


def test_what_is_left_out_is_there():
    assert set(NOT_REACHED) - {(file, source) for file, _, source in places()} == set()


def test_there_are_places():
    assert len(list(places())) > 100


@pytest.mark.skipif("rust" not in engines.BUILT, reason="the Rust engine is not built in this installation")
def test_each_message_of_the_binding_is_reached(run):
    _, messages = run
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(BINDING.glob("*.rs")))
    made = re.findall(r'new_err\(\s*(?:format!\()?"([^"]+)"', source)
    assert len(made) == source.count("new_err(") > 5
    for message in made:
        pattern = ".*".join(map(re.escape, re.split(r"\{\w+\}", message)))
        is_left_out = any(message.startswith(beginning) for beginning in OF_THE_BINDING)
        assert is_left_out or any(re.search(pattern, raised) for raised in messages["rust"]), message
