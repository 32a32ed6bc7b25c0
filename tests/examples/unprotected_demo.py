"""The demo without its CSRF protection, to show that the forged requests are real."""

import fastware.auth

fastware.auth.CSRFMiddleware = lambda app, **options: app

from fastware.demo.app import app  # noqa: E402, F401 - the application takes the class when it is imported
