"""The file of ``SharedBuckets``: a header with the limits, then slots for the buckets of all limits.

The header is, in the byte order of the machine: magic, version, engine, key of the hashes, groups of slots, identity of
the clock, number of the latest claim, generation. A *generation* begins whenever a process opens the file that no other
process uses: it may change the rates of limits. An engine of 0 marks a file that is not complete.

The file is opened, and limits are added, under a lock on a second file. While a process maps the file it shares a
``flock`` on it, which the kernel releases when the process ends. So a process knows whether it is the only one.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from fastware._engine import engine
from fastware._engine.contract import SHARED_GROUP, SHARED_SLOTS_AT
from fastware.auth.buckets.file_lock import FileLock
from fastware.auth.buckets.private_file import open_private
from fastware.auth.storage_error import StorageError

if TYPE_CHECKING:
    import mmap

LOCK_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that opens the file."""

_MAGIC: Final = b"fw limit"
_VERSION: Final = 1
_ENGINES: Final = {"rust": 1, "python": 2}
_NO_ENGINE: Final = 0

_HEADER: Final = struct.Struct("=8sII16sQ16sQQ")
_ENTRY: Final = struct.Struct("=16sQQQQ")
"""A limit: its key, capacity, period, epoch and generation."""

_ENTRIES: Final = range(128, SHARED_SLOTS_AT, 64)
"""Where the limits are."""

_FREE: Final = bytes(16)
_BYTES_PER_CLIENT: Final = 32
_CHUNK: Final = 2**20


class _Header(NamedTuple):
    magic: bytes
    version: int
    engine: int
    hash_key: bytes
    groups: int
    clock: bytes
    claims: int
    generation: int


class _Limit(NamedTuple):
    at: int
    key: bytes
    capacity: int
    period: int
    epoch: int
    generation: int


