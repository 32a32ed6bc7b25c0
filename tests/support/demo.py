"""The demo, as ``fastware demo`` and ``make demo`` start it, unless its passwords have hashes of the lowest cost."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import bcrypt_cost
import servers

START = ("-m", "fastware")
# Hashes are checked at their own cost: 16 seconds of processor time fewer in all tests of the demo.
CHEAP_START = ("-c", "import bcrypt_cost\nfrom fastware.cli import main\nwith bcrypt_cost.lowest(): main()")


@dataclass
class Demo:
    process: subprocess.Popen
    welcome: str
    folder: Path

    @property
    def url(self):
        return re.search(r"Open (http://127\.0\.0\.1:\d+)", self.welcome)[1]

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    @property
    def users_file(self):
        return self.folder / f"users-{self.port}.json"

    @property
    def passwords(self):
        return dict(re.findall(r"^  (alice|bob) +(\S+) ", self.welcome, re.MULTILINE))

    @property
    def shell_lines(self):
        return self.welcome.partition("with curl:\n")[2].partition("Ctrl-C")[0]

    def interrupt(self, with_signal=signal.SIGINT):
        """Press Ctrl-C. Return the exit status, and what was printed after the welcome."""
        self.process.send_signal(with_signal)
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, rest


@contextlib.contextmanager
def running(folder, port, engine="auto", *, start=CHEAP_START, **environment):
    """Start the demo, and yield it when it listens. Without a *folder*, it makes one."""
    arguments = ["--port", str(port), *([] if folder is None else ["--folder", str(folder)])]
    path = os.pathsep.join([str(Path(bcrypt_cost.__file__).parent), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, *start, "demo", *arguments],
        env={**os.environ, "PYTHONPATH": path, "FASTWARE_ENGINE": engine, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        demo = Demo(process, _read_welcome(process), folder)
        servers.wait_until_it_listens(process, demo.port)
        yield demo
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
        process.stdout.close()


def _read_welcome(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            return "".join(lines)
    raise RuntimeError("the demo ended early:\n" + "".join(lines))
