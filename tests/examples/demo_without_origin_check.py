"""The demo with CSRF tokens alone: the hostile page can read the token, so its forged requests work."""

import functools

import fastware.auth

fastware.auth.CSRFMiddleware = functools.partial(fastware.auth.CSRFMiddleware, check_origin=False)

from fastware.demo.app import app  # noqa: E402, F401 - the application takes it when it is imported
