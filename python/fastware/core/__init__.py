"""A small ASGI core: routes, requests, responses, dependencies and lifespan state."""
