"""Failures of the package, caused with marked secrets in each place where a secret may be.

``add(outcome, cause, ..., name=cause, ...)`` adds failures. A cause is a function that takes a ``Sandbox``. The outcome
is the type of the error that it raises (with the status, if it has one), the status of the response that it returns, or
another result. Calls with invalid arguments are in ``invalid_arguments.py``.
"""

import asyncio
import contextlib
import dataclasses
import datetime
import enum
import functools
import importlib
import io
import os
import pickle
import sqlite3
import sys
import threading
import time
import typing
import uuid
import warnings
from types import FunctionType, SimpleNamespace
from unittest import mock
from urllib.parse import quote

import bcrypt
import failing_app
import msgspec
import raw_tokens
import redis
import user_files
from asgi_client import Response, call, converse, scope
from invalid_arguments import RaisingSequence, ShowsItsSecret, pem
from marks import new_mark


@dataclasses.dataclass(frozen=True)
class Failure:
    name: str
    outcome: typing.Any
    cause: typing.Callable


FAILURES = []


def add(outcome, *functions, **causes):
    """Add failures with the same outcome, and return them."""
    causes = {function.__name__: function for function in functions} | causes
    added = [Failure(name, outcome, cause) for name, cause in causes.items()]
    FAILURES.extend(added)
    return added


def holding(function, secret):
    """Return *function* as a ``functools.partial``, whose ``repr`` shows *secret*."""
    return functools.partial(function, secret=secret)


# Tokens and passwords

INVALID_JSON = {  # of a header or payload; %s is a mark
    "cut": b'{"jti":"%s',
    "array": b'["%s"]',
    "too_deep": b'{"jti":"%s","a":' + b"[" * 70 + b"]" * 70 + b"}",
    "very_deep": b'{"jti":"%s","a":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    "surrogate": b'{"jti":"%s\\ud800"}',
    "not_utf8": b'{"jti":"%s\xff"}',
    "long_integer": b'{"jti":"%s","a":' + b"7" * 5_000 + b"}",
    "overflow": b'{"jti":"%s","a":1e999}',
    "nan": b'{"jti":"%s","a":NaN}',
}
INVALID_PAYLOADS = {**INVALID_JSON, "expired": b'{"jti":"%s","exp":1}', "audience": b'{"jti":"%s","aud":"%s"}'}
INVALID_HEADERS = {**INVALID_JSON, "critical": b'{"crit":["%s"],"jti":0}', "key_id": b'{"kid":1,"jti":"%s"}'}


def verify_signed(s, payload, header=raw_tokens.HEADER):
    mark = s.marks.add("claim", new_mark()).encode()
    header, payload = header.replace(b"%s", mark), payload.replace(b"%s", mark)
    return s.auth.verify_token(raw_tokens.sign_bytes(payload, header=header, secret=s.secret), s.secret)


class ShowingSequence(RaisingSequence):
    """Reading it raises an error with the secret."""

    def __getitem__(self, index):
        raise RuntimeError(self._secret)


def verify_with_bcrypt_that_raises(s):
    def checkpw(password, hashed):
        raise ValueError(password, hashed)

    with mock.patch.object(bcrypt, "checkpw", checkpw):
        return s.auth.verify_password(s.password, s.hash)


def inspect_signed(s, payload):
    mark = s.marks.add("claim", new_mark()).encode()
    token = raw_tokens.sign_bytes(payload.replace(b"%s", mark), secret=s.secret)
    report = s.auth.inspect_token(token, [s.secret, "\ud800" + s.secret])
    print(report, report.message)
    return report.reason


def create_with_claim(s, value):
    return s.auth.create_token("ada", "user", s.secret, claims={"a": 1, "marked": [value]})


def nested(value, depth):
    return functools.reduce(lambda inner, _: [inner], range(depth), value)


def claims_in_themselves(s):
    value = [s.csrf]
    value.append(value)
    return create_with_claim(s, value)


for kind, text in INVALID_PAYLOADS.items():
    reason = {"expired": "expired", "audience": "wrong audience"}.get(kind, "invalid claims")
    add(reason, **{f"inspect_token_with_payload_{kind}": lambda s, text=text: inspect_signed(s, text)})
    add(None, **{f"verify_token_with_payload_{kind}": lambda s, text=text: verify_signed(s, text)})
for kind, text in INVALID_HEADERS.items():
    with_alg = text.replace(b'{"', b'{"alg":"HS256","', 1)
    add(None, **{f"verify_token_with_header_{kind}": lambda s, header=with_alg: verify_signed(s, b"{}", header)})
add(
    None,
    verify_token_of_one_segment=lambda s: s.auth.verify_token(s.token.replace(".", ""), s.secret),
    verify_token_with_short_signature=lambda s: s.auth.verify_token(s.token.rpartition(".")[0] + ".A", s.secret),
    verify_token_that_is_not_canonical=lambda s: s.auth.verify_token(s.token[:-1] + "_", s.secret),
    verify_token_with_empty_header=lambda s: s.auth.verify_token("." + s.token.split(".", 1)[1], s.secret),
    verify_token_with_secrets_that_raise=lambda s: s.auth.verify_token(s.token, ShowingSequence(s.secret)),
)
add(
    "ValueError",
    create_token_that_is_too_long=lambda s: s.auth.create_token(s.token * 500, "user", s.secret),
    create_token_beyond_64_bits=lambda s: s.auth.create_token(s.token, "user", s.secret, 2**60),
    create_token_without_end=lambda s: s.auth.create_token(s.token, "user", s.secret, expires_in=float("inf")),
    create_token_with_another_role=lambda s: s.auth.create_token("ada", "user", s.secret, claims={"role": s.csrf}),
    create_token_with_long_claims=lambda s: create_with_claim(s, s.csrf * 5_000),
    create_token_with_nan=lambda s: create_with_claim(s, [s.csrf, float("nan")]),
    create_token_with_infinity=lambda s: create_with_claim(s, {s.csrf: float("-inf")}),
    create_token_with_surrogate=lambda s: create_with_claim(s, s.csrf + "\ud800"),
    create_token_with_long_integer=lambda s: create_with_claim(s, int("7171717171" * 440)),
    create_token_with_very_long_integer=lambda s: create_with_claim(s, 7171717171**500),
    create_token_with_deep_claims=lambda s: create_with_claim(s, nested(s.csrf, 99)),
    create_token_with_very_deep_claims=lambda s: create_with_claim(s, nested(s.csrf, 100_000)),
    create_token_with_claims_in_themselves=claims_in_themselves,
    create_token_with_a_date_out_of_range=lambda s: s.auth.create_token(
        "ada",
        "user",
        s.secret,
        claims={"a": s.csrf, "nbf": datetime.datetime.max.replace(tzinfo=datetime.timezone(-datetime.timedelta(0.5)))},
    ),
    verify_token_with_empty_audience=lambda s: s.auth.verify_token(s.token, s.secret, audience=[]),
    inspect_token_with_empty_audience=lambda s: s.auth.inspect_token(s.token, s.secret, audience=""),
    create_token_with_huge_lifetime=lambda s: s.auth.create_token("ada", "user", s.secret, expires_in=2**63),
)
add(
    "TypeError",
    create_token_with_two_lifetimes=lambda s: s.auth.create_token("ada", "user", s.secret, 5, expires_in=5),
    create_token_with_bytes_in_claims=lambda s: create_with_claim(s, s.csrf.encode()),
    create_token_with_object_in_claims=lambda s: create_with_claim(s, ShowsItsSecret(s.csrf)),
    create_token_with_another_name=lambda s: s.auth.create_token(
        "ada", "user", s.secret, claims={s.csrf.encode(): 1, "a": s.token}
    ),
    create_token_with_another_issuer=lambda s: s.auth.create_token("ada", "user", s.secret, claims={"iss": [s.csrf]}),
    verify_token_with_mixed_audience=lambda s: s.auth.verify_token(s.token, s.secret, audience=["a", s.csrf.encode()]),
)
add(
    False,
    verify_with_bcrypt_that_raises,
    verify_wrong_password=lambda s: s.auth.verify_password(s.password + "x", s.hash),
    verify_password_with_cut_hash=lambda s: s.auth.verify_password(s.password, s.hash[:-1]),
)


# Buckets that processes share


def shared_buckets(s, **options):
    return s.auth.SharedBuckets(s.folder / "limits", **options)


def shared_file_that_is_no_file(s):
    os.mkfifo(s.folder / "limits")
    shared_buckets(s)


def shared_file_whose_lock_is_no_file(s):
    os.mkfifo(s.folder / "limits.lock")
    shared_buckets(s)


def shared_file_with_text(s):
    (s.folder / "limits").write_text(s.password)
    shared_buckets(s)


def shared_file_in_use_by_the_other_engine(s):
    limits = shared_buckets(s)
    with mock.patch.dict(s.module("auth.buckets.shared_file")._ENGINES, {s.engine.NAME: 3}):
        shared_buckets(s)
    return limits


def shared_file_with(s, **changes):
    """Open a file that is in use, with changes in the module that opens it."""
    limits = shared_buckets(s)
    with mock.patch.multiple(s.module("auth.buckets.shared_file"), **changes):
        shared_buckets(s)
    return limits


def limit_with_two_rates(s):
    limits = shared_buckets(s)
    limits.open("limit", 1, 10**9).take(s.token)
    limits.open("limit", 2, 10**9)


def one_limit_too_many(s):
    buckets = shared_buckets(s)  # loads the module
    with mock.patch.object(s.module("auth.buckets.shared_file"), "_ENTRIES", range(0)):
        buckets.open("limit", 1, 10**9)


def shared_buckets_on_windows(s):
    with mock.patch("sys.platform", "win32"):
        s.auth.SharedBuckets(s.csrf)


def shared_file_where_no_file_has_locks(s):
    with mock.patch("fcntl.flock", side_effect=OSError(37, "No locks available")):
        shared_buckets(s)


def locked_limit(use):
    def wait(s):
        lock = SimpleNamespace(acquire=lambda timeout: False)
        use(s.module("auth.buckets.shared")._LockedLimit(None, lock), s)

    return wait


add(
    "TypeError",
    shared_buckets_at_bytes=lambda s: s.auth.SharedBuckets(s.csrf.encode()),
    shared_buckets_for_str=lambda s: shared_buckets(s, clients=s.csrf),
)
add(
    "ValueError",
    limit_with_two_rates,
    shared_buckets_without_path=lambda s: s.auth.SharedBuckets(""),
    shared_buckets_at_a_url=lambda s: s.auth.SharedBuckets(f"redis://:{s.csrf}@localhost"),
    file_store_at_a_url=lambda s: s.auth.JSONFileUserStore(f"postgresql://ada:{s.csrf}@localhost/users"),
    shared_buckets_for_nobody=lambda s: shared_buckets(s, clients=0),
    shared_buckets_in_bytes=lambda s: s.engine.SharedTokenBuckets(s.csrf.encode(), 128, 1, 10**9),
    shared_buckets_without_capacity=lambda s: s.engine.SharedTokenBuckets(bytearray(65_664), 128, 0, 10**9),
)
add(
    "StorageError 503",
    one_limit_too_many,
    shared_file_in_use_by_the_other_engine,
    shared_file_that_is_no_file,
    shared_file_where_no_file_has_locks,
    shared_file_whose_lock_is_no_file,
    shared_file_with_text,
    shared_file_in_a_link=lambda s: ((s.folder / "limits").symlink_to(s.folder), shared_buckets(s)),
    shared_file_of_another_size=lambda s: (shared_buckets(s), shared_buckets(s, clients=5)),
    shared_file_of_another_version=lambda s: shared_file_with(s, _VERSION=2),
    shared_file_of_another_clock=lambda s: shared_file_with(s, _clock=lambda: bytes(16)),
    shared_file_that_is_locked=lambda s: shared_file_with(s, _is_locked=lambda *_: False),
    shared_file_on_a_full_disk=lambda s: shared_file_with(
        s, _is_locked=lambda *_: True, _clock=lambda: os.urandom(16), _fill_with_zeros=lambda *_: os.close(-1)
    ),
    shared_file_whose_lock_is_held=lambda s: shared_file_with(
        s, FileLock=lambda path: SimpleNamespace(acquire=lambda timeout: False)
    ),
)
add("NotImplementedError", shared_buckets_on_windows)
add(
    "HTTPError 503",
    wait_to_take=locked_limit(lambda limit, s: limit.take(s.token)),
    wait_to_take_counted=locked_limit(lambda limit, s: limit.take_counted(s.token)),
    wait_to_give_back=locked_limit(lambda limit, s: limit.give_back(s.token)),
    wait_to_reset=locked_limit(lambda limit, s: limit.reset(s.token)),
)


