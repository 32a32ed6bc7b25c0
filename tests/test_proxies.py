"""The address of the client behind nginx: over TCP and Unix sockets, with the options of the servers, spoofed."""

import contextlib
import socket
import sys
import tempfile
from pathlib import Path

import httpx
import nginx
import pytest
import servers
from websockets.sync.client import connect

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs the addresses 127.0.0.2 to 127.0.0.9")


def has_ipv6():
    """Return whether the loopback interface has an IPv6 address, which some containers lack."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


IPV6 = has_ipv6()

# The proxy has an address of its own, as on another machine. uvicorn trusts 127.0.0.1 by default.
PROXY = "127.0.0.9"

APP = f"""
from fastware import Router, create_app
from fastware.auth import client_address, rate_limit
from granian.utils.proxies import wrap_asgi_with_proxy_headers

PROXIES = ["{PROXY}", "unix"]
KEYS = {{
    "default": client_address(),
    "trusted": client_address(trusted_proxies=PROXIES),
    "forwarded": client_address(trusted_proxies=PROXIES, header="forwarded"),
}}
router = Router()


@router.get("/key/{{name}}")
async def key(request, name):
    return KEYS[name](request)


@router.get("/limited/default")
@rate_limit("2/hour", KEYS["default"])
async def limited_by_default(request):
    return "passed"


@router.get("/limited/trusted")
@rate_limit("2/hour", KEYS["trusted"])
async def limited(request):
    return "passed"


@router.ws("/ws/{{name}}")
async def ws(websocket, name):
    await websocket.accept()
    await websocket.send_text(KEYS[name](websocket))


app = create_app(router)
trusting = wrap_asgi_with_proxy_headers(app, trusted_hosts="{PROXY}")
trusting_everyone = wrap_asgi_with_proxy_headers(app, trusted_hosts="*")
"""

MAPS = """
    map $remote_addr $element {
        ~^[0-9.]+$        "for=$remote_addr";
        ~^[0-9A-Fa-f:.]+$ "for=\\"[$remote_addr]\\"";
        default           "for=unknown";
    }
    map $http_forwarded $forwarded {
        ""      $element;
        default "$http_forwarded, $element";
    }
    map $http_upgrade $connection_header { "" close; default upgrade; }
    proxy_http_version 1.1;
"""
APPEND = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
WAYS = {
    "append": APPEND,
    "azure": 'proxy_set_header X-Forwarded-For "$http_x_forwarded_for, $remote_addr:$remote_port";',
    "forwarded": 'proxy_set_header Forwarded $forwarded; proxy_set_header X-Forwarded-For "";',
    "unchanged": "",
}
UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_header;"
SPOOFED = {"X-Forwarded-For": f"198.51.100.1, {PROXY}", "Forwarded": f'for=198.51.100.1, for="{PROXY}"'}


def configuration(upstreams):
    """Return the configuration of nginx for the *upstreams*, URLs by name.

    The path ``/<upstream>/<way>/`` is that of a proxy, ``/<upstream>/chain/`` that of two proxies.
    """

    def locations(name, url, ways):
        bind = "" if "unix:" in url else f"proxy_bind {PROXY};"
        return "\n".join(
            f"location /{name}/{way}/ {{ {bind} {headers} {UPGRADE} proxy_pass {url}; }}"
            for way, headers in ways.items()
        )

    def http(port, folder):
        near = "\n".join(locations(name, url, {"append": APPEND}) for name, url in upstreams.items())
        far = "\n".join(locations(name, url, WAYS) for name, url in upstreams.items())
        chains = "\n".join(
            f"location /{name}/chain/ {{ {APPEND} proxy_pass http://unix:{folder}/near:/{name}/append/; }}"
            for name in upstreams
        )
        return f"""{MAPS}
            server {{ listen unix:{folder}/near; {near} }}
            server {{ listen 127.0.0.1:{port}; {f"listen [::1]:{port};" if IPV6 else ""} {far} {chains} }}
        """

    return http


@contextlib.contextmanager
def behind_nginx(folder, **upstreams):
    """Serve the application, and yield the port of nginx in front of it.

    Each of the *upstreams* is ``(server, target, whether it is on a Unix socket, options)``.
    """
    nginx.program()
    (folder / "served.py").write_text(APP, encoding="utf-8")
    urls = {}
    with contextlib.ExitStack() as stack:
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fastware-")))
        for name, (server, target, is_unix, options) in upstreams.items():
            path = sockets / name if is_unix else None
            url = stack.enter_context(
                servers.serve(server, target, folder=folder, socket=path, options=options, log=folder / f"{name}.log")
            )
            urls[name] = f"http://unix:{path}:/" if is_unix else f"{url}/"
        yield stack.enter_context(nginx.proxy(configuration(urls)))


def get(port, path, *, client="127.0.0.2", headers=()):
    """Return the text that the client with the address *client* gets, or the status of another response."""
    host = "[::1]" if client == "::1" else "127.0.0.1"
    with httpx.Client(transport=httpx.HTTPTransport(local_address=client), timeout=30) as connection:
        response = connection.get(f"http://{host}:{port}{path}", headers=dict(headers))
    return response.text if response.status_code == 200 else response.status_code


def first_message(port, path, *, client, headers):
    """Return the first message of a WebSocket."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(client, 0))
    with connect(f"ws://127.0.0.1:{port}{path}", sock=connection, additional_headers=headers, proxy=None) as websocket:
        return websocket.recv(timeout=30)


