"""The warning of limits that each of several worker processes counts for itself."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from checks.processes import Server

from fastware.auth import worker_processes

MODULE = "/venv/lib/python3.12/site-packages/uvicorn/__main__.py"
WEB = {"WEB_CONCURRENCY": "4"}
COMMANDS = [
    ("/venv/bin/uvicorn app:app --workers 2", {}, 2),
    (f"{MODULE} app:app --workers=3", {}, 3),
    ("uvicorn app:app", {}, 1),
    ("uvicorn app:app", WEB, 4),
    ("uvicorn app:app --workers 1", WEB, 1),
    ("uvicorn app:app --workers", {}, 1),
    ("uvicorn app:app --workers many", {}, 1),
    ("uvicorn app:app --workers-options 5", {}, 1),
    ("gunicorn -w 2 app:app", {}, 2),
    ("gunicorn -w3 app:app", {}, 3),
    ("gunicorn app:app", {"WEB_CONCURRENCY": "auto"}, 1),
    ("gunicorn app:app", {"GUNICORN_CMD_ARGS": "--threads 4 --workers 2"}, 2),
    ("gunicorn app:app -w 3", {"GUNICORN_CMD_ARGS": "-w 2"}, 3),
    ("uvicorn app:app", {"GUNICORN_CMD_ARGS": "-w 2"}, 1),
    ("uvicorn app:app --workers 1 --workers 2", {}, 2),
    ("/usr/bin/fastapi run --workers 2", {}, 2),
    ("hypercorn app:app --workers 2", {}, 2),
    ("hypercorn app:app", WEB, 1),
    ("granian app:app --workers 2", WEB, 2),
    ("granian app:app", WEB, 1),
    ("granian app:app", {"GRANIAN_WORKERS": "2"}, 2),
    ("manage.py --workers 2 uvicorn", {}, 1),
    ("pytest --workers 2", WEB, 1),  # a test suite with -W error
    ("", {}, 1),
]


@pytest.mark.parametrize(("command", "environment", "count"), COMMANDS)
def test_workers_are_counted_by_the_command_line_and_the_environment(monkeypatch, command, environment, count):
    for name in ("WEB_CONCURRENCY", "GRANIAN_WORKERS", "GUNICORN_CMD_ARGS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", command.split())
    assert worker_processes.worker_count() == count


CONFIGS = [
    (SimpleNamespace(workers=2), 2),
    (SimpleNamespace(workers=2, should_reload=True), 1),
    (SimpleNamespace(workers=1, should_reload=True), 1),
    (SimpleNamespace(workers=3, use_reloader=True), 3),
    (SimpleNamespace(workers="3"), 4),
    ({"workers": 3}, 4),
    (None, 4),
]


@pytest.mark.parametrize(("config", "count"), CONFIGS)
def test_configuration_of_a_worker_is_known_better_than_the_command_line(monkeypatch, config, count):
    process = SimpleNamespace(_kwargs={"config": config})
    module = SimpleNamespace(parent_process=lambda: "a server", current_process=lambda: process)
    monkeypatch.setitem(sys.modules, "multiprocessing.process", module)
    monkeypatch.setattr(sys, "argv", ["uvicorn", "app:app", "--workers", "4"])
    assert worker_processes.worker_count() == count
    monkeypatch.setattr(module, "parent_process", lambda: None)
    assert worker_processes.worker_count() == 4


APPLICATION = """
from own_buckets import OwnBuckets
from fastware import Router, create_app
from fastware.auth import LoginGuard, rate_limit

shared = OwnBuckets()
rate_limit("5/minute", buckets=shared, name="a")(lambda request: "x")
LoginGuard(buckets=shared)
if {is_in_memory}:
    guard = LoginGuard()
    rate_limit("5/minute")(lambda request: "x")
app = create_app(Router())
print("imported", flush=True)
"""
SERVERS = {
    "uvicorn-two-workers": ("uvicorn", 2, [], True, 2),
    "uvicorn-reload": ("uvicorn", 1, ["--reload"], True, 0),
    "granian-two-workers": ("granian", 2, [], True, 2),
    "granian-one-worker": ("granian", 1, [], True, 0),
    "hypercorn-shared": ("hypercorn", 2, [], False, 0),
}


@pytest.mark.parametrize(("server", "workers", "options", "is_in_memory", "count"), SERVERS.values(), ids=SERVERS)
def test_each_of_several_workers_warns_once(tmp_path, server, workers, options, is_in_memory, count):
    (tmp_path / "application.py").write_text(APPLICATION.format(is_in_memory=is_in_memory), "utf-8")
    log = tmp_path / "log"
    support = Path(__file__).parents[1] / "support"
    environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(support), os.environ.get("PYTHONPATH", "")])}
    with Server(
        server, "application:app", tmp_path, workers=workers, options=options, log=log, environment=environment
    ):
        deadline = time.monotonic() + 20
        while log.read_text("utf-8").count("imported\n") < workers and time.monotonic() < deadline:
            time.sleep(0.05)
    text = log.read_text("utf-8")
    assert text.count("imported\n") >= workers
    message = (
        "PerProcessLimitWarning: LoginGuard counts in the memory of each of 2 worker processes, so clients get up to "
        "2 times the rate: pass buckets=SharedBuckets(path) or buckets=RedisBuckets(url)"
    )
    assert text.count("PerProcessLimitWarning") == text.count(message) == count, text
    assert text.count("\n  guard = LoginGuard()") == count, "the warning names the line of the application"


PROGRAM = """
import sys
import uvicorn

if __name__ == "__main__":
    uvicorn.run("application:app", uds=sys.argv[1], workers=2)
"""


def test_workers_of_a_program_that_runs_uvicorn_warn_once(tmp_path):
    """Each worker imports the program as ``__mp_main__`` before uvicorn imports it."""
    program = tmp_path / "application.py"
    program.write_text(APPLICATION.format(is_in_memory=True) + PROGRAM, "utf-8")
    support = Path(__file__).parents[1] / "support"
    path = os.pathsep.join([str(support), os.environ.get("PYTHONPATH", "")])
    with (
        tempfile.TemporaryDirectory() as folder,  # the path of a socket has at most 107 bytes
        subprocess.Popen(
            [sys.executable, "-W", "always", str(program), f"{folder}/s"],
            env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        watchdog = threading.Timer(20, process.terminate)
        watchdog.start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if sum("Application startup complete" in each for each in lines) == 2:
                process.terminate()
        watchdog.cancel()
    warned = [line for line in lines if "PerProcessLimitWarning" in line]
    assert len(warned) == 2 and all("each of 2 worker processes" in line for line in warned), "".join(lines)


FILTERED = (
    "import warnings; from fastware.auth import LoginGuard, PerProcessLimitWarning\n"
    "warnings.filterwarnings('ignore', category=PerProcessLimitWarning)\n"
)


@pytest.mark.parametrize(("source", "warns"), [("", True), (FILTERED, False)], ids=["plain", "filtered"])
def test_process_of_an_unknown_server_warns_because_of_the_variable(source, warns):
    source += "from fastware.auth import rate_limit\nrate_limit('1/hour')(lambda request: 5)"
    command = [sys.executable, "-W", "always", "-c", source]
    environment = {**os.environ, "WEB_CONCURRENCY": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert ("each of 3 worker processes" in done.stderr) is warns