# Revoked tokens


def marked_claims(s, **claims):
    return {"sub": "ada", "exp": 2**40, "sid": s.marks.add("claim", new_mark()), **claims}


def revocations_at(s, name="revocations.db"):
    return s.auth.SQLiteRevocations(s.folder / name)


def revoke_in_a_file_that_was_replaced(s):
    revocations = revocations_at(s)
    (s.folder / "revocations.db").rename(s.folder / "moved")
    revocations_at(s)
    revocations.revoke(marked_claims(s))


def revoke_in_a_full_file(s):
    revocations = revocations_at(s)
    with revocations._file.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1")
    for _ in range(1000):
        revocations.revoke(marked_claims(s, jti=s.token))


def check_after_the_file_is_lost(s, seconds):
    revocations = revocations_at(s)
    (s.folder / "revocations.db").unlink()
    revocations._look_at = revocations._try_at = 0.0
    revocations._read_at -= seconds
    return revocations.is_revoked(marked_claims(s))


def open_file_of_another_version(s):
    revocations = revocations_at(s)
    with revocations._file.writing() as connection:
        connection.execute("UPDATE parts SET version = 2")
    revocations_at(s)


def open_what_is_no_database(s):
    (s.folder / "text.db").write_text(s.password * 100)
    revocations_at(s, "text.db")


def open_in_a_file(s):
    (s.folder / "file").write_text(s.password)
    revocations_at(s, "file/revocations.db")


def open_while_another_thread_opens_one(s):
    revocations = revocations_at(s)
    reader = revocations._file.with_timeout(0)
    with s.module("auth.sqlite_file")._creation._lock, reader.reading():
        pass


add(
    "StorageError 503",
    revoke_in_a_file_that_was_replaced,
    revoke_in_a_full_file,
    open_file_of_another_version,
    open_what_is_no_database,
    open_in_a_file,
    open_while_another_thread_opens_one,
)
add(
    "ValueError",
    revoke_claims_without_id=lambda s: s.auth.MemoryRevocations().revoke({"aud": s.token, "sub": s.password}),
    revoke_negative_leeway=lambda s: s.auth.MemoryRevocations().accept_leeway(-1),
)
add(
    "TypeError",
    revoke_a_token=lambda s: s.auth.MemoryRevocations().revoke(s.token),
    revoke_with_another_exp=lambda s: s.auth.MemoryRevocations().revoke(marked_claims(s, exp=s.token)),
    revoke_another_user=lambda s: s.auth.MemoryRevocations().revoke_user([s.token]),
)
add("RevocationsUnavailableError 503", check_long_after_the_file_is_lost=lambda s: check_after_the_file_is_lost(s, 10))
add(False, check_when_the_file_is_lost=lambda s: check_after_the_file_is_lost(s, 0))
add(
    None,
    revoke_by_claims=lambda s: revocations_at(s).revoke(marked_claims(s, jti=s.token)),
    revoke_a_user=lambda s: s.auth.MemoryRevocations().revoke_user("ada"),
)


# Warnings


def warn(s, action, call):
    """Return the type of the result of *call*, or raise its warning if *action* is ``error``."""
    # One of the warnings is shown once per process. The Rust engine imports its own copy of the module that shows it.
    copies = (getattr(s.module("_engine"), "token_errors", None), sys.modules.get("fastware._engine.token_errors"))
    with contextlib.ExitStack() as patches:
        for module in filter(None, copies):
            patches.enter_context(mock.patch.object(module, "_has_warned", False))
        if action == "error":
            patches.enter_context(warnings.catch_warnings(action=action))
        return type(call()).__name__


def create_token_with_short_secret(s):
    return s.auth.create_token("ada", "user", s.secret[:31])


add(
    "str",
    short_secret=lambda s: warn(s, "always", lambda: create_token_with_short_secret(s)),
    large_cookie=lambda s: warn(s, "always", lambda: s.fastware.set_cookie("a", s.token * 50)),
)
add(
    "InsecureKeyLengthWarning", short_secret_error=lambda s: warn(s, "error", lambda: create_token_with_short_secret(s))
)
add(
    "CookieSizeWarning", large_cookie_error=lambda s: warn(s, "error", lambda: s.fastware.set_cookie("a", s.token * 50))
)


# Missing packages and engines


@contextlib.contextmanager
def without_bcrypt(s):
    class MissingBcrypt:
        def find_spec(self, name, path=None, target=None):
            if name == "bcrypt":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    require = s.module("_internal.extras").require
    require.cache_clear()
    with mock.patch.dict(sys.modules), mock.patch("sys.meta_path", [MissingBcrypt(), *sys.meta_path]):
        del sys.modules["bcrypt"]
        yield
    require.cache_clear()


def pick_engine(s, name):
    environment = {"FASTWARE_ENGINE": name, "JWT_SECRET": s.secret}
    without_rust = {"fastware._engine._rust": None}
    with mock.patch.dict(os.environ, environment), mock.patch.dict(sys.modules, without_rust):
        s.module("_engine")._pick()


def take_without_a_clock(s):
    buckets = s.engine.TokenBuckets(1, 10**9)
    with mock.patch.object(time, "monotonic_ns"):
        del time.monotonic_ns
        buckets.take(s.token)


add(
    "ImportError",
    hash_password_without_bcrypt=lambda s: without_bcrypt(s)(s.auth.hash_password)(s.password),
    verify_password_without_bcrypt=lambda s: without_bcrypt(s)(s.auth.verify_password)(s.password, s.hash),
    unknown_engine=lambda s: pick_engine(s, "c"),
    missing_rust_engine=lambda s: pick_engine(s, "rust"),
)
add(
    "AttributeError",
    take_without_a_clock,
    unknown_name=lambda s: s.fastware.nothing,
    unknown_name_of_auth=lambda s: s.auth.nothing,
)


# Users

DISK_FULL = OSError(28, "No space left on device")


def save_that_fails(s):
    store = s.memory_store()
    with mock.patch.object(store, "save_users", side_effect=DISK_FULL):
        store.create_user("bob", s.password, "user")


def save_on_full_disk(s):
    store = s.file_store()
    with mock.patch.object(os, "fsync", side_effect=DISK_FULL):
        store.create_user("bob", s.password, "user")


def save_to_read_only_file(s):
    store = s.file_store()
    store.path.chmod(0o400)
    store.create_user("bob", s.password, "user")


FAILED_SAVES = add("OSError", save_that_fails, save_on_full_disk) + add("PermissionError", save_to_read_only_file)
add("NotImplementedError", load_users=lambda s: s.auth.UserStore().create_user("ada", s.password, "user"))
add("NotImplementedError", save_users=lambda s: s.auth.UserStore().save_users([s.user()]))
add(
    "UserNotFoundError",
    delete_missing_user=lambda s: s.memory_store().delete_user("bob"),
    delete_missing_user_in_file=lambda s: s.file_store().delete_user("bob"),
    update_missing_user=lambda s: s.memory_store().update_user("bob", role="admin"),
    update_missing_user_in_file=lambda s: s.file_store().update_user("bob", role="admin"),
    update_password_of_missing_user=lambda s: s.memory_store().update_user("bob", password=s.password),
)
add("IsADirectoryError", load_users_of_folder=lambda s: s.auth.JSONFileUserStore(s.folder).load_users())
add(
    "UserExistsError",
    create_duplicate_user=lambda s: s.memory_store().create_user("ada", s.password, "user"),
    create_duplicate_user_in_file=lambda s: s.file_store().create_user("ada", s.password, "user"),
)
add(
    "ValueError",
    update_role_in_fields=lambda s: s.memory_store().update_user("ada", fields={"role": s.password}),
    update_number_in_fields=lambda s: s.memory_store().update_user("ada", fields={"note": s.password, "age": 5}),
    update_to_long_password=lambda s: s.memory_store().update_user("ada", password=s.password * 9),
)
add("TypeError", update_fields_of_str=lambda s: s.memory_store().update_user("ada", fields=s.password))
add("TypeError", revocations_of_str=lambda s: s.auth.JSONFileUserStore("users.json", revocations=s.secret))


def update_while_another_thread_does(s):
    store, held = s.file_store(), threading.Event()

    def hold():
        with store._exclusive():
            held.set()
            done.wait()

    done = threading.Event()
    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    try:
        with mock.patch.dict(type(store)._exclusive.__wrapped__.__globals__, TIMEOUT=0.01):
            store.update_user("ada", password=s.password)
    finally:
        done.set()
        other.join()


def update_while_another_process_does(s):
    import filelock

    store = s.file_store()
    with mock.patch.object(filelock.FileLock, "acquire", side_effect=filelock.Timeout("users.json.lock")):
        store.update_user("ada", password=s.password)


def update_without_locks(s):
    import filelock

    store = s.file_store()
    with mock.patch.object(filelock.FileLock, "acquire", side_effect=OSError(38, "Function not implemented")):
        store.update_user("ada", password=s.password)


def update_mounted_file(s):
    store = s.file_store()
    with mock.patch.object(os, "replace", side_effect=OSError(16, "Device or resource busy")):
        store.update_user("ada", password=s.password)


def update_as_root_who_may_not_change_owners(s):
    store = s.file_store()
    store.path.with_name(f"{store.path.name}.lock").unlink(missing_ok=True)
    error = PermissionError(1, "Operation not permitted")
    with mock.patch.object(os, "geteuid", return_value=0), mock.patch.object(os, "fchown", side_effect=error):
        store.update_user("ada", password=s.password)


FAILED_SAVES += add("OwnerError", update_as_root_who_may_not_change_owners)
FAILED_SAVES += add("TimeoutError", update_while_another_thread_does, update_while_another_process_does)


def create_user_when_another_thread_does(s):
    store = s.memory_store()
    with mock.patch.object(store, "find_user", return_value=None):
        store.create_user("ada", s.password, "user")


def create_user_in_file_when_another_thread_does(s):
    store = s.file_store()
    with mock.patch.object(store, "find_user", return_value=None):
        store.create_user("ada", s.password, "user")


def update_that_is_not_renamed(s):
    store = s.file_store()
    with mock.patch.object(os, "replace", side_effect=DISK_FULL):
        store.update_user("ada", password=s.password)


FAILED_SAVES += add("OSError", update_without_locks, update_mounted_file, update_that_is_not_renamed)
FAILED_SAVES += add(
    "UserExistsError", create_user_when_another_thread_does, create_user_in_file_when_another_thread_does
)


def failing_revocation(s):
    store = s.memory_store()
    store.revocations = mock.Mock(revoke_user=mock.Mock(side_effect=OSError("no database")))
    store.update_user("ada", password=s.password)


FAILED_SAVES += add("OSError", failing_revocation)
for name in ("acreate_user", "aupdate_user"):

    def change_with_a_twin(s, name=name):
        store = s.memory_store()
        arguments = ("bob", s.password, "user") if name == "acreate_user" else ("ada",)
        options = {} if name == "acreate_user" else {"password": s.password}
        with mock.patch.object(store, "save_users", side_effect=DISK_FULL):
            asyncio.run(getattr(store, name)(*arguments, **options))

    FAILED_SAVES += add("OSError", **{f"{name}_on_full_disk": change_with_a_twin})
# Users in databases


def sql_store(s):
    return s.auth.SQLUserStore(f"sqlite:///{s.folder}/users.db")


def store_without_server(s):
    return s.auth.SQLUserStore(f"postgresql://ada:{quote(s.password)}@127.0.0.1:1/users?application_name={s.csrf}")


def sql_store_of_another_version(s):
    sql_store(s).save_users([{**user_files.user("ada"), "password_hash": s.hash}])
    with contextlib.closing(sqlite3.connect(s.folder / "users.db")) as connection, connection:
        connection.execute("UPDATE fastware_parts SET version = 9")
    sql_store(s).load_users()


def sql_store_of_another_application(s):
    with contextlib.closing(sqlite3.connect(s.folder / "users.db")) as connection, connection:
        connection.execute(f"CREATE TABLE fastware_users (password text DEFAULT '{s.password}')")
    sql_store(s).load_users()


def sql_store_whose_file_was_replaced(s):
    store = sql_store(s)
    store.save_users([])
    (s.folder / "users.db").unlink()
    store.create_user("ada", s.password, "user")


def sql_store_that_cannot_be_written(s):
    sql_store(s).save_users([])
    store = s.auth.SQLUserStore(f"sqlite:///file:{s.folder}/users.db?mode=ro&uri=true")
    store.save_users([{**user_files.user("ada"), "password_hash": s.hash}])