class SharedFile:
    """The mapped file at *path*, with slots for *clients* buckets that are not full.

    Raises:
        StorageError: the file cannot be used. The message says why, and what to do.

    """

    def __init__(self, path: str, clients: int) -> None:
        self.path = path
        self.lock = FileLock(f"{path}.lock")
        self._groups = max(2, -(-clients * _BYTES_PER_CLIENT // SHARED_GROUP))
        self.size = SHARED_SLOTS_AT + self._groups * SHARED_GROUP
        with self._locked():
            self.memory = self._open()
            self._header = self._read_header()

    def limit_at(self, name: str, capacity: int, period: int) -> int:
        """Return where the entry of a limit is, after it was added.

        Raises:
            ValueError: the limit has another rate.
            StorageError: there are too many limits.

        """
        octets = name.encode("utf-8", "surrogatepass")
        key = hashlib.blake2b(octets, key=self._header.hash_key, digest_size=len(_FREE)).digest()
        with self._locked():
            generation = self._read_header().generation
            limits = [_Limit(at, *_ENTRY.unpack_from(self.memory, at)) for at in _ENTRIES]
            for limit in limits:
                if limit.key != key:
                    continue
                has_rate = (limit.capacity, limit.period) == (capacity, period)
                if limit.generation == generation:
                    if not has_rate:
                        raise ValueError(self._two_rates(name, (limit.capacity, limit.period), (capacity, period)))
                    return limit.at
                # Arrival times of another rate mean nothing.
                epoch = limit.epoch if has_rate else (limit.epoch + 1) % 2**64
                return self._write(_Limit(limit.at, key, capacity, period, epoch, generation))
            for limit in sorted(limits, key=lambda limit: limit.key != _FREE):
                if limit.key == _FREE or limit.generation != generation:
                    epoch = int.from_bytes(os.urandom(8), "little")
                    return self._write(_Limit(limit.at, key, capacity, period, epoch, generation))
        raise StorageError(f"{self.path}: it has {len(_ENTRIES):,} limits already; use another file for further ones")

    def _two_rates(self, name: str, *rates: tuple[int, int]) -> str:
        known, given = (f"{capacity} in {period / 10**9:g} seconds" for capacity, period in rates)
        return (
            f"the limit {name!r} has two rates in {self.path}: {known}, and now {given}; use one rate in all "
            "processes, or another name. To change a rate, stop all processes first, also one that reloads the others"
        )

    def _write(self, limit: _Limit) -> int:
        # The key last: a process that is killed in between leaves a free entry.
        key = slice(limit.at, limit.at + len(_FREE))
        self.memory[key] = _FREE
        _ENTRY.pack_into(self.memory, limit.at, _FREE, *limit[2:])
        self.memory[key] = limit.key
        return limit.at

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if not self.lock.acquire(LOCK_TIMEOUT):
            raise StorageError(f"{self.path}: another process held its lock for {LOCK_TIMEOUT:g} seconds")
        try:
            yield
        finally:
            self.lock.release()

    def _open(self) -> mmap.mmap:
        """Create the file if it does not exist, take it over if no other process uses it, and map it."""
        import fcntl  # noqa: PLC0415 - not on Windows
        import mmap  # noqa: PLC0415

        descriptor = open_private(self.path)
        try:
            if _is_locked(descriptor, fcntl.LOCK_EX):
                self._take_over(descriptor)
            # Nobody else may have the exclusive lock, because this process has that of the second file.
            if not _is_locked(descriptor, fcntl.LOCK_SH):
                raise StorageError(f"{self.path}: another program has locked it")
            self._check(descriptor)
            # The map has a duplicate of the descriptor, which keeps the lock.
            return mmap.mmap(descriptor, self.size)
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(f"{self.path}: {error.strerror}") from None
        finally:
            os.close(descriptor)

    def _take_over(self, descriptor: int) -> None:
        """Make the file one of this process: no other uses it."""
        header = _Header(_MAGIC, _VERSION, _NO_ENGINE, os.urandom(16), self._groups, _clock(), 0, 0)
        if os.fstat(descriptor).st_size:
            header = self._compatible_header(descriptor)
        this_engine = _ENGINES[engine.NAME]
        is_known = header.engine == this_engine and header.clock == _clock()
        if not is_known:
            # Nothing that the slots hold has a meaning. A process that is killed before the end leaves it to the next.
            os.pwrite(descriptor, _HEADER.pack(*header._replace(engine=_NO_ENGINE)), 0)
            try:
                _fill_with_zeros(descriptor, self.size)
            except OSError:
                os.ftruncate(descriptor, 0)  # leaves no disk full of zeros
                raise
        header = header._replace(
            engine=this_engine, groups=self._groups, clock=_clock(), generation=header.generation + 1
        )
        os.pwrite(descriptor, _HEADER.pack(*header), 0)

    def _check(self, descriptor: int) -> None:
        """Check that this process can use the file together with others."""
        header = self._compatible_header(descriptor)
        if header.engine != _ENGINES[engine.NAME]:
            raise StorageError(
                f"{self.path}: other processes use it with another engine than this one, which has the engine "
                f"{engine.NAME!r}; set FASTWARE_ENGINE to the same value for all processes"
            )
        if header.clock != _clock():
            raise StorageError(
                f"{self.path}: other processes use it with another clock: on another machine, or in "
                "another time namespace of Linux"
            )

    def _compatible_header(self, descriptor: int) -> _Header:
        octets = os.pread(descriptor, _HEADER.size, 0)
        header = _Header(*_HEADER.unpack(octets)) if len(octets) == _HEADER.size else None
        if header is None or header.magic != _MAGIC:
            raise StorageError(f"{self.path}: it is no file of SharedBuckets; choose another path")
        if header.version != _VERSION:
            raise StorageError(
                f"{self.path}: it has the format {header.version}, and this fastware uses {_VERSION}; use one version "
                "of fastware in all processes, or stop them and delete the file"
            )
        size = os.fstat(descriptor).st_size
        if header.engine != _NO_ENGINE and (header.groups, size) != (self._groups, self.size):
            raise StorageError(
                f"{self.path}: it has {size:,} bytes, and this number of clients needs {self.size:,}; pass the same "
                "clients in all processes, or stop them and delete the file"
            )
        return header

    def _read_header(self) -> _Header:
        return _Header(*_HEADER.unpack_from(self.memory))


def _is_locked(descriptor: int, kind: int) -> bool:
    import fcntl  # noqa: PLC0415

    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fill_with_zeros(descriptor: int, size: int) -> None:
    """Write zeros after the header, so that the disk has all blocks: a map of a full disk ends the process (SIGBUS)."""
    os.ftruncate(descriptor, size)
    with open(descriptor, "r+b", closefd=False) as file:
        file.seek(_HEADER.size)
        for at in range(_HEADER.size, size, _CHUNK):
            file.write(bytes(min(_CHUNK, size - at)))


def _clock() -> bytes:
    """Return what identifies the clock: the start of the machine, and the namespace (``time_namespaces(7)``)."""
    parts = []
    for read in (_boot, _time_namespace):
        try:
            parts.append(read())
        except OSError:
            parts.append("")
    return hashlib.blake2b(" ".join(parts).encode(), digest_size=16).digest()


def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read()


def _time_namespace() -> str:
    return os.readlink("/proc/self/ns/time")
