"""``examples/fastapi_app.py`` with the ``/docs`` of FastAPI, which load Swagger UI from a package instead of a CDN."""

from pathlib import Path

import fastapi_offline
from examples.fastapi_app import app
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles

get_swagger_ui_html.__kwdefaults__ |= {
    "swagger_js_url": "/static/swagger-ui-bundle.js",
    "swagger_css_url": "/static/swagger-ui.css",
    "swagger_favicon_url": "/static/favicon.png",
}
app.mount("/static", StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static"))
