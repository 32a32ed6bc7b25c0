"""Scripts that share a list of revoked tokens in several processes."""

import subprocess
import sys
from pathlib import Path

PROLOGUE = """
import os, sys, time
from unittest import mock
from revocation_processes import open_list, session
def say(text):
    print(text, flush=True)
place, *arguments = sys.argv[1:]
revocations = None if "late" in arguments else open_list(place)
"""


def open_list(place):
    """Return the list at *place*: the path of a SQLite file, or the URL of Redis, a space and a prefix."""
    from fastware.auth import RedisRevocations, SQLiteRevocations

    url, _, prefix = str(place).partition(" ")
    return RedisRevocations(url, prefix=prefix, refresh=0.02) if prefix else SQLiteRevocations(place)


def session(sid="s1", **claims):
    return {"sub": "ada", "role": "user", "iat": 1, "exp": 10**10, "sid": sid, "rev": 0} | claims


def start(script, place, *arguments):
    """Return the process of *script*, which has ``open_list(place)`` as ``revocations``, if there is no ``late``."""
    code = f"sys.path.insert(0, {str(Path(__file__).parent)!r})"
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", f"import sys\n{code}\n{PROLOGUE}{script}"]
    return subprocess.Popen(
        [*command, str(place), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def lines_of(process):
    """Return the remaining lines of a process that ends without an error."""
    output, _ = process.communicate("go\n", timeout=60)
    assert process.returncode == 0
    return output.split("\n")[:-1]
