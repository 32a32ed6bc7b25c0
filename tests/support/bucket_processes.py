"""Processes that take tokens of one limit in a shared file, until they are killed.

The script ``bucket_processes.py PATH CLIENTS CAPACITY TAKEN`` has one limit of CAPACITY tokens in 104 days. It reads
commands from its standard input, and replies to each with a line:

- ``take KEY``: the nanoseconds to wait.
- ``sweep COUNT TIMES``: takes a token for each of COUNT keys, TIMES times in all; replies when it is done.
- ``hammer KEY``: takes tokens until one is missing.
- ``fork``: the child replies with its process id and takes over until it ends.
- ``quiet COUNT``: takes COUNT tokens between two calls of ``getsid``, for a tracer.

It appends the key and a line feed to the file TAKEN, at once, for each token that it takes.
"""

import contextlib
import os
import subprocess
import sys

PERIOD = 2**53


class BucketProcess:
    """One of the processes."""

    def __init__(self, path, taken, *, engine, capacity, clients=1_000, before=()):
        self._process = subprocess.Popen(
            [*before, sys.executable, "-W", "error", __file__, *map(str, (path, clients, capacity, taken))],
            env={**os.environ, "FASTWARE_ENGINE": engine},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.pid = self._process.pid

    def send(self, command):
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()

    def reply(self):
        """Return the next reply, or ``""`` if the process has ended."""
        return self._process.stdout.readline().decode().rstrip("\n")

    def request(self, command):
        self.send(command)
        return self.reply()

    def send_signal(self, number):
        self._process.send_signal(number)

    def close(self):
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()


@contextlib.contextmanager
def started(count, *arguments, **options):
    """Yield *count* processes that are ready."""
    with contextlib.ExitStack() as stack:
        processes = []
        for _ in range(count):
            processes.append(BucketProcess(*arguments, **options))
            stack.callback(processes[-1].close)
        for process in processes:
            assert process.reply() == "ready"
        yield processes


def _main(path, clients, capacity, taken):
    from fastware.auth import SharedBuckets

    limit = SharedBuckets(path, clients=int(clients)).open("limit", int(capacity), PERIOD)
    record = os.open(taken, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def take(key):
        wait = limit.take(key)
        if wait == 0:
            os.write(record, f"{key}\n".encode())
        return wait

    print("ready", flush=True)
    while line := sys.stdin.readline():
        command, *arguments = line.split()
        if command == "take":
            print(take(*arguments), flush=True)
        elif command == "sweep":
            count, times = map(int, arguments)
            for number in range(count * times):
                take(f"key-{number % count}")
            print("done", flush=True)
        elif command == "hammer":
            while take(*arguments) == 0:
                pass
            print("empty", flush=True)
        elif command == "quiet":
            limit.take("warm")
            os.getsid(0)
            for _ in range(int(arguments[0])):
                limit.take("quiet")
            os.getsid(0)
            print("done", flush=True)
        elif command == "fork":
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            else:
                print(os.getpid(), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
