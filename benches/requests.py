"""The requests of a browser: 20 headers, and Cookie headers of a given number and size."""

import functools
import marshal
import random
import string

_NAMES_AND_VALUES = """
host: shop.example.com
connection: keep-alive
cache-control: max-age=0
sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"
sec-ch-ua-mobile: ?0
sec-ch-ua-platform: "Linux"
upgrade-insecure-requests: 1
user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36
accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
sec-fetch-site: same-origin
sec-fetch-mode: navigate
sec-fetch-user: ?1
sec-fetch-dest: document
referer: https://shop.example.com/basket
x-request-id: 0f8e1f0c-9f0a-4f8e-8a53-0b1d8c6a3c11
accept-encoding: gzip, deflate, br, zstd
accept-language: de-DE,de;q=0.9,en;q=0.8
x-forwarded-for: 203.0.113.7
x-forwarded-proto: https
x-real-ip: 203.0.113.7
"""

BROWSER_HEADERS = [
    (name.encode("ascii"), value.encode("ascii"))
    for name, value in (line.split(": ", 1) for line in _NAMES_AND_VALUES.strip().splitlines())
]


def cookie_header(count, size, name, value):
    """A Cookie header of *count* cookies and *size* bytes; the cookie *name* stands in the middle."""
    wanted = f"{name}={value}"
    others = count - 1
    pair_length = (size - len(wanted) - 2 * others) // others
    pairs = [_pair(index, pair_length) for index in range(others)]
    pairs[-1] += "x" * (size - len(wanted) - 2 * others - others * pair_length)
    pairs.insert(count // 2, wanted)
    return "; ".join(pairs).encode("ascii")


def cookie_of(name, value, others=3):
    """A Cookie header in which *name* stands among *others* of a usual length."""
    return cookie_header(others + 1, len(name) + len(value) + 80 * others, name, value)


def each_scope(method, path, headers, **more):
    """A function that makes an ASGI scope afresh, every header and every ``dict`` in it new, as a server does."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("203.0.113.7", 50000),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
        **more,
    }
    return functools.partial(marshal.loads, marshal.dumps(scope))  # the quickest of deep copies


def _pair(index, length):
    start = f"_tracker{index}="
    letters = random.Random(index).choices(string.ascii_letters + string.digits + ".-_", k=length - len(start))
    return start + "".join(letters)