def sql_store_that_cannot_be_written_in_a_transaction(s):
    sql_store(s).save_users([])
    store = s.auth.SQLUserStore(f"sqlite:///file:{s.folder}/users.db?mode=ro&uri=true")
    record = {**user_files.user("ada"), "password_hash": s.hash}
    with mock.patch.dict(type(store._database)._run.__globals__["_BEGIN"], sqlite="BEGIN"), store._exclusive():
        store.save_users([record])


def sql_save_in_a_transaction_without_server(s):
    with store_without_server(s)._exclusive():
        pass


def sql_store_whose_server_is_silent(s):
    store = store_without_server(s)
    store._database._connections.outage.failed()
    store.create_user("ada", s.password, "user")


def create_user_in_a_database_twice(s):
    store = sql_store(s)
    store.create_user("ada", s.password, "user")
    with mock.patch.object(store, "_check_is_new"):
        store.create_user("ada", s.password, "user")


add(
    "StorageError 503",
    sql_store_of_another_version,
    sql_store_of_another_application,
    sql_store_whose_file_was_replaced,
    sql_store_that_cannot_be_written,
    sql_store_that_cannot_be_written_in_a_transaction,
    sql_save_in_a_transaction_without_server,
    sql_store_whose_server_is_silent,
    sql_find_without_server=lambda s: store_without_server(s).find_user(s.csrf),
    sql_save_without_server=lambda s: store_without_server(s).save_users(
        [{**user_files.user("ada"), "password_hash": s.hash}]
    ),
    sql_create_without_server=lambda s: store_without_server(s).create_user("ada", s.password, "user"),
)
FAILED_SAVES += add(
    "StorageError 503",
    sql_update_without_server=lambda s: store_without_server(s).update_user("ada", role="x"),
    sql_delete_without_server=lambda s: asyncio.run(store_without_server(s).adelete_user("ada")),
)
FAILED_SAVES += add("UserExistsError", create_user_in_a_database_twice)
add(
    "UserNotFoundError",
    update_missing_user_in_a_database=lambda s: sql_store(s).update_user("ada", fields={"note": s.csrf}),
    delete_missing_user_in_a_database=lambda s: sql_store(s).delete_user("ada"),
)
add(
    "UserFileError",
    save_nul_in_a_database=lambda s: sql_store(s).save_users([{**user_files.user("ada"), "role": f"{s.csrf}\0"}]),
)
add(
    "ValueError",
    sql_store_with_malformed_url=lambda s: s.auth.SQLUserStore(f"postgresql://ada:{s.csrf}@host:port/users"),
    sql_store_in_mysql=lambda s: s.auth.SQLUserStore(f"mysql://ada:{s.csrf}@host/users"),
    sql_store_with_unknown_driver=lambda s: s.auth.SQLUserStore(f"postgresql+none://ada:{s.csrf}@host/users"),
    sql_store_with_asynchronous_driver=lambda s: s.auth.SQLUserStore(
        f"postgresql+psycopg_async://ada:{s.csrf}@host/users"
    ),
)
add("TypeError", sql_store_of_bytes=lambda s: s.auth.SQLUserStore(f"sqlite:///{s.csrf}".encode()))
add(
    "ImportError",
    sql_store_with_missing_driver=lambda s: s.auth.SQLUserStore(f"postgresql+pg8000://ada:{s.csrf}@host/users"),
)


DAMAGED_FILES = []
example = user_files.user("ada", password_hash="a secret")
for kind in user_files.damaged_files(example, "a secret"):

    def create_user_in_damaged_file(s, kind=kind):
        store = s.file_store(user_files.damaged_files(s.user(), s.hash)[kind][0])
        store.create_user("bob", s.password, "user")

    def load_damaged_file(s, kind=kind):
        s.file_store(user_files.damaged_files(s.user(), s.hash)[kind][0]).load_users()

    DAMAGED_FILES += add("UserFileError", **{f"damaged_file_{kind.replace(' ', '_')}": create_user_in_damaged_file})
    DAMAGED_FILES += add("UserFileError", **{f"load_damaged_file_{kind.replace(' ', '_')}": load_damaged_file})
for kind in user_files.invalid_users(example, "a secret"):

    def save_invalid_users(s, kind=kind):
        s.file_store().save_users(user_files.invalid_users(s.user(), s.hash)[kind][0])

    add("UserFileError", **{f"save_users_{kind.replace(' ', '_')}": save_invalid_users})


# Identity


def current_user(s, **options):
    return s.auth.get_current_user(s.request(**options))


def config(secret):
    return {"config": {"jwt_secret": secret}}


class OtherRequest:
    """A request of another framework, whose state is not in its scope."""

    def __init__(self, s):
        self.scope = {**s.request().scope, "state": {}}
        self.state = config(s.secret)


REJECTED_REQUESTS = [
    *add(
        "HTTPError 401",
        missing_token=lambda s: current_user(s, headers=[("cookie", f"csrf_token={s.csrf}")], query=f"csrf={s.csrf}"),
        forged_token=current_user,
        forged_cookie=lambda s: current_user(s, headers=s.forged_session),
        forged_query_token=lambda s: current_user(s, headers=[]),
        forged_token_in_a_scope=lambda s: s.auth.get_current_user(s.request().scope),
        forged_token_in_a_scope_for_a_role=lambda s: s.auth.require_role("admin")(s.request().scope),
        forged_token_of_another_framework=lambda s: s.auth.get_current_user(OtherRequest(s)),
    ),
    *add(
        "ConfigurationError",
        empty_state=lambda s: current_user(s, state={}),
        state_without_config=lambda s: current_user(s, state={"jwt_secret": s.secret}),
        config_of_str=lambda s: current_user(s, state={"config": s.secret}),
        config_without_secret=lambda s: current_user(s, state={**config(""), "secret": s.secret}),
        config_with_pem_secret=lambda s: current_user(s, state=config(pem(s.secret))),
        config_with_dict_secret=lambda s: current_user(s, state=config({"a": s.secret})),
    ),
    *add(
        "HTTPError 403",
        other_role=lambda s: s.auth.require_role("admin")(s.request(headers=s.bearer)),
        role_in_a_list=lambda s: s.auth.require_role("admin", "editor")(
            s.request(headers=[("authorization", f"Bearer {s.sign(role=[s.csrf])}")])
        ),
    ),
]


# Integrations: these failures use the imported package, because Litestar looks up the module of a dependency by name


def starlette_handler(s, *roles, headers=None, has_middleware=True):
    from starlette.authentication import AuthCredentials, UnauthenticatedUser
    from starlette.requests import Request

    from fastware.auth import Auth
    from fastware.integrations.starlette import AuthBackend, requires

    request = Request(s.request(headers=headers).scope)
    if has_middleware:
        found = asyncio.run(AuthBackend(Auth(s.secret)).authenticate(request))
        request.scope["auth"], request.scope["user"] = found or (AuthCredentials(), UnauthenticatedUser())
    requires(*roles)(lambda request: s.token)(request)


def starlette_backend_without_settings(s):
    from starlette.requests import Request

    from fastware.integrations.starlette import AuthBackend

    asyncio.run(AuthBackend().authenticate(Request(s.request(state={"secret": s.secret}).scope)))


def requires_with(s, *roles, handler=None, arguments=()):
    from fastware.integrations.starlette import requires

    requires(*roles)(handler or (lambda request: s.token))(*arguments)


def starlette_backend_of_str(s):
    from fastware.integrations.starlette import AuthBackend

    AuthBackend(s.secret)


def import_integration_without(framework):
    module = f"fastware.integrations.{framework}"
    others = {name: value for name, value in sys.modules.items() if not name.startswith(module)}
    with mock.patch.dict(sys.modules, {**others, framework: None}, clear=True):
        importlib.import_module(module)


def litestar_plugin(s, **options):
    from fastware.auth import Auth
    from fastware.integrations.litestar import AuthPlugin

    return AuthPlugin(Auth(s.secret), **options)


def litestar_user(s):
    asyncio.run(litestar_plugin(s).current_user(s.request().scope))


def litestar_guard(s, headers=None):
    connection = s.request(headers=headers)
    asyncio.run(litestar_plugin(s).require_role("admin")(connection, None))


def litestar_guard_without_plugin(s):
    from litestar import get

    from fastware.integrations.litestar import require_role

    asyncio.run(require_role("admin")(s.request(), get("/")))


def litestar_app(s, path="/", config=None, **options):
    from litestar import Litestar, get
    from litestar.datastructures import State

    async def handler() -> None: ...

    state = State({"config": config or {}})
    Litestar([get(path)(handler)], plugins=[litestar_plugin(s)], state=state, logging_config=None, **options)


def litestar_cached_profile(s):
    from litestar import Litestar, get

    from fastware.integrations.litestar import CurrentUser

    @get("/", cache=True)
    async def profile(user: CurrentUser) -> str:
        return s.token

    Litestar([profile], plugins=[litestar_plugin(s)], logging_config=None)


def litestar_plugin_of_str(s):
    from fastware.integrations.litestar import AuthPlugin

    AuthPlugin(s.secret)


def litestar_require_role_of_bytes(s):
    from fastware.integrations.litestar import require_role

    require_role(s.secret.encode())


REJECTED_REQUESTS += [
    *add(
        "HTTPError 401",
        litestar_user,
        litestar_guard,
        starlette_handler,
        starlette_handler_without_token=lambda s: starlette_handler(s, headers=[("cookie", f"csrf_token={s.csrf}")]),
    ),
    *add(
        "HTTPError 403",
        starlette_role=lambda s: starlette_handler(s, "admin", headers=s.bearer),
        litestar_role=lambda s: litestar_guard(s, headers=s.bearer),
    ),
    *add(
        "ConfigurationError",
        starlette_backend_without_settings,
        litestar_guard_without_plugin,
        starlette_without_middleware=lambda s: starlette_handler(s, has_middleware=False),
    ),
]
add(
    "ConfigurationError",
    litestar_cached_profile,
    litestar_app_with_other_settings=lambda s: litestar_app(s, config={"jwt_secret": s.secret}),
    litestar_app_with_path_parameter=lambda s: litestar_app(s, path="/{user:str}"),
    litestar_app_with_dependency=lambda s: litestar_app(s, dependencies={"user": holding(lambda secret: 0, s.secret)}),
)
add(
    "TypeError",
    starlette_backend_of_str,
    litestar_plugin_of_str,
    litestar_require_role_of_bytes,
    requires_of_bytes=lambda s: requires_with(s, s.secret.encode()),
    requires_above_a_class=lambda s: requires_with(s, handler=ShowsItsSecret),
    requires_without_request=lambda s: requires_with(s, handler=holding(lambda *, secret: secret, s.secret)),
    requires_called_without_request=lambda s: requires_with(s, arguments=[s.token]),
    litestar_dependency_of_bytes=lambda s: litestar_plugin(s, dependency=s.secret.encode()),
)
add(
    "ImportError",
    starlette_is_missing=lambda s: import_integration_without("starlette"),
    litestar_is_missing=lambda s: import_integration_without("litestar"),
)
add("ValueError", litestar_reserved_dependency=lambda s: litestar_plugin(s, dependency="request"))


# Refresh tokens and tickets


# Revoked tokens and tickets


def revoking(s, *, available=True, **options):
    """Return settings with revocations, which can be read if they are *available*."""

    class Revocations(s.auth.MemoryRevocations):
        def is_revoked(self, claims):
            if not available:
                raise s.auth.RevocationsUnavailableError
            return super().is_revoked(claims)

    return s.auth.Auth(s.secret, revocations=Revocations(), **options)


def revoked(s):
    settings = revoking(s)
    settings.revocations.revoke_user("ada")
    return settings


def in_config(s, settings):
    return s.auth.get_current_user(s.request(headers=s.bearer, state={"config": {"auth": settings}}))


def identify_revoked(s):
    return revoked(s).identify(s.request(headers=s.bearer))


def redeem_in_a_request(s):
    settings = revoking(s, tickets=s.auth.Tickets(None))
    ticket = marked_token(s)
    return asyncio.run(settings.current_user(s.request(headers=s.session[:0], query=f"ticket={ticket}")))


def optional_user_without_revocations(s):
    from fastware import auth
    from fastware.integrations.fastapi import FastAPIAuth

    settings = revoking(SimpleNamespace(auth=auth, secret=s.secret), available=False)
    return asyncio.run(FastAPIAuth(settings).optional_user(s.request(headers=s.bearer)))


