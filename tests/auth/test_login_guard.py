"""``LoginGuard``: the three limits, what success gives back, and which logins are of one client.

The arithmetic of the buckets is in ``tests/engine/test_buckets.py``.
"""

import asyncio
import pickle
import threading
from unittest import mock

import asgi_client
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from outcomes import outcome
from own_buckets import OwnBuckets
from tests.reference.buckets import Buckets

from fastware import HTTPError
from fastware.auth import LoginGuard, LoginLimitedError

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
HOME, OFFICE = "192.0.2.1", "192.0.2.2"


def done(coroutine):
    """Return the result of a coroutine, which must not wait."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return stop.value.value


def attempt(guard, username="ada", address=HOME):
    """Return the attempt, or the ``Retry-After`` of the rejection in seconds."""
    try:
        return done(guard.attempt(username, address))
    except Exception as error:
        if type(error).__name__ != "LoginLimitedError":  # each engine has a class of its own
            raise
        return int(error.headers["Retry-After"])


def admits(guard, *arguments):
    return not isinstance(attempt(guard, *arguments), int)


@pytest.fixture
def clock(monkeypatch):
    """Stop the clock, and return a list with the moment, which the test may change."""
    now = [1_000 * HOUR]
    monkeypatch.setattr("time.monotonic_ns", lambda: now[0])
    return now


# The limits


def test_default_limits_are_10_a_pair_100_an_address_and_100_a_user(auth, clock):
    guard = auth.LoginGuard()
    assert [admits(guard) for _ in range(11)] == [True] * 10 + [False]
    by_address = [admits(guard, f"user {number}") for number in range(91)]
    assert by_address == [True] * 90 + [False]
    by_user = [admits(guard, "ada", f"198.51.100.{number // 10}") for number in range(91)]
    assert by_user == [True] * 90 + [False]


REJECTING = {
    "per_user_and_address": ("2/hour", "ada", HOME, 1800),
    "per_address": ("2/minute", "bob", HOME, 30),
    "per_user": ("2/second", "ada", OFFICE, 1),
}


@pytest.mark.parametrize("limit", REJECTING)
def test_rejection_says_when_the_limit_that_rejects_admits_a_login(clock, limit):
    rate, username, address, retry_after = REJECTING[limit]
    guard = LoginGuard(**{limit: rate})
    for _ in range(2):
        assert admits(guard)
    for _ in range(30):
        assert attempt(guard, username, address) == retry_after
    with pytest.raises(LoginLimitedError) as raised:
        done(guard.attempt(username, address))
    assert raised.value.limit == limit
    clock[0] += retry_after * SECOND - SECOND // 2
    if retry_after > 1:
        assert attempt(guard, username, address) == 1
    clock[0] += SECOND // 2
    assert admits(guard, username, address)


def test_rejection_takes_no_token_of_another_limit(clock):
    guard = LoginGuard(per_user_and_address="2/hour", per_address="5/hour", per_user="3/hour")
    results = [admits(guard, "ada", HOME) for _ in range(50)]
    assert results.count(True) == 2
    assert [admits(guard, name, HOME) for name in "bcde"] == [True, True, True, False], "50 calls took 2 of the address"
    assert [admits(guard, "ada", OFFICE) for _ in range(50)].count(True) == 1, "and 2 of the user"
    done(guard.areset("ada"))
    assert admits(guard, "ada", OFFICE), "what the user's limit rejected took no token of the pair"


def test_succeeded_login_gives_its_tokens_back_and_clears_the_pair(clock):
    guard = LoginGuard(per_user_and_address="3/hour", per_address="4/hour", per_user="4/hour")
    assert [admits(guard) for _ in range(2)] == [True, True]
    done(attempt(guard).succeeded())
    assert [admits(guard) for _ in range(3)] == [True, True, False], "the failures count for the address and the user"
    assert not admits(guard, "ada", OFFICE)
    assert not admits(guard, "bob", HOME)


def test_login_that_succeeds_each_time_is_never_limited(clock):
    guard = LoginGuard(per_user_and_address="1/hour", per_address="1/hour", per_user="1/hour")
    for _ in range(50):
        done(attempt(guard).succeeded())


def test_withdrawn_login_gives_its_tokens_back_without_clearing_the_pair(clock):
    guard = LoginGuard(per_user_and_address="2/hour", per_address="2/hour", per_user="2/hour")
    attempt(guard)
    for _ in range(50):
        done(attempt(guard).withdrawn())
    assert [admits(guard) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("first", ["succeeded", "withdrawn"])
@pytest.mark.parametrize("second", ["succeeded", "withdrawn"])
def test_attempt_gives_its_tokens_back_once(clock, first, second):
    guard = LoginGuard(per_user_and_address="9/hour", per_address="3/hour")
    one, *_ = [attempt(guard) for _ in range(3)]
    done(getattr(one, first)())
    for _ in range(3):
        done(getattr(one, second)())
    assert [admits(guard) for _ in range(2)] == [True, False]


def test_unknown_names_count_like_others(clock):
    """The guard knows no users: any text is a name."""
    guard = LoginGuard(per_user_and_address="2/hour")
    for name in ("", "\ud800", "a\0b", "é" * 100_000, "ada"):
        assert [admits(guard, name) for _ in range(3)] == [True, True, False]


# Attacks


@pytest.mark.rule("login.lockout")
def test_address_that_guesses_does_not_lock_the_user_out_at_another_address(clock):
    """For a day, one address tries without a pause. The user logs in elsewhere, and mistypes the password twice."""
    guard = LoginGuard()
    guesses = 0
    for minute in range(24 * 60):
        guesses += sum(admits(guard, "ada", HOME) for _ in range(50))
        if minute % 30 == 0:
            assert admits(guard, "ada", OFFICE)
            assert admits(guard, "ada", OFFICE)
            done(attempt(guard, "ada", OFFICE).succeeded())
        clock[0] += MINUTE
    assert guesses == 10 + 24 * 10 - 1, "10 at once, then one each 6 minutes"


@pytest.mark.parametrize("addresses", [1, 3, 9, 10, 50])
def test_guesses_of_many_addresses_are_bounded(clock, addresses):
    guard, hours, guesses = LoginGuard(), 4, 0
    for _ in range(hours * 60):
        guesses += sum(admits(guard, "ada", f"198.51.100.{number}") for number in range(addresses) for _ in range(11))
        clock[0] += MINUTE
    of_an_hour = min(10 * addresses, 100)
    assert of_an_hour * hours <= guesses <= of_an_hour * (hours + 1)


def test_address_that_tries_many_names_is_bounded(clock):
    """Password spraying: one password for each of many users."""
    guard = LoginGuard()
    assert sum(admits(guard, f"user {number}") for number in range(5_000)) == 100
    assert admits(guard, "user 4999", OFFICE)


NAMES = st.sampled_from(["ada", "bob", ""])
ADDRESSES = st.sampled_from([HOME, OFFICE, "2001:db8::1"])


class GuardMachine(RuleBasedStateMachine):
    """Logins that overlap and end in any way, compared with three limits that are written down one after the other."""

    @initialize(pair=st.integers(1, 4), address=st.integers(1, 8), user=st.integers(1, 8))
    def create(self, pair, address, user):
        self.guard = LoginGuard(
            per_user_and_address=f"{pair}/hour", per_address=f"{address}/hour", per_user=f"{user}/hour"
        )
        self.pairs, self.addresses, self.users = (Buckets(each, HOUR) for each in (pair, address, user))
        self.now = 1_000 * HOUR
        self.open = []

    @rule(username=NAMES, address=ADDRESSES)
    def attempt(self, username, address):
        with mock.patch("time.monotonic_ns", return_value=self.now):
            attempted = attempt(self.guard, username, address)
        keys = [(self.pairs, (username, address)), (self.addresses, address), (self.users, username)]
        wait = self.first_wait(keys)
        if wait:
            assert attempted == -(-wait // SECOND)
        else:
            self.open.append((attempted, keys))

    def first_wait(self, keys):
        for number, (buckets, key) in enumerate(keys):
            wait = buckets.take(key, self.now)
            if wait:
                for earlier, of in keys[:number]:
                    earlier.give_back(of, self.now)
                return wait
        return 0

    @rule(data=st.data(), how=st.sampled_from(["succeeded", "withdrawn"]))
    def end(self, data, how):
        if self.open:
            attempted, keys = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
            with mock.patch("time.monotonic_ns", return_value=self.now):
                done(getattr(attempted, how)())
            for buckets, key in keys:
                buckets.give_back(key, self.now)
            if how == "succeeded":
                self.pairs.reset(keys[0][1])

    @rule(seconds=st.integers(1, 7_200))
    def wait(self, seconds):
        self.now += seconds * SECOND

    @rule(username=st.none() | NAMES, address=st.none() | ADDRESSES)
    def reset(self, username, address):
        self.guard.reset(username, address)
        if username is None and address is None:
            for buckets in (self.pairs, self.addresses, self.users):
                buckets.reset()
        if username is not None:
            self.users.reset(username)
        if address is not None:
            self.addresses.reset(address)
        if username is not None and address is not None:
            self.pairs.reset((username, address))


@pytest.mark.rule("login.limits")
def test_every_sequence_of_logins_is_limited_as_the_model_says():
    run_state_machine_as_test(GuardMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))


def test_threads_share_the_limits(auth, clock):
    guard = auth.LoginGuard(per_address="1000/hour", per_user="40/hour")
    admitted = []

    def log_in(number):
        admitted.extend(admits(guard, "ada", f"198.51.100.{number}") for _ in range(100))

    threads = [threading.Thread(target=log_in, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(admitted) == 40


# Which logins are of one client

SAME = {
    "same-text": ("192.0.2.1", "192.0.2.1"),
    "ipv4-mapped": ("192.0.2.1", "::ffff:192.0.2.1"),
    "ipv4-mapped-in-hexadecimal": ("192.0.2.1", "::FFFF:c000:201"),
    "same-64-bits": ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
    "other-spelling": ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
    "zone": ("fe80::1%eth0", "fe80::2"),
    "no-address": ("unix", "unix"),
}
DIFFERENT = {
    "ipv4": ("192.0.2.1", "192.0.2.2"),
    "other-64-bits": ("2001:db8:1:2::1", "2001:db8:1:3::1"),
    "ipv4-mapped": ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
    "ipv4-in-ipv6": ("0.0.0.1", "::1"),
    "no-address": ("unix", "unknown"),
    "text-like-a-network": ("2001:db8::/64", "2001:db8::"),
    "text-like-a-key": ("text unix", "unix"),
    "empty": ("", "unix"),
    "surrogate": ("\ud800", "unix"),
}


@pytest.mark.parametrize("limit", ["per_user_and_address", "per_address"])
def test_addresses_of_one_client_share_their_limits(clock, limit):
    for one, other in SAME.values():
        guard = LoginGuard(**{limit: "1/hour"})
        assert [admits(guard, "ada", address) for address in (one, other)] == [True, False], (one, other)
    for one, other in DIFFERENT.values():
        guard = LoginGuard(**{limit: "1/hour"})
        assert [admits(guard, "ada", address) for address in (one, other, one)] == [True, True, False], (one, other)


TEXTS = st.text("01 t\0", max_size=6)  # no IP addresses


@settings(deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
@example("b c", "a", "c", "a b")
@example("b c", "10", "1 10 b c", "")
def test_one_pair_is_never_taken_for_another(username, address, other_username, other_address):
    guard = LoginGuard(per_user_and_address="1/hour")
    assert admits(guard, username, address)
    done_twice = (username, address) == (other_username, other_address)
    assert admits(guard, other_username, other_address) is not done_twice


# Everything else


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_application_answers_429(fastware, auth, loop):
    if loop == "trio":
        pytest.importorskip("trio")
    guard = auth.LoginGuard(per_user="1/hour")

    async def log_in(request):
        await guard.attempt("ada", request.scope["client"][0])
        return "wrong password"

    app = asgi_client.app_of(fastware, log_in)
    assert asgi_client.call(app, loop=loop).status == 200
    response = asgi_client.call(app, loop=loop)
    assert (response.status, response.json) == (429, {"detail": "Too many login attempts"})
    assert 3_595 <= int(response.header("retry-after")) <= 3_600


def test_reset_refills_what_it_names(clock):
    guard = LoginGuard(per_user_and_address="1/hour", per_address="2/hour", per_user="2/hour")
    for reset, expected in [
        (guard.reset, True),
        (lambda: guard.reset("ada", HOME), True),
        (lambda: done(guard.areset("ada", "::ffff:" + HOME)), True),
        (lambda: guard.reset("ada"), False),
        (lambda: guard.reset(address=HOME), False),
        (lambda: guard.reset("bob", HOME), False),
    ]:
        guard.reset()
        assert admits(guard)
        reset()
        assert admits(guard) is expected


INVALID = {
    "rate": ({"per_user": "often"}, ValueError, 'per_user must be "N/second", "N/minute", "N/hour" or "N/day"'),
    "rate-of-another-type": ({"per_address": 5}, ValueError, "per_address must be"),
    "buckets": (
        {"buckets": "redis://localhost"},
        TypeError,
        "buckets must be None, SharedBuckets(path) or RedisBuckets(url), not str",
    ),
    "name-of-another-type": ({"name": None}, TypeError, "name must be str, not NoneType"),
    "empty-name": ({"name": ""}, ValueError, "name must not be empty"),
}


@pytest.mark.parametrize(("options", "error", "message"), INVALID.values(), ids=INVALID)
def test_invalid_option_is_an_error_that_names_it(options, error, message):
    with pytest.raises(error) as raised:
        LoginGuard(**options)
    assert str(raised.value).startswith(message)
    assert "redis:" not in str(raised.value)


@pytest.mark.parametrize(("arguments", "name"), [((None, HOME), "username"), (("ada", None), "address")])
def test_argument_that_is_not_str_takes_no_token(arguments, name):
    guard = LoginGuard(per_user="1/hour", per_address="1/hour")
    expected = ("raised", TypeError, f"{name} must be str, not NoneType")
    assert outcome(lambda: done(guard.attempt(*arguments))) == expected
    assert admits(guard)


def test_repr_shows_the_limits_and_no_names():
    guard = LoginGuard(per_user="5/minute")
    made = attempt(guard, "ada")
    assert repr(guard) == "LoginGuard(per_user_and_address='10/hour', per_address='100/hour', per_user='5/minute')"
    assert "ada" not in repr(made)


def test_error_is_pickled_with_its_header():
    copied = pickle.loads(pickle.dumps(LoginLimitedError("per_user", 90 * SECOND + 1)))
    assert (copied.status_code, copied.detail, copied.headers) == (
        429,
        "Too many login attempts",
        {"Retry-After": "91"},
    )


# Shared buckets

RATES = {"per_user_and_address": "2/hour", "per_address": "3/hour", "per_user": "3/hour"}


def log_in(guard, username="ada", address=HOME, method="succeeded"):
    async def main():
        attempt = await guard.attempt(username, address)
        await getattr(attempt, method)()

    asyncio.run(main())


def tries(guard, count):
    """Return which of *count* failed logins are admitted."""

    async def admits():
        try:
            await guard.attempt("ada", HOME)
        except LoginLimitedError:
            return False
        return True

    return [asyncio.run(admits()) for _ in range(count)]


@pytest.mark.parametrize("blocks", [False, True])
def test_guards_of_one_name_share_their_attempts(blocks):
    buckets = OwnBuckets(blocks)
    guards = [LoginGuard(**RATES, buckets=buckets) for _ in range(2)]
    other = LoginGuard(**RATES, buckets=buckets, name="codes")
    names = [f"{name}:{limit}" for name in ("login", "codes") for limit in RATES]
    assert list(buckets.opened) == names
    assert all(limit.gives_back for limit in buckets.opened.values())
    assert [tries(guard, 1) for guard in guards * 2] == [[True], [True], [False], [False]]
    assert tries(other, 3) == [True, True, False]
    guards[0].reset("ada", HOME)
    asyncio.run(guards[0].areset())
    log_in(guards[1])
    assert tries(guards[0], 3) == [True, True, False], "a success gives the attempt back"
    place = "thread" if blocks else "loop"
    assert {where for call, where in buckets.calls if call != "reset"} == {place}
    with pytest.raises(ValueError, match="the limit login:per_user has another rate"):
        LoginGuard(**(RATES | {"per_user": "4/hour"}), buckets=buckets)
    assert (guards[0].is_shared, LoginGuard().is_shared) == (True, False)


@pytest.mark.rule("login.give-back")
@pytest.mark.parametrize("method", ["succeeded", "withdrawn"])
def test_attempt_that_cannot_be_given_back_is_logged_and_counts_as_failed(caplog, method):
    buckets = OwnBuckets()
    guard = LoginGuard(**RATES, buckets=buckets)

    async def main():
        attempt = await guard.attempt("ada", HOME)
        buckets.failure = ConnectionError("redis://:hunter2@localhost is away")
        await getattr(attempt, method)()

    asyncio.run(main())
    assert {(record.name, record.levelname, record.getMessage()) for record in caplog.records} == {
        ("fastware", "WARNING", "A login attempt could not be given back, and counts as failed: ConnectionError")
    }
    buckets.failure = None
    assert tries(guard, 2) == [True, False]


def test_failure_to_take_an_attempt_gives_the_others_back_and_reaches_the_caller():
    buckets = OwnBuckets()
    guard = LoginGuard(**RATES, buckets=buckets)
    error = HTTPError(503, "Rate limits are unavailable")
    users = buckets.opened["login:per_user"]
    take, users.take = users.take, mock.Mock(side_effect=error)
    for _ in range(5):
        with pytest.raises(HTTPError) as raised:
            asyncio.run(guard.attempt("ada", HOME))
        assert raised.value is error
    users.take = take
    assert tries(guard, 3) == [True, True, False]
