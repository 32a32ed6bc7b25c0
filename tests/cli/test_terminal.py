"""The command line at a terminal, in a pipe, and in an environment with mistakes."""

import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import command_line
import pytest
from user_files import read, user, write

import fastware
from fastware.auth import verify_password

PASSWORD = "correct horse battery"
ADD = ("users", "add", "ada", "--role", "admin", "--store", "users.json")


class Terminal:
    """The command at a terminal."""

    def __init__(self, *arguments, folder):
        self._terminal, inner = pty.openpty()
        self.process = subprocess.Popen(
            [*command_line.COMMAND, *arguments],
            cwd=folder,
            env=command_line.environment(),
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self.shown = ""

    def wait_for(self, text):
        """Read until *text* is shown."""
        start = len(self.shown)
        while text not in self.shown[start:]:
            part = self._read()
            assert part, self.shown
            self.shown += part

    def type(self, line):
        os.write(self._terminal, f"{line}\n".encode())

    def end(self):
        """Return the exit status, and all that was shown."""
        with contextlib.suppress(OSError):  # the terminal has no other side any more
            while part := self._read():
                self.shown += part
        return self.process.wait(30), self.shown

    def _read(self):
        assert select.select([self._terminal], [], [], 30)[0], self.shown
        return os.read(self._terminal, 1024).decode()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._terminal)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def open_terminal(*arguments):
        opened.append(Terminal(*arguments, folder=tmp_path))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


def test_password_is_asked_for_twice_and_never_shown(terminal, tmp_path):
    at = terminal(*ADD)
    for typed in ((PASSWORD, "correct house battery"), (PASSWORD, PASSWORD)):
        for prompt, line in zip(("Password: ", "confirmation: "), typed, strict=True):
            at.wait_for(prompt)  # what is typed before is discarded
            at.type(line)
    status, shown = at.end()
    assert status == 0
    assert "do not match" in shown
    assert shown.endswith("Added ada (admin) to users.json.\r\n")
    assert "correct" not in shown
    assert verify_password(PASSWORD, read(tmp_path / "users.json")[0]["password_hash"])


def test_ctrl_c_at_the_prompt_ends_without_a_traceback(terminal, tmp_path):
    at = terminal(*ADD)
    at.wait_for("Password: ")
    time.sleep(0.2)  # until it reads
    at.process.send_signal(signal.SIGINT)
    assert at.end() == (130, "Password: \r\nAborted.\r\n")
    assert not (tmp_path / "users.json").exists()


@pytest.mark.parametrize(("answer", "status", "rest"), [("y", 0, ["bob"]), ("n", 1, ["ada", "bob"])])
def test_delete_asks_at_a_terminal(terminal, tmp_path, answer, status, rest):
    write(tmp_path / "users.json", [user("ada"), user("bob")])
    at = terminal("users", "delete", "ada", "--store", "users.json")
    at.wait_for("Delete 'ada' from users.json? [y/N]: ")
    at.type(answer)
    assert at.end()[0] == status
    assert [each["username"] for each in read(tmp_path / "users.json")] == rest


# Output that is not a terminal


def test_reader_may_stop_reading(tmp_path):
    write(tmp_path / "users.json", [user(f"user-{number:05}") for number in range(5_000)])
    with subprocess.Popen(
        [*command_line.COMMAND, "users", "list", "--store", "users.json"],
        cwd=tmp_path,
        env=command_line.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline().split() == [b"USERNAME", b"ROLE", b"CREATED"]
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_an_error_of_one_line(tmp_path):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*command_line.COMMAND, "secret"],
            cwd=tmp_path,
            env=command_line.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert (done.returncode, done.stderr) == (1, b"Error: [Errno 28] No space left on device\n")


def test_name_cannot_control_the_terminal(tmp_path):
    write(tmp_path / "users.json", [user("\x1b]0;title\x07\u202eada\n", role="\x9b2J")])
    for options in ((), ("--json",)):
        done = command_line.run("users", "list", "--store", "users.json", *options, folder=tmp_path)
        assert done.returncode == 0
        assert all(each.isprintable() for line in done.stdout.split("\n") for each in line)
    done = command_line.run("users", "passwd", "\x1b[2J", "--store", "users.json", folder=tmp_path)
    assert done.stderr == "Error: no user '\\x1b[2J' in users.json\n"


@pytest.mark.parametrize(
    "variables",
    [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}],
    ids=["C", "ASCII", "Latin-1"],
)
def test_any_encoding_of_the_terminal_works(tmp_path, variables):
    write(tmp_path / "users.json", [user("日本 ž")])
    environment = command_line.environment(**variables)
    done = subprocess.run(
        [*command_line.COMMAND, "users", "list", "--store", "users.json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2024-01-02" in done.stdout


def test_columns_are_aligned_with_wide_characters(tmp_path):
    write(tmp_path / "users.json", [user("日本"), user("z\u030cofie")])
    lines = command_line.run("users", "list", "--store", "users.json", folder=tmp_path).stdout.splitlines()
    assert lines[1:] == [
        "日本      user  2024-01-02T03:04:05+00:00",
        "z\u030cofie     user  2024-01-02T03:04:05+00:00",
    ]


def test_closed_descriptors_are_no_traceback(tmp_path):
    shell = f"{sys.executable} -m fastware users list --store none.json <&- >&- 2>&-; echo $?"
    done = subprocess.run(
        ["sh", "-c", shell], cwd=tmp_path, env=command_line.environment(), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


# The installation


COMPLETE = {
    "bash": 'eval "$(_FASTWARE_COMPLETE=bash_source fastware)"; COMP_WORDS=(fastware users pa); COMP_CWORD=2; '
    '_fastware_completion fastware; echo "${COMPREPLY[@]}"',
    "zsh": '_FASTWARE_COMPLETE=zsh_source fastware | zsh -n && COMP_WORDS="fastware users pa" COMP_CWORD=2 '
    "_FASTWARE_COMPLETE=zsh_complete fastware | sed -n 2p",
    "fish": "fish -c '_FASTWARE_COMPLETE=fish_source fastware | source; complete -C \"fastware users pa\"' | cut -f1",
}


@pytest.mark.parametrize("shell", COMPLETE)
def test_shell_completes_a_command(tmp_path, shell):
    if not shutil.which(shell) or not shutil.which("bash"):
        pytest.skip(f"needs {shell}")
    program = tmp_path / "fastware"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m fastware "$@"\n')
    program.chmod(0o700)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", COMPLETE[shell]],
        env=command_line.environment(PATH=path),
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("passwd\n", "")


def test_missing_extra_is_one_line_that_says_how_to_install_it(tmp_path):
    (tmp_path / "fastware").symlink_to(Path(fastware.__file__).parent)
    done = subprocess.run(
        [sys.executable, "-S", "-m", "fastware", "secret"],  # -S: without the installed packages
        cwd=tmp_path,
        env=command_line.environment(PYTHONPATH=""),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'Error: the command line needs the package click: pip install "fastware[cli]"\n'
