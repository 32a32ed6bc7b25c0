"""A small ASGI core: routes, requests, responses, dependencies and lifespan state, enough to serve an API with auth."""
