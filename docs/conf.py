"""The settings of the documentation site, which `make docs` builds from docs/ and from the docstrings."""

import importlib
import logging
import os
import sys
from pathlib import Path

# The functions of the pure-Python engine have annotations, and need no Rust toolchain.
os.environ["FASTWARE_ENGINE"] = "python"
sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from sphinx import addnodes
from sphinx.util.typing import stringify_annotation

from fastware import asgi

project = "fastware"
author = "the fastware authors"
project_copyright = author

# The sources are the repository: a relative link is the same here and on a forge.
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "benches/README.md",
    "checks/README.md",
    "examples/README.md",
    "fuzz/README.md",
]
exclude_patterns = [".*", "dist", "python", "rust", "target", "tests", "docs/_build", "docs/README.md"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4  # the anchors of a forge: api.md#tokens

# Every reference of a docstring must lead somewhere. Types of others have no page here.
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", r"(collections\.abc|datetime|fastapi|litestar|os|pathlib|starlette)\..*|Depends|Path|timedelta"),
    ("py:class", r"fastware\..*T"),  # type variables
    ("py:class", r"Receive|Scope|Send"),
    ("py:class", r"(fastware\.(auth|core)\.\w+(\.\w+)?\.)?(ClientAddress|Decorator|LimitBuckets|Mount|OnError|Route)"),
]

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "fastware"
pygments_dark_style = "github-dark"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e63", "color-brand-content": "#0b6e63"},
    "dark_css_variables": {"color-brand-primary": "#5cd6c6", "color-brand-content": "#5cd6c6"},
}
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
templates_path = ["_templates"]
html_additional_pages = {"index": "to_index.html"}
html_search_scorer = str(Path(__file__).parent / "_static" / "scorer.js")
html_use_index = False  # the search finds a name
html_domain_indices = False
html_copy_source = False
html_show_sphinx = False

linkcheck_timeout = 20

DOCUMENTED = ["fastware", "fastware.auth"] + [
    f"fastware.integrations.{name}" for name in ("fastapi", "litestar", "starlette")
]


def public_names():
    """Return each public object of the package, and its names."""
    names = {}
    for module in map(importlib.import_module, DOCUMENTED):
        for name in module.__all__:
            names.setdefault(id(getattr(module, name)), []).append(f"{module.__name__}.{name}")
    return names


def shorten_signature(app, what, name, obj, options, signature, annotation):
    """Name the types of ASGI, and leave out the arguments of a class that users do not create."""
    if what == "class" and id(obj) not in public_names():
        return "", None
    if signature is None:
        return None
    for alias in ("ASGIApp", "Receive", "Send", "Scope"):
        signature = signature.replace(stringify_annotation(getattr(asgi, alias), "smart"), alias)
    return signature.replace("datetime.timedelta", "timedelta"), annotation


def hide_internal_modules(app, doctree):
    """Leave out the module of a class that users do not import."""
    for module in list(doctree.findall(addnodes.desc_addname)):
        if module.astext().rstrip(".") not in DOCUMENTED:
            module.parent.remove(module)


def check_every_public_name(app, env):
    """Warn of public names without documentation. An object with several names needs one of them."""
    documented = set(env.domains.python_domain.objects)
    for names in public_names().values():
        if documented.isdisjoint(names):
            logging.getLogger("sphinx.fastware").warning("%s is missing in docs/reference", names[0])


def count_pages(app, error):
    """Print the size of the site."""
    if error is None and app.builder.format == "html":
        texts = [Path(app.env.doc2path(page)).read_text(encoding="utf-8") for page in app.env.found_docs]
        snippets = sum(text.splitlines().count("```python") for text in texts)
        print(f"{len(texts)} pages with {snippets} tested snippets")


def setup(app):
    """Connect the functions above."""
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("doctree-read", hide_internal_modules)
    app.connect("env-check-consistency", check_every_public_name)
    app.connect("build-finished", count_pages)