REJECTED_REQUESTS += [
    *add(
        "HTTPError 401",
        identify_revoked,
        redeem_in_a_request,
        revoked_in_config=lambda s: in_config(s, revoked(s)),
        current_user_revoked=lambda s: asyncio.run(revoked(s).current_user(s.request(headers=s.bearer))),
    ),
    *add(
        "RevocationsUnavailableError 503",
        optional_user_without_revocations,
        identify_without_revocations=lambda s: revoking(s, available=False).identify(s.request(headers=s.bearer)),
        config_without_revocations=lambda s: in_config(s, revoking(s, available=False)),
    ),
]
add(
    "HTTPError 401",
    renew_revoked=lambda s: revoked(s).renew_token({"sub": "ada", "role": "user", "rev": 0, "sid": s.csrf}),
    renew_expired=lambda s: s.settings.renew_token({"sub": "ada", "role": "user", "exp": 1, "jti": s.csrf}),
)
add(
    "TypeError",
    auth_with_revocations_of_str=lambda s: s.auth.Auth(s.secret, revocations=s.csrf),
    auth_with_tickets_of_str=lambda s: s.auth.Auth(s.secret, tickets=s.csrf),
    sqlite_revocations_of_bytes=lambda s: s.auth.SQLiteRevocations(s.csrf.encode()),
    authenticate_in_a_str=lambda s: asyncio.run(s.auth.authenticate(s.csrf, "ada", s.password)),
    renew_a_token=lambda s: s.settings.renew_token(s.token),
    create_token_with_session_of_str=lambda s: s.settings.create_token("ada", "user", session=s.csrf),
)
add(
    "ValueError",
    sqlite_revocations_of_url=lambda s: s.auth.SQLiteRevocations(f"redis://{s.csrf}"),
    create_user_with_a_long_name=lambda s: s.memory_store().create_user(s.csrf * 99, s.password, "user"),
    renew_without_role=lambda s: s.settings.renew_token({"sub": s.csrf}),
    create_token_with_half_a_session=lambda s: revoking(s).create_token("ada", "user", session={"sid": s.csrf}),
    create_token_with_session_without_revocations=lambda s: s.settings.create_token(
        "ada", "user", session={"sid": s.csrf, "rev": 0}
    ),
    create_token_with_sid=lambda s: revoking(s).create_token("ada", "user", claims={"sid": s.csrf}),
)


def refresh_tokens(s, storage="sessions.db", **options):
    return s.auth.RefreshTokens(storage and s.folder / storage, **options)


def tickets(s, **options):
    return s.auth.Tickets(s.folder / "sessions.db", **options)


def marked_token(s, token=None):
    return s.marks.add("refresh token", token or new_mark(43))


def rotate_again(s, asynchronously=False):
    tokens = refresh_tokens(s)
    token = marked_token(s, tokens.issue("ada", {"device": "phone"}))  # the error has the data
    marked_token(s, tokens.rotate(marked_token(s, tokens.rotate(token).token)).token)
    asyncio.run(tokens.arotate(token)) if asynchronously else tokens.rotate(token)


def rotate_of_a_revoked_user(s):
    revocations = s.auth.MemoryRevocations()
    tokens = refresh_tokens(s, revocations=revocations)
    token = marked_token(s, tokens.issue("ada"))
    revocations.revoke_user("ada")
    tokens.rotate(token)


def use_of_a_damaged_file(s, use):
    (s.folder / "damaged.db").write_bytes(s.password.encode() * 100)
    use(refresh_tokens(s, "damaged.db"), marked_token(s))


REJECTED_REQUESTS += [
    *add(
        "RefreshTokenError 401",
        rotate_of_a_revoked_user,
        rotate_unknown=lambda s: refresh_tokens(s).rotate(marked_token(s)),
        rotate_unknown_asynchronously=lambda s: asyncio.run(refresh_tokens(s).arotate(marked_token(s))),
        rotate_of_another_value=lambda s: refresh_tokens(s).rotate(f"{marked_token(s)}="),
    ),
    *add(
        "RefreshTokenReusedError 401",
        rotate_again,
        rotate_again_asynchronously=lambda s: rotate_again(s, asynchronously=True),
    ),
    *add(
        "StorageError 503",
        rotate_in_a_damaged_file=lambda s: use_of_a_damaged_file(s, lambda tokens, token: tokens.rotate(token)),
        arotate_in_a_damaged_file=lambda s: use_of_a_damaged_file(
            s, lambda tokens, token: asyncio.run(tokens.arotate(token))
        ),
        revoke_in_a_damaged_file=lambda s: use_of_a_damaged_file(s, lambda tokens, token: tokens.revoke(token)),
        redeem_in_a_damaged_file=lambda s: use_of_a_damaged_file(
            s, lambda _, ticket: s.auth.Tickets(s.folder / "damaged.db").redeem(ticket)
        ),
    ),
]
add(None, redeem_unknown_ticket=lambda s: tickets(s).redeem(marked_token(s)))
add(
    "ValueError",
    refresh_tokens_in_redis=lambda s: s.auth.RefreshTokens(f"redis://:{s.password}@host:port"),
    refresh_tokens_in_an_empty_path=lambda s: s.auth.RefreshTokens(""),
    refresh_tokens_without_lifetime=lambda s: refresh_tokens(s, lifetime=0),
    refresh_token_without_user=lambda s: refresh_tokens(s).issue("", s.csrf),
    refresh_token_with_long_data=lambda s: refresh_tokens(s).issue("ada", [s.csrf] * 500),
    refresh_token_with_nan=lambda s: refresh_tokens(s).issue("ada", [s.csrf, float("nan")]),
    ticket_of_expired_claims=lambda s: tickets(s).issue({"jti": s.csrf, "exp": 1}),
)
add(
    "TypeError",
    refresh_tokens_in_bytes=lambda s: s.auth.RefreshTokens(s.password.encode()),
    refresh_tokens_with_lifetime_of_str=lambda s: refresh_tokens(s, lifetime=s.secret),
    refresh_tokens_with_other_revocations=lambda s: refresh_tokens(s, revocations=s.secret),
    refresh_token_of_bytes=lambda s: refresh_tokens(s).issue(s.token.encode()),
    refresh_token_with_object=lambda s: refresh_tokens(s).issue("ada", {s.csrf: ShowsItsSecret(s.csrf)}),
    ticket_of_a_token=lambda s: tickets(s).issue(s.token),
    ticket_of_other_expiry=lambda s: tickets(s).issue({"exp": s.csrf}),
)


# Rolling sessions


def rolling_sessions(s, settings=None, **options):
    return s.auth.RollingSessions(s.app(), settings or revoking(s), **options)


def send_of_a_renewed_token(s):
    settings = revoking(s)
    token = settings.create_token("ada", "user", expires_in=3600)
    s.marks.add("session cookie", token.rpartition(".")[2])

    async def send(message):
        renewed = next(value for name, value in message["headers"] if name == b"set-cookie")
        s.marks.add("renewed cookie", renewed.decode().partition(";")[0].rpartition(".")[2])
        raise BrokenPipeError("the client has disconnected")

    app = rolling_sessions(s, settings)
    with mock.patch("time.time", return_value=time.time() + 1800):
        asyncio.run(app(scope(headers=[("cookie", f"session={token}")]), None, send))


add("BrokenPipeError", send_of_a_renewed_token)
add(
    "ValueError",
    rolling_sessions_without_revocations=lambda s: rolling_sessions(s, s.settings),
    rolling_sessions_of_half_a_second=lambda s: rolling_sessions(s, idle_limit=0.5),
    rolling_sessions_that_end_before_they_are_idle=lambda s: rolling_sessions(s, idle_limit=60, absolute_limit=59),
)
add("TypeError", rolling_sessions_of_str=lambda s: rolling_sessions(s, s.secret))


# Sessions in Redis


def url_without_server(s):
    return f"unix://ada:{quote(s.password)}@{s.folder}/missing"


def redis_revocations(s, **options):
    return s.auth.RedisRevocations(url_without_server(s), **options)


def revoke_a_ticket_without_server(s):
    storage = s.auth.Tickets(url_without_server(s))._tickets
    storage.remove(s.module("auth.opaque_tokens").OpaqueToken.presented(marked_token(s)))


def revocations_of(s, *, found, memory=None):
    """Return revocations whose server has the reply *found* to a script, and *memory* to INFO."""

    def run(storage, script, keys, *args):
        return [b"0", b"", b""] if "HSCAN" in script.text and not args[2:] else found(args)

    def command(storage, *words, is_repeatable=True):
        return memory or {}

    storage = s.module("auth.redis_storage").RedisStorage
    with mock.patch.multiple(storage, run=run, command=command):
        return type(redis_revocations(s)).__name__


def list_that_does_not_settle(args):
    return [b"name", b"0", [[b"2-1", []]], []]


def list_without_news(args):
    return [b"name", b"0", [[b"2-1", []]], [[b"2-1", []]]]


add(
    "StorageError 503",
    revoke_a_ticket_without_server,
    revoke_without_server=lambda s: redis_revocations(s).revoke(marked_claims(s)),
    revoke_user_without_server=lambda s: redis_revocations(s).revoke_user(s.csrf),
    revision_without_server=lambda s: asyncio.run(redis_revocations(s).arevision(s.csrf)),
    issue_without_server=lambda s: s.auth.RefreshTokens(url_without_server(s)).issue("ada", s.csrf),
    end_user_without_server=lambda s: s.auth.RefreshTokens(url_without_server(s)).revoke_user(s.csrf),
    issue_ticket_without_server=lambda s: s.auth.Tickets(url_without_server(s)).issue(marked_claims(s)),
)
REJECTED_REQUESTS += add(
    "StorageError 503",
    rotate_without_server=lambda s: s.auth.RefreshTokens(url_without_server(s)).rotate(marked_token(s)),
    redeem_without_server=lambda s: s.auth.Tickets(url_without_server(s)).redeem(marked_token(s)),
)
add(
    "RevocationsUnavailableError 503",
    check_without_server=lambda s: redis_revocations(s).is_revoked(marked_claims(s)),
)
add("ValueError", redis_revocations_that_are_stale_at_once=lambda s: redis_revocations(s, max_stale=1))
add("TypeError", redis_revocations_with_prefix_of_bytes=lambda s: redis_revocations(s, prefix=s.csrf.encode()))
add(
    "RedisRevocations",
    redis_list_that_does_not_settle=lambda s: revocations_of(s, found=list_that_does_not_settle),
    redis_list_that_is_damaged=lambda s: revocations_of(s, found=lambda args: s.csrf),
    redis_that_evicts=lambda s: revocations_of(
        s, found=list_without_news, memory={"maxmemory": 1, "maxmemory_policy": "allkeys-lru"}
    ),
)


# Rate limits


def limited(s, handler):
    return s.auth.rate_limit("1/hour", key_func=lambda request: s.token)(handler)


def call_twice(s):
    handler = limited(s, lambda request: s.token)
    handler(s.request())
    handler(s.request(headers=s.bearer))


def await_twice(s):
    async def handler(request):
        return s.token

    handler = limited(s, handler)
    for headers in ((), s.bearer):
        asyncio.run(handler(s.request(headers=headers)))


def limit_above_route(s):
    handler = ShowsItsSecret(s.secret)
    s.fastware.Router().get("/")(handler)
    limited(s, handler)


def router_with(s, path, handler):
    router = s.fastware.Router()
    router.get(path)(handler)
    return router


def limit_on_a_route(s):
    from starlette.routing import Route

    limited(s, Route("/", ShowsItsSecret(s.secret)))


REJECTED_REQUESTS += add("RateLimitError 429", call_over_limit=call_twice, awaited_call_over_limit=await_twice)
add("ValueError", invalid_rate=lambda s: s.auth.rate_limit("often", key_func=lambda request: s.token))
add(
    "TypeError",
    limit_above_route,
    limit_on_a_route,
    limited_handler_whose_request_is_a_parameter=lambda s: s.fastware.create_app(
        router_with(s, "/{request}", limited(s, holding(lambda request, secret: secret, s.secret)))
    ),
    limited_class=lambda s: limited(s, type("Views", (), {"secret": s.secret})),
    limited_static_method=lambda s: limited(s, staticmethod(holding(lambda secret: secret, s.secret))),
    limited_object_that_is_no_handler=lambda s: limited(s, s.token),
    limited_handler_called_without_request=lambda s: limited(s, holding(lambda **values: values, s.secret))(),
    limited_object_called_without_request=lambda s: limited(s, ShowsItsSecret(s.secret))(s.token, password=s.password),
    limited_function_called_without_request=lambda s: limited(s, lambda token: token)(s.token),
)


