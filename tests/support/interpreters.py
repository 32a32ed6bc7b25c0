"""Runs code in a fresh interpreter, with another environment or as another user."""

import os
import pwd
import subprocess
import sys

IS_ROOT = os.geteuid() == 0

_SUPPORT = os.path.dirname(__file__)

# The first lines load every module that is loaded late, while this user may still read it.
_AS_NOBODY = """
import os, pwd, tempfile
from fastware.auth import JSONFileUserStore
with tempfile.TemporaryDirectory() as folder:
    JSONFileUserStore(folder + "/users.json").create_user("ada", "password", "admin")
if os.geteuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
"""


def run(code, *arguments, engine="auto", before=(), **environment):
    """Return the stripped output of *code*. Warnings are errors; a failure is a ``RuntimeError``.

    *arguments* are its ``sys.argv[1:]``, *before* is a command that starts the interpreter. The code may import the
    modules of this folder.
    """
    folders = [_SUPPORT, *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [*before, sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        env={**os.environ, "FASTWARE_ENGINE": engine, "PYTHONPATH": os.pathsep.join(folders), **environment},
        capture_output=True,
        timeout=60,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the interpreter ended with {done.returncode}:\n{done.stderr.decode('utf-8', 'replace')}")
    return done.stdout.decode("utf-8").strip()


def run_as_nobody(code, *arguments, engine="auto"):
    """Run *code* as the user ``nobody`` if the tests run as root, otherwise as the current user."""
    return run(_AS_NOBODY + code, *arguments, engine=engine)


def give_to_nobody(path):
    """Make ``nobody`` the owner of *path* if the tests run as root."""
    if IS_ROOT:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
