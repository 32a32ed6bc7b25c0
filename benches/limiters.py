"""Rate limiters: the check alone, and a handler that is limited with it.

``check`` makes buckets of *capacity* tokens an hour and returns the call that takes one for *key*, which is a ``str``
or ``Each``. ``is_admitted`` reads the call's answer. ``limited`` makes a handler from *handler*, as a user would write
it; where the limit is reached, it raises an exception with a status and headers.
"""

import logging
import math
import time
from datetime import timedelta
from types import SimpleNamespace

import engines

from . import by_hand
from .call import call

HOUR = 3_600


class TooManyRequestsError(Exception):
    """What the peers raise in the place of fastware's HTTPError."""

    def __init__(self, retry_after):
        self.status_code = 429
        self.headers = {"Retry-After": str(retry_after)}


class Fastware:
    """Token buckets. A check reads the clock."""

    def __init__(self, engine):
        self._engine = engine

    def check(self, capacity, key):
        buckets = engines.engine(self._engine).TokenBuckets(capacity, HOUR * 10**9)
        return call(buckets.take, key)

    @staticmethod
    def is_admitted(answer):
        return answer == 0

    def limited(self, capacity, handler):
        return engines.load(self._engine).auth.rate_limit(f"{capacity}/hour")(handler)


class ByHand:
    """Token buckets in a dict."""

    @staticmethod
    def check(capacity, key):
        return call(by_hand.DictBuckets(capacity, HOUR).take, key)

    @staticmethod
    def is_admitted(answer):
        return answer == 0

    @staticmethod
    def limited(capacity, handler):
        buckets = by_hand.DictBuckets(capacity, HOUR)

        async def limited(request):
            wait = buckets.take(request.scope["client"][0])
            if wait:
                raise TooManyRequestsError(wait)
            return await handler(request)

        return limited


class Limits:
    """limits, in memory, with its fixed window, the cheapest of its strategies."""

    @staticmethod
    def _limiter(capacity):
        from limits import RateLimitItemPerHour
        from limits.storage import MemoryStorage
        from limits.strategies import FixedWindowRateLimiter

        return FixedWindowRateLimiter(MemoryStorage()), RateLimitItemPerHour(capacity)

    def check(self, capacity, key):
        limiter, item = self._limiter(capacity)
        return call(limiter.hit, item, key)

    @staticmethod
    def is_admitted(answer):
        return answer

    def limited(self, capacity, handler):
        limiter, item = self._limiter(capacity)

        async def limited(request):
            client = request.scope["client"][0]
            if not limiter.hit(item, client):
                reset_time = limiter.get_window_stats(item, client).reset_time
                raise TooManyRequestsError(math.ceil(reset_time - time.time()))
            return await handler(request)

        return limited


class SlowAPI:
    """slowapi, which is limits as a decorator of Starlette's handlers. Its log of refusals is off."""

    _has_headers = False

    def limited(self, capacity, handler):
        from slowapi import Limiter, _rate_limit_exceeded_handler
        from slowapi.errors import RateLimitExceeded
        from slowapi.util import get_remote_address

        logging.getLogger("slowapi").setLevel(logging.ERROR)
        limiter = Limiter(key_func=get_remote_address, headers_enabled=self._has_headers)
        app = SimpleNamespace(state=SimpleNamespace(limiter=limiter))

        async def search(request):
            return await handler(request)

        decorated = limiter.limit(f"{capacity}/hour")(search)

        async def limited(request):
            request.scope["app"] = app
            try:
                return await decorated(request)
            except RateLimitExceeded as error:
                return _rate_limit_exceeded_handler(request, error)

        return limited


class SlowAPIWithHeaders(SlowAPI):
    """slowapi set to say Retry-After, which its handlers can do only where they return a response."""

    _has_headers = True


class Throttled:
    """throttled-py, in memory, with its token bucket."""

    @staticmethod
    def _throttle(capacity):
        from throttled import MemoryStore, RateLimiterType, Throttled
        from throttled.rate_limiter import per_hour

        quota = per_hour(capacity, burst=capacity)
        return Throttled(using=RateLimiterType.TOKEN_BUCKET.value, quota=quota, store=MemoryStore())

    def check(self, capacity, key):
        return call(self._throttle(capacity).limit, key)

    @staticmethod
    def is_admitted(answer):
        return not answer.limited

    def limited(self, capacity, handler):
        throttle = self._throttle(capacity)

        async def limited(request):
            result = throttle.limit(request.scope["client"][0])
            if result.limited:
                raise TooManyRequestsError(math.ceil(result.state.retry_after))
            return await handler(request)

        return limited


class RustPyRateLimit:
    """rust-py-rate-limit: fixed windows in Rust."""

    @staticmethod
    def _limiter(capacity):
        from rust_py_rate_limit import RateLimiter

        return RateLimiter(capacity, HOUR)

    def check(self, capacity, key):
        return call(self._limiter(capacity).allow, key)

    @staticmethod
    def is_admitted(answer):
        return answer

    def limited(self, capacity, handler):
        limiter = self._limiter(capacity)

        async def limited(request):
            result = limiter.check(request.scope["client"][0])
            if not result["allowed"]:
                raise TooManyRequestsError(result["retry_after_seconds"])
            return await handler(request)

        return limited


class Floodgate:
    """floodgate-rs: fixed windows in Rust, which a thread clears all at once."""

    @staticmethod
    def _mapping(capacity):
        from floodgate import FixedMapping

        return FixedMapping(capacity, timedelta(seconds=HOUR))

    def check(self, capacity, key):
        return call(self._mapping(capacity).trigger, key)

    @staticmethod
    def is_admitted(answer):
        return answer is None

    def limited(self, capacity, handler):
        mapping = self._mapping(capacity)

        async def limited(request):
            wait = mapping.trigger(request.scope["client"][0])
            if wait is not None:
                raise TooManyRequestsError(math.ceil(wait.total_seconds()))
            return await handler(request)

        return limited