# Shared limits, and limits with headers


def own_buckets(s, *, error=None):
    """Return buckets that have no tokens, or raise *error*."""
    base = s.module("auth.buckets.base")

    def answer(self, key, cost=1):
        if error is not None:
            raise error
        return 10**9 if cost else None

    calls = {"take": answer, "give_back": answer, "reset": lambda self, key=None: answer(self, key)}
    calls["take_counted"] = lambda self, key, cost=1: (answer(self, key), 0, 10**9)
    limit = type("Limit", (base.LimitBuckets,), {"blocks": True, **calls})
    return type("Own", (base.Buckets,), {"open": lambda self, *rate, **options: limit()})()


def shared_limit(s, handler, *, key=None, error=None, **options):
    buckets = own_buckets(s, error=error)
    return s.auth.rate_limit("1/hour", key or (lambda request: s.token), buckets=buckets, name="search", **options)(
        handler
    )


async def coroutine_handler(request):
    """Never runs."""


def yielding(request):
    yield 5


def default_limit(s, name, module="shop", times=1):
    handler = FunctionType(coroutine_handler.__code__, {"token": s.token}, "search")
    handler.__module__, handler.__qualname__ = module, name
    limit = s.auth.rate_limit("1/hour", buckets=own_buckets(s))
    for _ in range(times):
        limit(handler)


def limited_generator(s, *, fails=False):
    async def generator(request):
        yield s.token

    async def main():
        error = RuntimeError("away") if fails else None
        limited = shared_limit(s, generator, error=error)
        limited.limit.disabled = not fails
        values = limited(s.request(headers=s.bearer))
        await anext(values)
        await values.athrow(ZeroDivisionError("in the handler"))

    asyncio.run(main())


def closed_generator(s):
    async def generator(request):
        yield s.token

    async def main():
        limited = shared_limit(s, generator)
        limited.limit.disabled = True
        values = limited(s.request(headers=s.bearer))
        await anext(values)
        await values.aclose()

    asyncio.run(main())


def warn_of_workers(s, action):
    workers = s.module("auth.worker_processes")
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(workers, "_has_warned", False))
        patches.enter_context(mock.patch.object(sys, "argv", ["uvicorn", s.token, "--workers", "2"]))
        patches.enter_context(warnings.catch_warnings(action=action))
        limited(s, lambda request: s.token)


def limited_role(s):
    """Return a limited dependency of the package, which no other test has put behind a route."""
    return shared_limit(s, s.auth.require_role("a role of no other test"))


def shared_user_without_limit(s):
    user = limited_role(s)
    user.limit.disabled = True
    user(s.request(headers=s.forged_bearer))


REJECTED_REQUESTS += add("HTTPError 401", shared_user_without_limit)
REJECTED_REQUESTS += add(
    "RateLimitError 429",
    shared_call_over_limit=lambda s: shared_limit(s, lambda request: s.token)(s.request(headers=s.bearer)),
    shared_awaited_call_over_limit=lambda s: asyncio.run(
        shared_limit(s, coroutine_handler, headers=True)(s.request(headers=s.bearer))
    ),
    shared_generator_over_limit=lambda s: next(shared_limit(s, yielding)(s.request(headers=s.bearer))),
    shared_user_over_limit=lambda s: limited_role(s)(s.request(headers=s.forged_bearer)),
)
add(
    "RuntimeError",
    shared_call_of_buckets_that_fail=lambda s: asyncio.run(
        shared_limit(s, coroutine_handler, error=RuntimeError("away"))(s.request(headers=s.bearer))
    ),
    shared_generator_of_buckets_that_fail=lambda s: limited_generator(s, fails=True),
)
add("ZeroDivisionError", error_thrown_into_a_limited_generator=limited_generator)
add(None, closed_generator, workers_that_count_for_themselves=lambda s: warn_of_workers(s, "ignore"))
add("PerProcessLimitWarning", workers_that_count_for_themselves_error=lambda s: warn_of_workers(s, "error"))
add(
    "TypeError",
    shared_call_with_invalid_key=lambda s: shared_limit(
        s, lambda request: s.token, key=lambda request: s.token.encode()
    )(s.request(headers=s.bearer)),
    limit_with_invalid_buckets=lambda s: s.auth.rate_limit("1/hour", buckets=s.secret),
    limit_with_invalid_cost=lambda s: s.auth.rate_limit("1/hour", cost=s.secret),
    limit_with_invalid_headers=lambda s: s.auth.rate_limit("1/hour", headers=s.secret),
    limit_with_name_of_another_type=lambda s: s.auth.rate_limit("1/hour", name=s.secret.encode()),
)
add(
    "ValueError",
    rate_for_too_long=lambda s: s.auth.rate_limit("1/105 days", key_func=lambda request: s.token),
    limit_that_costs_too_much=lambda s: s.auth.rate_limit("1/hour", lambda request: s.token, cost=2),
    limit_without_name=lambda s: s.auth.rate_limit("1/hour", lambda request: s.token, name=""),
    limit_with_a_control_character=lambda s: s.auth.rate_limit("1/hour", lambda request: s.token, name="\0"),
    header_of_a_name_that_is_not_ascii=lambda s: s.auth.rate_limit("1/hour", headers=True, name="\xe9")(yielding),
    shared_limit_in_main=lambda s: default_limit(s, "search", "__main__"),
    shared_limit_of_a_local_function=lambda s: default_limit(s, "make.<locals>.search"),
    shared_limit_of_a_repeated_name=lambda s: default_limit(s, "search", times=2),
)


# Keys of clients


def behind_proxies(s, *proxies, **options):
    return s.auth.client_address(trusted_proxies=proxies, **options)


def key_behind_proxies(s, header, headers):
    return behind_proxies(s, "127.0.0.1", header=header)(s.request(headers=headers))


def key_for_malformed_headers(s):
    request = s.request()
    request.scope["headers"] = [*request.scope["headers"], s.token]
    behind_proxies(s, "127.0.0.1")(request)


add(
    "address:127.0.0.1",
    key_behind_proxies_that_write_no_address=lambda s: key_behind_proxies(
        s, "x-forwarded-for", [*s.session, ("x-forwarded-for", "unknown")]
    ),
    key_behind_proxies_with_malformed_forwarded=lambda s: key_behind_proxies(
        s, "forwarded", [*s.session, ("forwarded", 'for="')]
    ),
    key_of_user_with_forged_token=lambda s: s.auth.user_key()(s.request()),
)
REJECTED_REQUESTS += add(
    "ConfigurationError", user_key_without_settings=lambda s: s.auth.user_key()(s.request(state={"config": {}}))
)
add(
    "TypeError",
    key_for_malformed_headers,
    proxies_in_one_str=lambda s: s.auth.client_address(trusted_proxies=s.token),
    proxy_of_bytes=lambda s: behind_proxies(s, s.token.encode()),
    header_of_bytes=lambda s: behind_proxies(s, header=s.token.encode()),
    ipv6_prefix_in_a_str=lambda s: behind_proxies(s, ipv6_prefix=s.token),
    user_key_with_an_address=lambda s: s.auth.user_key(address=s.token),
    user_key_with_a_secret=lambda s: s.auth.user_key(auth=s.secret),
)
add(
    "ValueError",
    proxy_that_is_a_name=lambda s: behind_proxies(s, "localhost"),
    proxy_with_a_zone=lambda s: behind_proxies(s, "fe80::1%eth0"),
    proxies_that_are_everyone=lambda s: behind_proxies(s, "0.0.0.0/0"),
    header_that_is_not_read=lambda s: behind_proxies(s, header="x-real-ip"),
    ipv6_prefix_of_129_bits=lambda s: behind_proxies(s, ipv6_prefix=129),
)


# Limits on logins


def login_attempts(s, *names):
    async def main():
        guard = s.auth.LoginGuard(per_user="1/hour")
        for name in names:
            await guard.attempt(name, "192.0.2.1")

    asyncio.run(main())


def guard_whose_buckets_fail(s):
    guard = s.auth.LoginGuard(buckets=own_buckets(s, error=ConnectionError("away")))
    asyncio.run(guard.attempt(s.token, "192.0.2.1"))


def attempt_that_cannot_be_given_back(s):
    guard = s.auth.LoginGuard()
    failing = s.auth.LoginGuard(buckets=own_buckets(s, error=ConnectionError(f"redis://:{s.secret}@localhost")))

    async def main():
        attempt = await guard.attempt(s.token, "192.0.2.1")
        attempt.taken = [(failing._users, s.token)]
        await attempt.withdrawn()

    asyncio.run(main())


add("ConnectionError", guard_whose_buckets_fail)
add(None, attempt_that_cannot_be_given_back)
add("LoginLimitedError 429", login_over_limit=lambda s: login_attempts(s, "ada", "ada"))
add(
    "TypeError",
    login_with_invalid_username=lambda s: login_attempts(s, s.password.encode()),
    guard_with_invalid_buckets=lambda s: s.auth.LoginGuard(buckets=s.secret),
    guard_with_invalid_name=lambda s: s.auth.LoginGuard(name=s.secret.encode()),
)
add(
    "ValueError",
    guard_with_invalid_rate=lambda s: s.auth.LoginGuard(per_user="often"),
    guard_without_name=lambda s: s.auth.LoginGuard(name=""),
)


# Rate limits in Redis


def redis_buckets(s, url=None, **options):
    """Return buckets on a server that does not exist, with a password in its URL."""
    return s.auth.RedisBuckets(url or f"unix://ada:{s.password.replace(' ', '%20')}@{s.folder}/none", **options)


def redis_limit(s, **options):
    return redis_buckets(s, **options).open("name", 10, 10**9)


def take_from_redis(s, *args, **options):
    redis_limit(s, **options).take(*args)
    return asyncio.run(redis_limit(s, **options).atake(*args))


def take_after_an_outage(s):
    limit = redis_limit(s)
    limit.take(s.token)
    return limit._calls.checked(0)


def open_with_another_rate(s):
    buckets = redis_buckets(s)
    buckets.open("name", 10, 10**9)
    buckets.open("name", 11, 10**9)


def redis_client(s, **options):
    return redis.Redis(host="h", username="ada", password=s.password, ssl=True, **options)


def without_redis(s):
    with mock.patch.dict(sys.modules, {"redis": None}):
        redis_buckets(s)


add(0, take_without_redis=lambda s: take_from_redis(s, s.token), take_after_an_outage=take_after_an_outage)
add(
    None,
    take_key_of_another_program=lambda s: redis_limit(s)._calls.checked(redis.ResponseError("WRONGTYPE " + "a key")),
)
add(
    "HTTPError 503",
    take_without_redis_if_closed=lambda s: take_from_redis(s, s.token, on_error="closed"),
    reset_without_redis=lambda s: redis_limit(s).reset(),
)
add("ImportError", without_redis)
add(
    "TypeError",
    redis_server_of_another_type=lambda s: redis_buckets(s, [s.password]),
    redis_option_of_one_kind=lambda s: redis_buckets(s, redis_client(s, ssl_validate_ocsp=True)),
    redis_sentinel=lambda s: redis_buckets(s, redis.Sentinel([("h", 1)], password=s.password).master_for("name")),
    redis_lease_of_another_type=lambda s: redis_buckets(s, lease=s.password),
    redis_prefix_of_another_type=lambda s: redis_buckets(s, prefix=s.password.encode()),
    redis_key_of_another_type=lambda s: take_from_redis(s, s.token.encode()),
    redis_cost_of_another_type=lambda s: take_from_redis(s, s.token, s.password),
)
add(
    "ValueError",
    open_with_another_rate,
    redis_url_with_invalid_port=lambda s: redis_buckets(s, f"redis://ada:{s.password}@h:port"),
    redis_url_of_another_scheme=lambda s: redis_buckets(s, f"http://ada:{s.password}@h"),
    redis_lease_out_of_range=lambda s: redis_buckets(s, lease=0),
    redis_on_error_unknown=lambda s: redis_buckets(s, on_error=s.password),
    redis_cost_out_of_range=lambda s: take_from_redis(s, s.token, 11),
)


# Logins


def authenticate(s, password=None, *, store=None, **options):
    """Log in as the user of the store."""
    password = s.password if password is None else password
    return asyncio.run(s.auth.authenticate(store or s.memory_store(), "ada", password, **options))


def guarded_login(s, **options):
    return authenticate(s, guard=s.auth.LoginGuard(**options), address="203.0.113.7")