@pytest.mark.rule("rate.proxies")
@pytest.mark.parametrize("server", servers.NAMES)
def test_clients_behind_nginx_have_their_own_keys(server, tmp_path):
    with behind_nginx(tmp_path, tcp=(server, "served:app", False, ()), unix=(server, "served:app", True, ())) as port:
        for upstream, peer in (("tcp", PROXY), ("unix", "unknown")):
            # Without trusted proxies, all clients have the key of the proxy, whatever they send.
            for client in ("127.0.0.2", "::1") if IPV6 else ("127.0.0.2",):
                for way in ("append", "chain", "forwarded", "unchanged"):
                    path = f"/{upstream}/{way}/key/default"
                    assert get(port, path, client=client, headers=SPOOFED) == f"address:{peer}", path
            # With them, each has its own, and none can choose it.
            for way, name in (("append", "trusted"), ("azure", "trusted"), ("chain", "trusted"), ("forwarded",) * 2):
                path = f"/{upstream}/{way}/key/{name}"
                for headers in ({}, SPOOFED):
                    assert get(port, path, client="127.0.0.2", headers=headers) == "address:127.0.0.2", path
                    assert get(port, path, client="127.0.0.3", headers=headers) == "address:127.0.0.3", path
                    if IPV6 and way != "azure":  # this configuration writes an IPv6 address without brackets
                        assert get(port, path, client="::1", headers=headers) == "address:::/64", path
            path = f"/{upstream}/append/ws/trusted"
            assert first_message(port, path, client="127.0.0.2", headers=SPOOFED) == "address:127.0.0.2"
            # The limits.
            path = f"/{upstream}/append/limited/trusted"
            assert [get(port, path, headers=SPOOFED) for _ in range(3)] == ["passed", "passed", 429]
            assert get(port, path, client="127.0.0.3") == "passed"
            path = f"/{upstream}/append/limited/default"
            clients = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
            assert [get(port, path, client=client) for client in clients] == ["passed", "passed", 429]


def test_options_of_servers_do_what_the_documentation_says(tmp_path):
    """They read the address of a proxy with an address, but over a Unix socket only if clients can choose theirs."""
    upstreams = {
        "tcp": ("uvicorn", "served:app", False, ("--forwarded-allow-ips", PROXY)),
        "unix": ("uvicorn", "served:app", True, ("--forwarded-allow-ips", f"{PROXY},unix")),
        "everyone": ("uvicorn", "served:app", True, ("--forwarded-allow-ips", "*")),
        "granian": ("granian", "served:trusting", False, ()),
        "granian_everyone": ("granian", "served:trusting_everyone", True, ()),
    }
    chosen, own = "address:198.51.100.1", "address:127.0.0.2"
    with behind_nginx(tmp_path, **upstreams) as port:

        def keys(name, way="append"):
            headers = {"X-Forwarded-For": "198.51.100.1"}
            return {upstream: get(port, f"/{upstream}/{way}/key/{name}", headers=headers) for upstream in upstreams}

        chosen_by_everyone = {"everyone": chosen, "granian_everyone": chosen}
        expected = {"tcp": own, "unix": "address:unknown", "granian": own, **chosen_by_everyone}
        assert keys("default") == expected
        assert keys("trusted") == {**expected, "unix": own}
        # A proxy that does not write the header passes on that of the client.
        assert set(keys("trusted", "unchanged").values()) == {chosen}
