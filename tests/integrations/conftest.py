"""Frameworks look up the module of a function in ``sys.modules``: these tests use the imported package, on its engine.

The suite runs twice, with the native and with the pure-Python wheel.
"""

import pytest

import fastware as package
import fastware.auth


@pytest.fixture(scope="session")
def fastware():
    return package


@pytest.fixture(scope="session")
def auth():
    return package.auth