def guarded_login_over_limit(s):
    guard = s.auth.LoginGuard(per_address="1/hour")
    authenticate(s, s.password + "x", guard=guard, address="203.0.113.7")
    return authenticate(s, guard=guard, address="203.0.113.7")


def with_full_pool(s, call):
    return with_full(s.module("auth.password_pool"), lambda: call(s))


def with_full(password_pool, call):
    with mock.patch.multiple(password_pool._pool, _start_thread=lambda job: False, call_seconds=1_000.0):
        return call()


def login_without_a_thread(s):
    with mock.patch("threading.Thread.start", side_effect=RuntimeError("can't start new thread")):
        return asyncio.run(s.auth.averify_password(s.password, s.hash))


def login_that_is_cancelled(s):
    async def main():
        await asyncio.wait_for(s.auth.averify_password(s.password, s.hash), 0.01)

    with mock.patch.object(bcrypt, "checkpw", side_effect=lambda password, hashed: time.sleep(0.1)):
        asyncio.run(main())


def login_with_a_hash_that_cannot_be_replaced(s, error):
    store = s.memory_store()
    with mock.patch.object(store, "save_users", side_effect=error):
        return authenticate(s, store=store)["username"]


def problem(s, password, **options):
    found = s.auth.password_problem(password, **options)
    print(found)
    return type(found).__name__


add(
    "ada",
    login=lambda s: authenticate(s)["username"],
    login_on_a_full_disk=lambda s: login_with_a_hash_that_cannot_be_replaced(s, DISK_FULL),
    login_with_a_store_that_fails=lambda s: login_with_a_hash_that_cannot_be_replaced(s, KeyError(s.hash)),
)
add(None, login_with_wrong_password=lambda s: authenticate(s, s.password + "x"))
REJECTED_REQUESTS += [
    *add("LoginLimitedError 429", guarded_login_over_limit),
    *add(
        "HTTPError 503",
        login_while_the_pool_is_full=lambda s: with_full_pool(s, authenticate),
        guarded_login_while_the_pool_is_full=lambda s: with_full_pool(s, guarded_login),
        hash_while_the_pool_is_full=lambda s: with_full_pool(
            s, lambda s: asyncio.run(s.auth.ahash_password(s.password))
        ),
    ),
]
add("RuntimeError", login_without_a_thread)
add("TimeoutError", login_that_is_cancelled)
add(
    "TypeError",
    login_with_a_guard_without_address=lambda s: authenticate(s, guard=s.auth.LoginGuard()),
    login_with_another_guard=lambda s: authenticate(s, guard=s.password, address="203.0.113.7"),
    login_with_another_address=lambda s: authenticate(s, address=[s.password]),
    login_with_bytes=lambda s: authenticate(s, s.password.encode()),
    login_of_another_username=lambda s: asyncio.run(s.auth.authenticate(s.memory_store(), [s.password], s.password)),
    needs_rehash_of_another_hash=lambda s: s.auth.needs_rehash([s.hash]),
    problem_of_another_password=lambda s: s.auth.password_problem([s.password]),
    problem_with_another_username=lambda s: s.auth.password_problem(s.password, username=[s.password]),
    problem_with_another_length=lambda s: s.auth.password_problem(s.password, min_length=s.password),
)
add("ValueError", problem_without_length=lambda s: s.auth.password_problem(s.password, min_length=0))
add(
    "str",
    problem_short=lambda s: problem(s, s.password, min_length=72),
    problem_long=lambda s: problem(s, s.password * 9),
    problem_of_the_username=lambda s: problem(s, s.password, username=s.password),
    problem_repeated=lambda s: problem(s, s.password * 2, min_length=40),
    problem_surrogate=lambda s: problem(s, s.password + "\ud800"),
)


# Bodies and other parts of a request: %s is the password


