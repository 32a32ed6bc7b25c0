"""Rate limiters: the check alone, and a handler that it limits, as a user would write it."""

import logging
import math
import time
from datetime import timedelta
from types import SimpleNamespace

import engines

from benches.by_hand import DictBuckets

HOUR = 3_600


class TooManyRequestsError(Exception):
    """What the handlers of the peers raise, like fastware's HTTPError."""

    def __init__(self, retry_after):
        self.status_code = 429
        self.headers = {"Retry-After": str(retry_after)}


class Limiter:
    """Limits each key to *capacity* calls per hour.

    ``check`` takes a key; ``is_admitted`` reads its result, and ``wait`` returns the seconds until the next call.
    """

    def is_admitted(self, result):
        return result == 0

    def limited(self, handler):
        check, is_admitted, wait = self.check, self.is_admitted, self.wait

        async def limited(request):
            client = request.scope["client"][0]
            result = check(client)
            if not is_admitted(result):
                raise TooManyRequestsError(math.ceil(wait(result, client)))
            return await handler(request)

        return limited


class Fastware(Limiter):
    """The token buckets of an engine; a check reads the clock. The handler is limited by the public decorator."""

    def __init__(self, engine, capacity):
        self.check = engines.engine(engine).TokenBuckets(capacity, HOUR * 10**9).take
        self.limited = engines.load(engine).auth.rate_limit(f"{capacity}/hour")


class ByHand(Limiter):
    def __init__(self, capacity):
        self.check = DictBuckets(capacity, HOUR).take

    def wait(self, result, client):
        return result


class Limits(Limiter):
    """limits, in memory, with its fixed window, the cheapest of its strategies."""

    def __init__(self, capacity):
        from limits import RateLimitItemPerHour
        from limits.storage import MemoryStorage
        from limits.strategies import FixedWindowRateLimiter

        self._limiter, self._item = FixedWindowRateLimiter(MemoryStorage()), RateLimitItemPerHour(capacity)

    def check(self, key):
        return self._limiter.hit(self._item, key)

    def is_admitted(self, result):
        return result

    def wait(self, result, client):
        return self._limiter.get_window_stats(self._item, client).reset_time - time.time()


class Throttled(Limiter):
    """throttled-py, in memory, with its token bucket."""

    def __init__(self, capacity):
        from throttled import MemoryStore, RateLimiterType, Throttled
        from throttled.rate_limiter import per_hour

        quota = per_hour(capacity, burst=capacity)
        self.check = Throttled(using=RateLimiterType.TOKEN_BUCKET.value, quota=quota, store=MemoryStore()).limit

    def is_admitted(self, result):
        return not result.limited

    def wait(self, result, client):
        return result.state.retry_after


class RustPyRateLimit(Limiter):
    """rust-py-rate-limit: fixed windows in Rust."""

    def __init__(self, capacity):
        from rust_py_rate_limit import RateLimiter

        self._limiter = RateLimiter(capacity, HOUR)
        self.check = self._limiter.allow

    def is_admitted(self, result):
        return result

    def limited(self, handler):
        check = self._limiter.check

        async def limited(request):
            result = check(request.scope["client"][0])
            if not result["allowed"]:
                raise TooManyRequestsError(result["retry_after_seconds"])
            return await handler(request)

        return limited


class Floodgate(Limiter):
    """floodgate-rs: fixed windows in Rust, which a thread clears all at once."""

    def __init__(self, capacity):
        from floodgate import FixedMapping

        self.check = FixedMapping(capacity, timedelta(seconds=HOUR)).trigger

    def is_admitted(self, result):
        return result is None

    def wait(self, result, client):
        return result.total_seconds()


class SlowAPI:
    """slowapi, which decorates Starlette's handlers with limits. *has_headers* adds ``Retry-After`` to a rejection.

    With headers, its handlers must return a response, so only the rejection is measured with them.
    """

    def __init__(self, capacity, has_headers=False):
        from slowapi import Limiter
        from slowapi.util import get_remote_address

        logging.getLogger("slowapi").setLevel(logging.ERROR)
        self._limiter = Limiter(key_func=get_remote_address, headers_enabled=has_headers)
        self._rate = f"{capacity}/hour"

    def limited(self, handler):
        from slowapi import _rate_limit_exceeded_handler
        from slowapi.errors import RateLimitExceeded

        app = SimpleNamespace(state=SimpleNamespace(limiter=self._limiter))

        async def search(request):
            return await handler(request)

        decorated = self._limiter.limit(self._rate)(search)

        async def limited(request):
            request.scope["app"] = app
            try:
                return await decorated(request)
            except RateLimitExceeded as error:
                return _rate_limit_exceeded_handler(request, error)

        return limited