class Color(enum.Enum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


class Cat(msgspec.Struct, tag=True):
    name: str


class Dog(msgspec.Struct, tag=True):
    name: str


class Row(msgspec.Struct, array_like=True, tag="row"):
    name: str


@dataclasses.dataclass
class Login:
    username: str
    password: int


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""


class Page(typing.TypedDict):
    number: int


def constrained(type_, **constraints):
    return typing.Annotated[type_, msgspec.Meta(**constraints)]


INVALID_VALUES = {  # a type, and a body that is invalid for it; 7171717171 is a marked number
    "int": (int, b'"%s"'),
    "int_in_list": (list[int], b'["%s"]'),
    "int_or_none": (int | None, b'"%s"'),
    "enum": (Color, b'"%s"'),
    "enum_like_a_path": (Color, b'"x - at `$.%s`"'),
    "enum_like_an_open_path": (Color, b'"x - at `$.%s"'),
    "tag_like_a_path": (Cat | Dog, b'{"type": "x - at `$.%s`"}'),
    "enum_of_ints": (Number, b"7171717171"),
    "enum_or_int": (Color | int, b'"%s"'),
    "literal": (typing.Literal["a", "b"], b'"%s"'),
    "literal_with_lines": (typing.Literal["a"], b'"a\\n%s\\n"'),
    "tag": (Cat | Dog, b'{"type": "%s"}'),
    "missing_tag": (Cat | Dog, b'{"name": "%s"}'),
    "tag_of_one": (Cat, b'{"type": "%s", "name": "%s"}'),
    "tag_of_array": (Row, b'["%s", "%s"]'),
    "dataclass": (Login, b'{"username": "ada", "password": "%s"}'),
    "missing_field": (Login, b'{"password": 5, "%s": "%s"}'),
    "unknown_field": (Strict, b'{"%s": "%s"}'),
    "typed_dict": (Page, b'{"number": "%s"}'),
    "object": (Login, b'"%s"'),
    "long_str": (constrained(str, max_length=3), b'"%s"'),
    "short_str": (constrained(str, min_length=300), b'"%s"'),
    "pattern": (constrained(str, pattern="^a$"), b'"%s"'),
    "large_int": (constrained(int, le=3), b"7171717171"),
    "multiple": (constrained(int, multiple_of=2), b"7171717171"),
    "long_list": (constrained(list[str], max_length=0), b'["%s"]'),
    "datetime": (datetime.datetime, b'"%s"'),
    "datetime_without_zone": (constrained(datetime.datetime, tz=True), b'"2024-01-01T00:00:00"'),
    "date": (datetime.date, b'"%s"'),
    "time": (datetime.time, b'"%s"'),
    "timedelta": (datetime.timedelta, b'"%s"'),
    "large_timedelta": (datetime.timedelta, b'"P123456789123456D"'),
    "uuid": (uuid.UUID, b'"%s"'),
    "base64": (bytes, b'"%s"'),
    "key_int": (dict[int, int], b'{"%s": 1}'),
    "key_enum": (dict[Color, int], b'{"%s": 1}'),
    "key_literal": (dict[typing.Literal["a"], int], b'{"%s": 1}'),
    "key_uuid": (dict[uuid.UUID, int], b'{"%s": 1}'),
    "long_key": (dict[constrained(str, max_length=3), int], b'{"%s": 1}'),
    "value_in_dict": (dict[str, dict[str, int]], b'{"%s": {"%s": "%s"}}'),
    "enum_in_dict": (dict[str, list[Color]], b'{"%s": ["%s"]}'),
    "nested_too_deep": (typing.Any, b'{"%s": ' + b"[" * 101 + b"]" * 101 + b"}"),
}
for kind, (type_, body) in INVALID_VALUES.items():

    def decode(s, type_=type_, body=body):
        s.marks.add("number", "7171717171")
        s.marks.add("wrapped number", "1091116790")
        return s.request(body).decode(type_)

    add("HTTPError 400", **{f"decode_{kind}": decode})
OBJECT, ARRAY = b'{"password": "%s"}', b'["%s"]'
add(
    "MissingFieldError 400",
    missing_field=lambda s: s.request(OBJECT).json["username"],
    field_of_array=lambda s: s.request(ARRAY).json["username"],
    missing_query_parameter=lambda s: s.request().query_params["page"],
    missing_form_field=lambda s: s.form(b"password=%s")["username"],
)
add("MissingItemError 400", missing_item=lambda s: s.request(ARRAY).json[1])
add(
    "HTTPError 400",
    text_that_is_not_utf8=lambda s: s.request(b"%s\xff").text,
    form_with_too_many_fields=lambda s: s.form(b"&".join([b"password=%s"] * 1_001)),
    query_with_too_many_parameters=lambda s: s.request(query="&".join([f"token={s.token}"] * 1_001)).query_params,
)
add("HTTPError 415", form_of_json=lambda s: s.request(OBJECT).form)
add(
    "KeyError",
    missing_state=lambda s: s.request().state["nothing"],
    scope_without_headers=lambda s: s.auth.get_current_user({"state": config(s.secret)}),
)
add(
    "AttributeError",
    missing_state_attribute=lambda s: s.request().state.nothing,
    missing_attribute_of_empty_state=lambda s: s.request(state={}).state.nothing,
    delete_missing_state_attribute=lambda s: delattr(s.request().state, "nothing"),
)


# Responses of an application

for name, (status, *_) in failing_app.REQUESTS.items():
    add(status, **{f"response_{name}": lambda s, name=name: s.send(name)})


def fails_before_the_response(app):
    async def middleware(scope, receive, send):
        raise RuntimeError("the middleware failed")

    return middleware


def fails_in_the_response(app):
    async def middleware(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("the middleware failed")

    return middleware


def serve(s, kind, messages, *, app=None, **options):
    """Return the type of the last message of an application, which shows no secret."""
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    async def main():
        connection = {**scope("GET", "/", headers=s.session, query=f"token={s.token}"), "type": kind, "state": {}}
        await (app or s.app(**options))(connection, receive, send)

    asyncio.run(main())
    assert not s.marks.found_in(repr(sent))
    return sent[-1]["type"]


def run_lifespan(s, steps):
    """Run a lifespan. *steps* is a generator function that takes the state."""

    @contextlib.asynccontextmanager
    async def lifespan(app):
        for state in steps(config(s.secret)):
            yield state

    return serve(s, "lifespan", [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}], lifespan=lifespan)


def raises_at_startup(state):
    raise KeyError("JWT_SECRET")
    yield state


def raises_at_shutdown(state):
    yield state
    raise RuntimeError("closing failed")


# WebSockets. The message of the client has the password.


def talk(s, handler, *, deps=None, **options):
    """Return the close code of a conversation, or the status of its response, or ``None`` if the client has left."""
    router = s.fastware.Router()
    router.ws("/", deps=deps)(handler)
    app = s.fastware.create_app(router, middleware=options.pop("middleware", None))
    options = {"headers": s.session, "query": f"token={s.token}", "state": config(s.secret), **options}
    conversation = converse(app, options.pop("path", "/"), [s.fill(b'{"password": "%s"')], **options)
    assert not s.marks.found_in(repr(conversation))
    if conversation.close:
        return conversation.close[0]
    return conversation.response and conversation.response.status


def accepted(use):
    """Return a handler that accepts the WebSocket and awaits ``use(websocket)``."""

    async def handler(websocket):
        await websocket.accept()
        await use(websocket)

    return handler


async def fail_with_secrets(websocket):
    return await failing_app.fail(websocket)


async def read_all(websocket):
    async for _ in websocket:
        pass
    async for _ in websocket:
        pass
    await websocket.receive_text()


async def close_and_send(websocket):
    await websocket.close()
    await websocket.send_text(await websocket.receive_text())


async def send_before_accept(websocket):
    await websocket.send_text(websocket.cookie("session"))


async def offer(websocket):
    await websocket.accept(websocket.cookie("session"))


async def accept_outside_of_the_protocol(s):
    await s.fastware.WebSocket(scope(headers=s.session), receive_http, None).accept()


async def receive_http():
    return {"type": "http.request"}


def with_cookie(method, *arguments):
    """Return a use of a WebSocket that passes its session cookie to *method*."""
    return accepted(lambda websocket: getattr(websocket, method)(*arguments, websocket.cookie("session")))


def suppressing():
    with contextlib.suppress(RuntimeError):
        yield 1


def fails_after_the_end(app):
    async def middleware(scope, receive, send):
        await app(scope, receive, send)
        raise RuntimeError("the middleware failed")

    return middleware


add(
    1011,
    websocket_handler_fails=lambda s: talk(s, accepted(fail_with_secrets)),
    websocket_error_is_suppressed=lambda s: talk(s, accepted(fail_with_secrets), deps={"r": suppressing}),
    websocket_is_accepted_twice=lambda s: talk(s, accepted(lambda websocket: websocket.accept())),
    websocket_sends_wrong_type=lambda s: talk(s, with_cookie("send_bytes")),
    websocket_sends_surrogate=lambda s: talk(s, accepted(lambda websocket: websocket.send_json("\ud800"))),
    websocket_closes_with_wrong_code=lambda s: talk(s, with_cookie("close")),
    websocket_closes_with_long_reason=lambda s: talk(s, with_cookie("close", 1000)),
)
add(1003, websocket_gets_bytes=lambda s: talk(s, accepted(lambda websocket: websocket.receive_text())))
add(1007, websocket_gets_invalid_json=lambda s: talk(s, accepted(lambda websocket: websocket.receive_json())))
add(1000, websocket_sends_after_close=lambda s: talk(s, accepted(close_and_send)))
add(
    500,
    websocket_sends_before_accept=lambda s: talk(s, send_before_accept),
    websocket_accepts_wrong_subprotocol=lambda s: talk(s, offer),
    websocket_handler_fails_before_accept=lambda s: talk(s, fail_with_secrets),
    websocket_middleware_fails=lambda s: talk(s, offer, middleware=[fails_before_the_response]),
)
add(
    401,
    websocket_with_forged_token=lambda s: talk(s, offer, deps={"u": s.auth.get_current_user}, headers=s.forged_bearer),
)
add(404, websocket_without_route=lambda s: talk(s, offer, path="/none"))
add(
    "RuntimeError",
    websocket_middleware_fails_late=lambda s: talk(s, offer, middleware=[fails_after_the_end]),
    websocket_of_another_protocol=lambda s: asyncio.run(accept_outside_of_the_protocol(s)),
)
add(None, websocket_of_a_client_that_leaves=lambda s: talk(s, accepted(read_all)))


# Mounted applications


def mount(s, app, path="/", *, deps=None, times=1):
    router = s.fastware.Router(deps=deps)
    for _ in range(times):
        router.mount(path, app)
    return s.fastware.create_app(router)


async def fail_without_response(scope, receive, send):
    raise RuntimeError("the mounted application failed")


add(
    "RuntimeError",
    mounted_application_fails=lambda s: call(mount(s, fail_without_response), headers=s.session, query=s.token),
)
add(
    "TypeError",
    mount_of_a_path=lambda s: mount(s, s.token),
    mount_of_swapped_arguments=lambda s: mount(s, "/", fail_without_response),
    mount_of_a_router=lambda s: mount(s, s.fastware.Router(deps={"u": holding(takes_request, s.secret)})),
    mount_below_dependencies=lambda s: mount(
        s, holding(fail_without_response, s.secret), deps={"u": holding(takes_request, s.secret)}
    ),
)
add(
    "ValueError",
    mount_at_a_parameter=lambda s: mount(s, holding(fail_without_response, s.secret), "/{name}"),
    mount_twice=lambda s: mount(s, holding(fail_without_response, s.secret), times=2),
)


LARGE = ("content-length", "20000")
add(413, response_large_content_length=lambda s: s.send("failing_login", headers=[*s.session, LARGE]))
add(400, response_half_a_body=lambda s: s.send("failing_login", chunks=[s.password.encode(), None]))
add(401, response_forged_query_token=lambda s: s.send("forged_bearer", headers=[]))
add(
    500,
    response_pem_secret=lambda s: s.send("forged_bearer", secret=pem(s.secret)),
    response_missing_secret=lambda s: s.send("forged_bearer", secret=""),
    response_failing_middleware=lambda s: s.send("forged_bearer", middleware=[fails_before_the_response]),
)
add("RuntimeError", late_failure=lambda s: s.send("forged_bearer", middleware=[fails_in_the_response]))
add(
    "lifespan.startup.failed",
    lifespan_that_yields_list=lambda s: run_lifespan(s, lambda state: [[state]]),
    lifespan_that_raises_at_startup=lambda s: run_lifespan(s, raises_at_startup),
)
add("lifespan.shutdown.failed", lifespan_that_raises_at_shutdown=lambda s: run_lifespan(s, raises_at_shutdown))


# Settings


def from_environment(secret, **variables):
    """Return a failure: the settings of environment variables, in which *secret* has the secret."""

    def cause(s):
        values = {"FASTWARE_JWT_SECRET": secret(s.marks.add("variable", new_mark(40))), **variables}
        with mock.patch.dict(os.environ, values):
            s.auth.Auth.from_env()

    return cause


def awaited_user(s, **options):
    async def main():
        return await s.settings.require_role("admin")(s.request())

    return asyncio.run(main())


def beside(s, **config):
    return s.auth.get_current_user(s.request(state={"config": {"auth": s.settings, **config}}))


add(
    "ConfigurationError",
    settings_without_secret=from_environment(lambda mark: " , "),
    settings_with_short_secret=from_environment(lambda mark: f"{mark},{mark[:31]}"),
    settings_with_ssh_key=from_environment("ssh-rsa {}".format),
    settings_with_invalid_leeway=from_environment(str, FASTWARE_JWT_LEEWAY="long"),
    settings_beside_a_secret=lambda s: beside(s, jwt_secret=s.secret),
)
add(
    "AttributeError",
    change_of_settings=lambda s: setattr(s.settings, "_secrets", s.secret),
    deletion_of_settings=lambda s: delattr(s.settings, "_secrets"),
)
add("TypeError", pickled_settings=lambda s: pickle.dumps(s.settings))
add("ValueError", issuer_beside_settings=lambda s: s.settings.create_token("a", "b", claims={"iss": s.token}))
add("HTTPError 401", wrong_audience_for_settings=awaited_user)


# Setting up an application


def takes_two(one, two, secret=None):
    """Cannot be a handler or a dependency: nothing supplies *one* and *two*."""


def takes_keyword(*, needed, secret=None):
    """Cannot be a dependency: arguments are passed by position."""


async def asynchronous(request, secret=None):
    """Cannot run in a thread."""


def takes_position(request, /, secret=None):
    """Cannot be a handler: arguments are passed by name."""


def takes_request(request, secret=None):
    """Can be a handler and a dependency."""


def takes_depends(user=SimpleNamespace(dependency=takes_request), secret=None):  # noqa: B008
    """Cannot be a handler: only FastAPI reads the default."""


def two_handlers_for_one_path(s):
    router = s.fastware.Router()
    for _ in range(2):
        router.get("/")(holding(takes_request, s.secret))
    s.fastware.create_app(router)


def router_that_includes_itself(s):
    router = s.fastware.Router()
    router.include_router(router)


add(
    "TypeError",
    dependency_with_two_parameters=lambda s: s.app(deps={"u": holding(takes_two, s.secret)}),
    dependency_with_keyword_parameter=lambda s: s.app(deps={"u": holding(takes_keyword, s.secret)}),
    async_dependency_in_thread=lambda s: s.fastware.in_thread(holding(asynchronous, s.secret)),
    handler_with_positional_parameter=lambda s: s.app(holding(takes_position, s.secret)),
    handler_with_invalid_partial=lambda s: s.app(holding(failing_app.fail, s.secret)),
    handler_with_depends=lambda s: s.app(holding(takes_depends, s.secret)),
    handler_with_unknown_parameter=lambda s: s.app(holding(takes_two, s.secret)),
    sync_websocket_handler=lambda s: s.fastware.Router().ws("/")(holding(takes_request, s.secret)),
    method_in_a_list=lambda s: s.fastware.Router().add_route(["GET"], "/", holding(takes_request, s.secret)),
    methods_in_one_str=lambda s: s.fastware.Router().route("/", "GET"),
    route_without_path=lambda s: s.fastware.Router().get(holding(takes_two, s.secret)),
    exempt_paths_in_one_str=lambda s: s.auth.CSRFMiddleware(s.app(), exempt_paths=s.token),
    exempt_path_of_bytes=lambda s: s.auth.CSRFMiddleware(s.app(), exempt_paths=[s.token.encode()]),
)
add(
    "ValueError",
    two_handlers_for_one_path,
    router_that_includes_itself,
    cookie_with_invalid_name=lambda s: s.fastware.set_cookie(s.token + ";", s.token),
    cookie_with_invalid_samesite=lambda s: s.fastware.set_cookie("a", s.token, samesite="odd"),
    cookie_with_samesite_none_over_http=lambda s: s.fastware.set_cookie("a", s.token, samesite="none"),
    header_with_invalid_name=lambda s: s.fastware.JSONResponse({}, headers={"x token": s.token}),
    exempt_path_without_slash=lambda s: s.auth.CSRFMiddleware(s.app(), exempt_paths=["login"]),
    prefix_without_slash=lambda s: s.fastware.Router("api"),
    path_without_slash=lambda s: s.app(path="login"),
    path_parameter_in_the_middle=lambda s: s.app(path="/{rest:path}/x"),
    path_with_invalid_parameter=lambda s: s.app(path="/x{id}"),
)


# Session cookies


def session_cookies(s, token=None, **options):
    return s.auth.set_session_cookies(token or s.token, s.csrf, **options)


add("TypeError", cookie_lifetime_of_bytes=lambda s: session_cookies(s, max_age=s.token.encode()))
add(
    "ValueError",
    cookie_that_is_partitioned_over_http=lambda s: session_cookies(s, partitioned=True),
    cookie_with_infinite_lifetime=lambda s: session_cookies(s, max_age=float("inf")),
    cookie_lifetime_in_a_str=lambda s: session_cookies(s, max_age=s.token),
    cookie_lifetime_of_a_damaged_token=lambda s: session_cookies(s, f"{s.token.replace('.', '.A', 1)}", max_age="exp"),
    cookie_lifetime_without_a_token=lambda s: session_cookies(s, s.csrf, max_age="exp"),
    host_cookie_with_domain=lambda s: session_cookies(s, host_prefix=True, domain=s.token),
    host_cookie_with_path=lambda s: session_cookies(s, host_prefix=True, path=f"/{s.token}"),
)


# Protection against cross-site requests: the middleware, its forms, signed tokens, and the check of a login

CSRF_FORM = ("content-type", "application/x-www-form-urlencoded")
CSRF_MULTIPART = ("content-type", "multipart/form-data; boundary=B")


async def posted(scope, receive, send):
    """An application that fails after it has read the body."""
    await receive()
    raise RuntimeError("the handler failed")


def csrf(s, *headers, body=b"", app=posted, **options):
    """Send a POST with the session cookie through the middleware. ``%s`` in *body* is the CSRF token."""
    middleware = s.auth.CSRFMiddleware(app, **options)
    body = body.replace(b"%s", s.csrf.encode())
    return call(middleware, "POST", headers=[*s.session, *headers], body=body)


def csrf_form(s, header, body, **options):
    return csrf(s, header, body=body, secret=s.secret, form_field="csrf_token", **options)


def csrf_form_without_its_end(s, message):
    async def receive():
        if message is None:
            raise OSError("the connection is lost")
        return message

    headers = [(name.encode(), value.encode()) for name, value in (*s.session, CSRF_FORM)]
    sent = []

    async def send(each):
        sent.append(each)

    app = s.auth.CSRFMiddleware(posted, secret=s.secret, form_field="csrf_token")
    asyncio.run(app({**scope("POST"), "headers": headers}, receive, send))
    return Response(sent[0]["status"], list(sent[0]["headers"]), sent[1]["body"])


def csrf_form_that_fails_after_the_token(s):
    token = s.marks.add("signed CSRF token", s.auth.create_csrf_token(s.token, s.secret))
    csrf_form(s, CSRF_FORM, b"password=%s&csrf_token=" + token.encode())


def csrf_form_whose_client_is_lost(s):
    csrf_form_without_its_end(s, None)


def csrf_websocket(s, extensions):
    app = s.auth.CSRFMiddleware(posted)
    found = converse(app, headers=[*s.session, ("origin", f"https://{s.csrf}.example")], extensions=extensions)
    return found.response or found.close[0]


def csrf_multipart_without_its_package(s):
    require = s.module("_internal.extras").require
    require.cache_clear()
    with mock.patch.dict(sys.modules, {"python_multipart": None}):
        csrf_form(s, CSRF_MULTIPART, b"--B")


def cross_site(s, **options):
    headers = [*s.session, ("sec-fetch-site", "cross-site"), ("origin", f"https://{s.csrf}.example")]
    s.auth.reject_cross_site(scope("POST", headers=headers), **options)


def csrf_part(text):
    return b'--B\r\nContent-Disposition: form-data; name="csrf_token"\r\n' + text


add(
    403,
    csrf_of_another_site=lambda s: csrf(s, ("sec-fetch-site", "cross-site"), ("origin", f"https://{s.csrf}.example")),
    csrf_of_another_origin=lambda s: csrf(s, ("origin", f"https://{s.csrf}.example")),
    csrf_of_a_null_origin=lambda s: csrf(s, ("origin", "null")),
    csrf_of_another_session=lambda s: csrf(s, ("x-csrf-token", s.csrf), secret=s.secret),
    csrf_in_json=lambda s: csrf_form(s, ("content-type", "application/json"), b'"%s"'),
    csrf_in_form_of_another_session=lambda s: csrf_form(s, CSRF_FORM, b"csrf_token=%s"),
    csrf_in_another_field=lambda s: csrf_form(s, CSRF_FORM, b"token=%s"),
    csrf_after_64_kib=lambda s: csrf_form(s, CSRF_FORM, b"%s" * 4_000),
    csrf_in_form_that_ends_early=lambda s: csrf_form_without_its_end(s, {"type": "http.disconnect"}),
    csrf_in_multipart_without_boundary=lambda s: csrf_form(s, ("content-type", "multipart/form-data"), b"%s"),
    csrf_in_multipart_of_a_long_type=lambda s: csrf_form(s, ("content-type", CSRF_MULTIPART[1] + ";" * 5_000), b"%s"),
    csrf_in_malformed_multipart=lambda s: csrf_form(s, CSRF_MULTIPART, b"--%s"),
    csrf_in_multipart_with_long_headers=lambda s: csrf_form(
        s, CSRF_MULTIPART, csrf_part((b"a:" + b"%s" * 80 + b"\r\n") * 2)
    ),
    csrf_of_a_websocket=lambda s: csrf_websocket(s, ("websocket.http.response",)),
)
add(1008, csrf_of_a_websocket_without_response=lambda s: csrf_websocket(s, ()))
add("ImportError", csrf_multipart_without_its_package)
add(
    "ValueError",
    csrf_with_unusable_secret=lambda s: s.auth.CSRFMiddleware(posted, secret=pem(s.secret)),
    csrf_with_unusable_second_secret=lambda s: s.auth.CSRFMiddleware(posted, secret=[s.secret, pem(s.secret)]),
    csrf_without_secrets=lambda s: s.auth.CSRFMiddleware(posted, secret=[]),
    csrf_form_field_without_secret=lambda s: s.auth.CSRFMiddleware(posted, form_field="a"),
    csrf_form_field_with_space=lambda s: s.auth.CSRFMiddleware(posted, secret=s.secret, form_field=s.password),
    csrf_origin_with_password=lambda s: s.auth.CSRFMiddleware(posted, trusted_origins=[f"https://a:{s.csrf}@b"]),
    csrf_origin_with_path=lambda s: cross_site(s, trusted_origins=[f"https://a/{s.csrf}"]),
    csrf_token_of_no_session=lambda s: s.auth.create_csrf_token("", s.secret),
    csrf_token_of_another_alphabet=lambda s: s.auth.create_csrf_token(s.token + "é", s.secret),
    csrf_token_with_unusable_secret=lambda s: s.auth.create_csrf_token(s.token, pem(s.secret)),
)
add(
    "TypeError",
    csrf_with_secret_of_dict=lambda s: s.auth.CSRFMiddleware(posted, secret={"key": s.secret}),
    csrf_with_flag_of_str=lambda s: s.auth.CSRFMiddleware(posted, secret=s.secret, websockets=s.csrf),
    csrf_with_form_field_of_bytes=lambda s: s.auth.CSRFMiddleware(posted, secret=s.secret, form_field=s.csrf.encode()),
    csrf_with_one_origin=lambda s: s.auth.CSRFMiddleware(posted, trusted_origins=s.csrf),
    csrf_with_origin_of_bytes=lambda s: s.auth.CSRFMiddleware(posted, trusted_origins=[s.csrf.encode()]),
    csrf_token_of_bytes=lambda s: s.auth.create_csrf_token(s.token.encode(), s.secret),
)
REJECTED_REQUESTS += [
    *add("HTTPError 403", cross_site),
    *add("RuntimeError", csrf_form_that_fails_after_the_token),
    *add("OSError", csrf_form_whose_client_is_lost),
]


# The integrations: the import without the framework, and FastAPI


def import_without(framework):
    module = f"fastware.integrations.{framework}"
    others = {name: each for name, each in sys.modules.items() if not name.startswith(module)}
    with mock.patch.dict(sys.modules, {**others, framework: None}, clear=True):
        importlib.import_module(module)


def fastapi_module():
    return importlib.import_module("fastware.integrations.fastapi")


def fastapi_auth(s):
    return importlib.import_module("fastware.auth").Auth(s.secret)


def fastapi_dependencies(s):
    return fastapi_module().FastAPIAuth(fastapi_auth(s))


def fastapi_login(s, body, content_type):
    """Send a login for a user that does not exist, and return the response."""
    from fastapi import FastAPI

    app = FastAPI()
    app.include_router(fastapi_module().login_route(fastapi_auth(s), s.memory_store()))
    headers = [*s.session, ("content-type", content_type)]
    return call(app, "POST", "/login", headers=headers, body=s.fill(body))


def fastapi_union(s):
    """Add a route whose user may be missing, as a part of a union."""
    from fastapi import FastAPI

    async def handler(user=None): ...

    handler.__annotations__["user"] = fastapi_module().CurrentUser | None
    FastAPI().add_api_route("/", handler)


def fastapi_override(s, kind):
    """Return the response of a handler whose user is replaced by a function that needs a parameter."""
    from fastapi import Depends, FastAPI

    def needs(number: int): ...

    app, user = FastAPI(), fastapi_dependencies(s).current_user
    app.add_api_route("/", lambda: None, dependencies=[Depends(user)])
    app.add_api_websocket_route("/", holding(takes_websocket, s.secret), dependencies=[Depends(user)])
    app.dependency_overrides[importlib.import_module("fastware.auth").get_current_user] = needs
    if kind == "http":
        return call(app, headers=s.forged_bearer)
    return serve(s, kind, [{"type": "websocket.connect"}], app=app)


async def takes_websocket(secret=None):
    """Do nothing."""


add(
    "ImportError",
    import_without_fastapi=lambda s: import_without("fastapi"),
    import_without_starlette=lambda s: import_without("starlette"),
    import_without_litestar=lambda s: import_without("litestar"),
)
REJECTED_REQUESTS += [
    *add(
        "HTTPError 401",
        fastapi_user=lambda s: asyncio.run(fastapi_dependencies(s).current_user(s.request())),
        fastapi_role_without_user=lambda s: asyncio.run(fastapi_dependencies(s).require_role("admin")(s.request())),
    ),
    *add(
        "HTTPError 403",
        fastapi_other_role=lambda s: asyncio.run(
            fastapi_dependencies(s).require_role("admin")(s.request(headers=s.bearer))
        ),
    ),
]
add(
    "TypeError",
    fastapi_auth_of_a_secret=lambda s: fastapi_module().FastAPIAuth(s.secret),
    fastapi_auth_with_invalid_url=lambda s: fastapi_module().FastAPIAuth(fastapi_auth(s), token_url=s.secret.encode()),
    fastapi_login_with_a_secret=lambda s: fastapi_module().login_route(s.secret, s.memory_store()),
    fastapi_user_in_a_union=fastapi_union,
    fastapi_login_with_an_address=lambda s: fastapi_module().login_route(
        fastapi_auth(s), s.memory_store(), address=s.secret
    ),
    fastapi_login_with_an_invalid_store=lambda s: fastapi_module().login_route(fastapi_auth(s), s.secret),
    describe_what_is_no_application=lambda s: fastapi_module().describe(s.secret),
)
add(
    "ValueError",
    fastapi_login_without_lifetime=lambda s: fastapi_module().login_route(
        fastapi_auth(s), s.memory_store(), expires_in=0
    ),
)
FORM, JSON_TYPE = "application/x-www-form-urlencoded", "application/json"
add(
    401,
    fastapi_login_with_wrong_password=lambda s: fastapi_login(s, b'{"username":"bob","password":"%s"}', JSON_TYPE),
    fastapi_login_by_form_with_wrong_password=lambda s: fastapi_login(s, b"username=bob&password=%s", FORM),
)
add(
    400,
    fastapi_login_with_invalid_json=lambda s: fastapi_login(s, b'{"username":5,"password":"%s"}', JSON_TYPE),
    fastapi_login_without_username=lambda s: fastapi_login(s, b"password=%s", FORM),
)
add(
    503,
    fastapi_login_while_the_pool_is_full=lambda s: with_full(
        importlib.import_module("fastware.auth.password_pool"),
        lambda: fastapi_login(s, b'{"username":"ada","password":"%s"}', JSON_TYPE),
    ),
)
add(415, fastapi_login_with_text=lambda s: fastapi_login(s, b"%s", "text/plain"))
add(422, fastapi_override_without_its_parameter=lambda s: fastapi_override(s, "http"))
add("websocket.close", fastapi_override_of_websocket_without_its_parameter=lambda s: fastapi_override(s, "websocket"))


# The command line and the demo. What the commands print is among the output that is searched.


def module_of_copy(s, name):
    """Return the module *name* of this copy of the package, imported now if it is not yet."""
    return __import__(f"fastware.{name}", vars(s.fastware), None, ("__name__",))


def command(s, line, stdin="", **environment):
    """Run a command line, and return its exit status."""
    s.file_store()
    text = io.TextIOWrapper(io.BytesIO(stdin.encode("utf-8", "surrogatepass")))
    with (
        contextlib.chdir(s.folder),
        mock.patch.dict(os.environ, {"FASTWARE_STORE": "users.json", **environment}),
        mock.patch.object(sys, "stdin", text),
    ):
        return module_of_copy(s, "cli.program").run(line.split())


def demo_application(s):
    """Return the module of the demo. It is imported once, and keeps the secret of that time."""
    names = module_of_copy(s, "demo.settings")
    values = {
        names.USERS_FILE: f"{s.folder}/users.json",
        names.BASE_URL: "http://x",
        names.ATTACKER_PORT: "1",
        names.JWT_SECRET: s.secret,
    }
    with mock.patch.dict(os.environ, values):
        return module_of_copy(s, "demo.app")


def demo_login(s):
    app = demo_application(s).app
    return call(app, "POST", "/login", headers=s.session, body=s.fill(b'{"username":"bob","password":"%s"}'))


def demo_transfer(s, body):
    demo = demo_application(s)
    demo.app.state["config"] = {"auth": demo.auth}
    bearer = b"Bearer " + demo.auth.create_token("bob", "user").encode()
    headers = [(b"authorization", bearer), (b"content-type", b"application/x-www-form-urlencoded")]
    return call(demo.app, "POST", "/transfer", headers=headers, body=s.fill(body))


add(401, demo_login)
add(
    400,
    demo_transfer_to_nobody=lambda s: demo_transfer(s, b"to=%s&amount=1"),
    demo_transfer_of_no_amount=lambda s: demo_transfer(s, b"to=bob&amount=%s"),
)
add(
    0,
    command_users_list=lambda s: command(s, "users list"),
    command_users_passwd=lambda s: command(s, "users passwd ada", s.password),
    command_users_copy=lambda s: command(s, "users copy users.json copy.json"),
    command_doctor=lambda s: command(s, "doctor --store none.json", FASTWARE_JWT_SECRET=s.secret),
)
add(
    1,
    command_users_add_too_long=lambda s: command(s, "users add eve --role user", s.password * 9),
    command_users_add_two_lines=lambda s: command(s, "users add eve --role user", f"{s.password}\n{s.csrf}"),
    command_users_add_surrogate=lambda s: command(s, "users add eve --role user", s.password + "\ud800"),
    command_users_copy_of_existing=lambda s: command(s, "users copy users.json users.json"),
    command_users_list_of_an_application=lambda s: command(s, "users list --store os:sep"),
    command_token_forged=lambda s: command(s, "token inspect", s.forged, FASTWARE_JWT_SECRET=f"{s.secret},{s.secret}"),
    command_token_short_secret=lambda s: command(s, "token inspect", s.token, FASTWARE_JWT_SECRET=f"{s.secret},x"),
    command_token_two_lines=lambda s: command(s, "token inspect", f"{s.token}\n{s.forged}"),
    command_doctor_with_weak_secret=lambda s: command(s, "doctor", FASTWARE_JWT_SECRET=f"changeme {s.secret}"),
    command_doctor_with_short_secret=lambda s: command(s, "doctor", FASTWARE_JWT_SECRET=f"{s.secret},{s.secret[:8]}"),
)
add(2, command_users_delete_without_terminal=lambda s: command(s, "users delete ada"))
