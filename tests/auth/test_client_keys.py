"""``client_address`` and ``user_key``: what identifies the client of a request, behind proxies and without.

Real proxies are in ``tests/test_proxies.py``.
"""

import ipaddress
import logging
import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reference import forwarded as reference

many = settings(max_examples=300, deadline=None)

SECRET = "a secret of at least 32 bytes for tests"
PROXIES = ["10.0.0.0/8", "192.0.2.1", "2001:db8:ffff::/48", "unix"]
XFF, FORWARDED = b"x-forwarded-for", b"forwarded"


def request_from(host, *lines, header=XFF, kind="http", headers=(), **scope):
    """Return a request of the client *host*; *lines* are the values of *header*."""
    lines = [(header, line.encode("latin-1")) for line in lines]
    around = [(b"host", b"example.com"), *lines, (b"accept", b"*/*"), *headers]
    client = host if host is None else (host, 50000)
    return SimpleNamespace(scope={"type": kind, "client": client, "headers": around, "query_string": b"", **scope})


# The address

UNTRUSTED = "203.0.113.9"
PEERS = {
    "IPv4": (UNTRUSTED, f"address:{UNTRUSTED}"),
    "IPv6": ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
    "IPv6-in-another-spelling": ("2001:DB8:1:2::", "address:2001:db8:1:2::/64"),
    "IPv6-with-a-zone": ("fe80::1%eth0", "address:fe80::/64"),
    "IPv4-mapped": ("::ffff:203.0.113.9", f"address:{UNTRUSTED}"),
    "IPv4-mapped-with-a-zone": ("::ffff:203.0.113.9%1", f"address:{UNTRUSTED}"),
    "port": ("203.0.113.9:56789", f"address:{UNTRUSTED}"),
    "IPv6-with-a-port": ("[2001:db8:1:2::3]:80", "address:2001:db8:1:2::/64"),
    "text": ("testclient", "address:testclient"),
    "long-text": ("x" * 100, "address:" + "x" * 100),
    "unix-socket-in-uvicorn": (None, "address:unknown"),
    "unix-socket-in-Granian": ("", "address:unknown"),
}


@pytest.mark.rule("rate.address")
@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("host", "key"), PEERS.values(), ids=PEERS)
def test_key_without_trusted_proxies_is_that_of_the_peer(auth, host, key, kind):
    request = request_from(host, "198.51.100.1", kind=kind)
    by_address = auth.client_address()
    assert by_address(request) == by_address(request.scope) == key
    assert by_address(request_from(host, "198.51.100.2", headers=[(FORWARDED, b"for=198.51.100.3")])) == key


PREFIXES = {0: "::/0", 1: "::/1", 48: "2001:db8:1::/48", 56: "2001:db8:1:200::/56", 128: "2001:db8:1:203:4:5:6:7"}


@pytest.mark.rule("rate.address")
@pytest.mark.parametrize(("bits", "key"), PREFIXES.items())
def test_prefix_says_which_ipv6_addresses_are_one_client(auth, bits, key):
    by_prefix = auth.client_address(ipv6_prefix=bits)
    assert by_prefix(request_from("2001:db8:1:203:4:5:6:7")) == f"address:{key}"
    assert by_prefix(request_from(UNTRUSTED)) == f"address:{UNTRUSTED}"


CHAINS = {
    # name: (peer, lines of X-Forwarded-For, address)
    "one-proxy": ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
    "two-proxies": ("10.0.0.1", ["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
    "spoofed": ("10.0.0.1", ["198.51.100.1, 10.0.0.9, 203.0.113.7"], "203.0.113.7"),
    "spoofed-in-another-line": ("10.0.0.1", ["198.51.100.1, 10.0.0.9", "203.0.113.7"], "203.0.113.7"),
    "two-lines": ("10.0.0.1", ["198.51.100.1, 203.0.113.7", "10.0.0.3, 10.0.0.2"], "203.0.113.7"),
    "three-lines": ("10.0.0.1", ["203.0.113.7", "10.0.0.3", "10.0.0.2"], "203.0.113.7"),
    "line-that-is-empty": ("10.0.0.1", ["203.0.113.7", ""], "203.0.113.7"),
    "from-an-untrusted-peer": (UNTRUSTED, ["203.0.113.7"], UNTRUSTED),
    "only-proxies": ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    "no-header": ("10.0.0.1", [], "10.0.0.1"),
    "no-element": ("10.0.0.1", [" ,, ,"], "10.0.0.1"),
    "elements-that-are-empty": ("10.0.0.1", ["198.51.100.1,\t203.0.113.7 ,, ,"], "203.0.113.7"),
    "port-of-Azure": ("10.0.0.1", ["203.0.113.7:56789"], "203.0.113.7"),
    "port-of-IPv6": ("10.0.0.1", ["[2001:db8::1]:80"], "2001:db8::1"),
    "brackets-without-port": ("10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
    "IPv6": ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
    "IPv6-proxy": ("2001:db8:ffff::1", ["203.0.113.7, [2001:db8:ffff:1::2]:9"], "203.0.113.7"),
    "IPv4-mapped-proxies": ("::ffff:10.0.0.1", ["203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
    "IPv4-mapped-client": ("10.0.0.1", ["[::ffff:203.0.113.7]:80"], "203.0.113.7"),
    "zone": ("10.0.0.1", ["fe80::1%eth0"], "fe80::1"),
    "address-that-is-no-network": ("192.0.2.1", ["203.0.113.7, 192.0.2.2"], "192.0.2.2"),
    "unix": (None, ["203.0.113.7"], "203.0.113.7"),
    "unix-in-Granian": ("", ["203.0.113.7"], "203.0.113.7"),
    "unix-between-proxies": ("10.0.0.1", ["203.0.113.7, unix:"], "203.0.113.7"),
    "unix-in-uvicorn-behind-two-proxies": ("unix:", ["203.0.113.7, unix:"], "203.0.113.7"),
    "unix-without-header": (None, [], None),
    "unix-at-the-start": ("10.0.0.1", ["unix:, 10.0.0.2"], "10.0.0.2"),
    # The proxy that wrote what is no address is the client.
    "unknown": ("10.0.0.1", ["203.0.113.7, unknown"], "10.0.0.1"),
    "unknown-behind-unix": (None, ["203.0.113.7, unknown"], None),
    "garbage": ("10.0.0.1", ["203.0.113.7, x, 10.0.0.2"], "10.0.0.2"),
    "empty-host": ("10.0.0.1", ["203.0.113.7, :80"], "10.0.0.1"),
    "empty-brackets": ("10.0.0.1", ["203.0.113.7, []"], "10.0.0.1"),
    "port-that-is-no-number": ("10.0.0.1", ["203.0.113.7:http"], "10.0.0.1"),
    "port-without-digits": ("10.0.0.1", ["203.0.113.7:"], "10.0.0.1"),
    "bracket-that-is-open": ("10.0.0.1", ["[2001:db8::1"], "10.0.0.1"),
    "octal": ("10.0.0.1", ["0313.0.0113.07"], "10.0.0.1"),
    "short-IPv4": ("10.0.0.1", ["203.7"], "10.0.0.1"),
    "digits-that-are-not-ASCII": ("10.0.0.1", ["²03.0.113.7"], "10.0.0.1"),
    "network": ("10.0.0.1", ["203.0.113.0/24"], "10.0.0.1"),
    "quotation-marks": ("10.0.0.1", ['"203.0.113.7"'], "10.0.0.1"),
    "name": ("10.0.0.1", ["client.example"], "10.0.0.1"),
    "long-element": ("10.0.0.1", ["203.0.113.7" + "0" * 100], "10.0.0.1"),
}


@pytest.mark.rule("rate.proxies")
@pytest.mark.parametrize(("peer", "lines", "address"), CHAINS.values(), ids=CHAINS)
def test_client_is_the_last_address_that_is_no_trusted_proxy(auth, peer, lines, address):
    by_address = auth.client_address(trusted_proxies=PROXIES, ipv6_prefix=128)
    request = request_from(peer, *lines, headers=[(FORWARDED, b"for=198.51.100.9")])
    assert by_address.of(request) == address
    assert by_address(request) == f"address:{address or 'unknown'}"


ELEMENTS = {
    # name: (lines of Forwarded, address), behind the peer 10.0.0.1
    "token": (["for=203.0.113.7"], "203.0.113.7"),
    "further-parameters": (["for=203.0.113.7;proto=https;by=10.0.0.1"], "203.0.113.7"),
    "for-is-last": (['by=_a;host="a:80";proto=http;for=203.0.113.7'], "203.0.113.7"),
    "case": (["FOR=203.0.113.7;Proto=https"], "203.0.113.7"),
    "quoted": (['for="203.0.113.7"'], "203.0.113.7"),
    "port": (['for="203.0.113.7:4711"'], "203.0.113.7"),
    "obfuscated-port": (['for="203.0.113.7:_a.b-c_1"'], "203.0.113.7"),
    "IPv6": (['for="[2001:db8::1]"'], "2001:db8::1"),
    "IPv6-with-port": (['for="[2001:db8::1]:4711"'], "2001:db8::1"),
    "escaped-pair": ([r'for="203.0.113\.7"'], "203.0.113.7"),
    "without-the-quotation-marks-that-it-needs": (["for=[2001:db8::1]:80"], "2001:db8::1"),
    "blanks": (["for=198.51.100.1 ,\tfor=203.0.113.7 ; proto=https "], "203.0.113.7"),
    "empty-elements": (["for=203.0.113.7, ,,"], "203.0.113.7"),
    "empty-parameters": ([";for=203.0.113.7;;"], "203.0.113.7"),
    "two-proxies": (["for=203.0.113.7, for=10.0.0.2;by=10.0.0.1"], "203.0.113.7"),
    "two-lines": (["for=203.0.113.7", 'for="10.0.0.2"'], "203.0.113.7"),
    "comma-in-a-quoted-string": (['for=203.0.113.7, for=10.0.0.2;host="a, for=198.51.100.1"'], "203.0.113.7"),
    "element-in-a-quoted-string": ([r'for=203.0.113.7;host="a\", for=198.51.100.1;x=\""'], "203.0.113.7"),
    "backslash-at-the-end": ([r'for=203.0.113.7;host="a, \\"'], "203.0.113.7"),
    "quoted-string-of-the-client-is-open": (['for="198.51.100.1, for=203.0.113.7'], "203.0.113.7"),
    "quoted-string-of-the-client-closes-that-of-the-proxy": (['a="b, for="203.0.113.7"'], "203.0.113.7"),
    "backslash-of-the-client": (['for=198.51.100.1;a="\\, for="203.0.113.7"'], "203.0.113.7"),
    # The proxy that wrote what is no address is the client.
    "unknown": (["for=203.0.113.7, for=unknown"], "10.0.0.1"),
    "obfuscated": (["for=203.0.113.7, for=_hidden"], "10.0.0.1"),
    "obfuscated-with-port": (['for="_hidden:80"'], "10.0.0.1"),
    "no-for": (["for=203.0.113.7, proto=https"], "10.0.0.1"),
    "two-for": (["for=203.0.113.7;for=203.0.113.8"], "10.0.0.1"),
    "empty-for": (['for=203.0.113.7, for=""'], "10.0.0.1"),
    "no-value": (["for="], "10.0.0.1"),
    "no-name": (["=203.0.113.7"], "10.0.0.1"),
    "address-alone": (["203.0.113.7"], "10.0.0.1"),
    "blank-before-the-value": (["for= 203.0.113.7"], "10.0.0.1"),
    "quoted-string-is-open": (['for="203.0.113.7'], "10.0.0.1"),
    "text-after-a-quoted-string": (['for="203.0.113.7"x'], "10.0.0.1"),
    "garbage-after-an-element": (["for=203.0.113.7, for=10.0.0.2, x y"], "10.0.0.1"),
    "long-element": (["for=203.0.113.7;a=" + "b" * 1024], "10.0.0.1"),
    "long-quoted-string": (['for=203.0.113.7;a="' + "b," * 1024 + '"'], "10.0.0.1"),
    "no-header": ([], "10.0.0.1"),
}


@pytest.mark.rule("rate.forwarded")
@pytest.mark.parametrize(("lines", "address"), ELEMENTS.values(), ids=ELEMENTS)
def test_elements_of_forwarded_are_read_from_the_end(auth, lines, address):
    by_address = auth.client_address(trusted_proxies=PROXIES, header="Forwarded")
    request = request_from("10.0.0.1", *lines, header=FORWARDED, headers=[(XFF, b"198.51.100.9")])
    assert by_address.of(request) == address


@pytest.mark.rule("rate.proxies")
@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_at_most_32_elements_are_read(auth, header):
    form = "10.0.{}.1" if header == "x-forwarded-for" else "for=10.0.{}.1"
    elements = [form.format(number) for number in range(40)]
    by_address = auth.client_address(trusted_proxies=PROXIES, header=header)
    for first in (0, 7):  # 40 or 33 elements
        cut = [", ".join(elements[first:20]), ", ".join(elements[20:])]
        for lines in ([", ".join(cut)], cut, elements[first:]):
            assert by_address(request_from("10.0.0.1", *lines, header=header.encode())) == "address:10.0.8.1"


@pytest.mark.rule("rate.proxies")
def test_name_of_the_header_is_read_in_any_case(auth):
    by_address = auth.client_address(trusted_proxies=PROXIES)
    request = request_from("10.0.0.1", "203.0.113.7", "10.0.0.3", "10.0.0.2", header=b"X-Forwarded-For")
    assert by_address(request) == "address:203.0.113.7"


HOSTILE = {
    "proxies": "10.0.0.1," * 7_281,
    "commas": "," * 65_536,
    "blanks": " " * 65_536,
    "blanks-before-garbage": "for=10.0.0.1;" + " " * 1_000 + "x",
    "elements": "for=10.0.0.1," * 5_041,
    "parameters": ("for=10.0.0.1" + ";" * 1_000 + ",") * 64,
    "parameters-with-values": ("for=10.0.0.1" + ";a=b" * 250 + ",") * 64,
    "quoted-commas": 'for=10.0.0.1;a="' + "," * 65_000 + '"',
    "quotation-marks": 'for=10.0.0.1;a="' + '"' * 65_000,
    "escapes": 'for=10.0.0.1;a="' + '\\"' * 32_000,
    "open-brackets": "[" * 65_536,
    "colons": ":" * 65_536,
}


@pytest.mark.rule("engines.linear")
@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_header_of_64_kib_is_read_in_milliseconds(auth, header, line):
    by_address = auth.client_address(trusted_proxies=PROXIES, header=header)
    request = request_from("10.0.0.1", line, header=header.encode())

    def seconds():
        before = time.thread_time()
        by_address(request)
        return time.thread_time() - before

    assert min(seconds() for _ in range(5)) < 0.005


@pytest.mark.rule("rate.address")
def test_addresses_that_were_read_take_bounded_memory(auth):
    by_address = auth.client_address(trusted_proxies=["10.0.0.1"])
    for number in range(3_000):
        by_address(request_from(f"203.0.{number // 250}.{number % 250}"))
    assert by_address._known.cache_info().currsize == by_address._known.cache_info().maxsize == 1024


# Properties

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)
OF_PROXIES = st.one_of(
    st.ip_addresses(network="10.0.0.0/8"), st.ip_addresses(network="2001:db8:ffff::/48"), st.just("192.0.2.1")
)
HOSTS = st.one_of(OF_PROXIES, OF_PROXIES, V4, V6).map(str)
MAPPED = st.one_of(st.ip_addresses(network="10.0.0.0/8"), V4).map("::ffff:{}".format)
ANY_HOST = st.one_of(HOSTS, MAPPED, st.sampled_from(["unknown", "_hidden", "unix:", "x", "fe80::1%eth0"]))
PORTS = st.one_of(st.just(""), st.integers(0, 65535).map(":{}".format))
LINE = st.text(st.characters(max_codepoint=255), max_size=60)
HOSTILE_LINE = st.one_of(LINE, st.text(' ,;:=\\"[]for10.x\t', max_size=60), st.lists(HOSTS, max_size=5).map(",".join))
NETWORKS = [ipaddress.ip_network(proxy) for proxy in PROXIES if proxy != "unix"]


def with_port(host, port):
    if host == "unix:":
        return host
    return f"[{host}]{port}" if ":" in host else f"{host}{port}"


@pytest.mark.rule("rate.address")
@many
@given(peer=st.one_of(V4, V6), lines=st.lists(HOSTILE_LINE, max_size=3), header=st.sampled_from([XFF, FORWARDED]))
def test_peer_that_is_not_trusted_cannot_choose_its_key(auth, peer, lines, header):
    if any(peer in network for network in NETWORKS):
        return
    by_address = auth.client_address(trusted_proxies=PROXIES, header=header.decode(), ipv6_prefix=128)
    assert by_address(request_from(str(peer), *lines, header=header)) == f"address:{reference.folded(str(peer))}"


@pytest.mark.rule("rate.proxies")
@many
@given(
    peer=st.one_of(st.none(), HOSTS, MAPPED),
    elements=st.lists(st.tuples(ANY_HOST, PORTS), max_size=12),
    cuts=st.sets(st.integers(1, 11)),
    unix=st.booleans(),
    header=st.sampled_from([XFF, FORWARDED]),
    host=LINE,
)
def test_address_is_that_of_an_independent_implementation(auth, peer, elements, cuts, unix, header, host):
    written = [with_port(*element) for element in elements]
    if header == FORWARDED:
        written = [reference.written([("for", each), ("host", host)]) for each in written]
    ends = [*sorted(cut for cut in cuts if cut < len(written)), len(written)]
    lines = [", ".join(written[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    by_address = auth.client_address(trusted_proxies=PROXIES[: None if unix else -1], header=header.decode())
    expected = reference.client(peer, [host for host, _ in elements], NETWORKS, unix_is_trusted=unix)
    found = by_address.of(request_from(peer, *lines, header=header))
    assert found == (None if expected is None else str(expected))


@pytest.mark.rule("rate.proxies")
@many
@given(
    written_by_client=st.lists(HOSTILE_LINE, max_size=3),
    client=st.one_of(V4, V6).map(str),
    own_line=st.booleans(),
    header=st.sampled_from([XFF, FORWARDED]),
    host=LINE,
)
def test_client_behind_a_proxy_cannot_choose_its_key(auth, written_by_client, client, own_line, header, host):
    """The proxy appends the address of the client, and in ``Forwarded`` also a ``host`` that the client chooses."""
    if any(ipaddress.ip_address(client) in network for network in NETWORKS):
        return
    added = client
    if header == FORWARDED:
        added = reference.written([("for", with_port(client, "")), ("host", host)])
    lines = [*written_by_client, added]
    if not own_line:
        lines = [*written_by_client[:-1], ", ".join([*written_by_client[-1:], added])]
    by_address = auth.client_address(trusted_proxies=PROXIES, header=header.decode(), ipv6_prefix=128)
    assert by_address(request_from("10.0.0.1", *lines, header=header)) == f"address:{reference.folded(client)}"


# Arguments

INVALID = {
    "one-str": ({"trusted_proxies": "10.0.0.1"}, TypeError, "trusted_proxies must be a list of addresses"),
    "bytes": ({"trusted_proxies": b"10.0.0.1"}, TypeError, "trusted_proxies must be a list of addresses"),
    "number": ({"trusted_proxies": 1}, TypeError, "not int"),
    "network-object": ({"trusted_proxies": [ipaddress.ip_network("10.0.0.0/8")]}, TypeError, "not IPv4Network"),
    "star": ({"trusted_proxies": ["*"]}, ValueError, "an IP address, a network like"),
    "name": ({"trusted_proxies": ["localhost"]}, ValueError, "not 'localhost'"),
    "bits-after-the-prefix": ({"trusted_proxies": ["10.0.0.1/8"]}, ValueError, "without bits after the prefix"),
    "port": ({"trusted_proxies": ["10.0.0.1:80"]}, ValueError, "not '10.0.0.1:80'"),
    "zone": ({"trusted_proxies": ["fe80::1%eth0"]}, ValueError, "not 'fe80::1%eth0'"),
    "empty": ({"trusted_proxies": [""]}, ValueError, "not ''"),
    "everyone": ({"trusted_proxies": ["0.0.0.0/0"]}, ValueError, "must not be all addresses"),
    "everyone-by-IPv6": ({"trusted_proxies": ["::/0"]}, ValueError, "must not be all addresses"),
    "everyone-by-mapped-IPv6": ({"trusted_proxies": ["::ffff:0:0/96"]}, ValueError, "must not be all addresses"),
    "another-header": ({"header": "x-real-ip"}, ValueError, "'x-forwarded-for' or 'forwarded', not 'x-real-ip'"),
    "header-of-bytes": ({"header": b"forwarded"}, TypeError, "header must be str, not bytes"),
    "prefix-below-0": ({"ipv6_prefix": -1}, ValueError, "ipv6_prefix must be 0 to 128 bits, like 64; not -1"),
    "prefix-above-128": ({"ipv6_prefix": 129}, ValueError, "not 129"),
    "prefix-bool": ({"ipv6_prefix": True}, TypeError, "ipv6_prefix must be an int, not bool"),
    "prefix-str": ({"ipv6_prefix": "64"}, TypeError, "ipv6_prefix must be an int, not str"),
}


@pytest.mark.rule("rate.proxies")
@pytest.mark.parametrize(("options", "kind", "message"), INVALID.values(), ids=INVALID)
def test_invalid_argument_is_an_error_that_names_the_fix(auth, options, kind, message):
    with pytest.raises(kind) as raised:
        auth.client_address(**options)
    assert message in str(raised.value)


def test_repr_is_the_call(auth):
    assert repr(auth.client_address()) == "client_address()"
    by_address = auth.client_address(trusted_proxies=["10.0.0.1", "unix"], header="forwarded", ipv6_prefix=56)
    assert repr(by_address) == (
        "client_address(trusted_proxies=('10.0.0.1', 'unix'), header='forwarded', ipv6_prefix=56)"
    )


# The user


def request_of_user(auth, name="ada", *, key=SECRET, config=None, host=UNTRUSTED):
    headers = [(b"authorization", f"Bearer {auth.create_token(name, 'user', key)}".encode())] if name else []
    state = {"config": {"jwt_secret": SECRET} if config is None else config}
    return request_from(host, headers=headers, state=state)


@pytest.mark.rule("rate.user")
def test_key_is_the_user_of_a_valid_token_and_else_the_address(auth):
    key = auth.user_key()
    assert key(request_of_user(auth)) == key(request_of_user(auth, host="203.0.113.8")) == "user:ada"
    assert key(request_of_user(auth, "eve")) == "user:eve"
    for without_user in (None, ""):
        assert key(request_of_user(auth, without_user)) == f"address:{UNTRUSTED}"
    assert key(request_of_user(auth, key="another secret of 32 bytes or more")) == f"address:{UNTRUSTED}"


@pytest.mark.rule("rate.user")
def test_name_of_a_user_is_never_the_key_of_an_address(auth):
    key = auth.user_key()
    names = [f"address:{UNTRUSTED}", "user:ada", "unknown", " ", "\0"]
    assert [key(request_of_user(auth, name)) for name in names] == [f"user:{name}" for name in names]


@pytest.mark.rule("rate.user")
def test_user_is_found_with_the_settings_of_the_request_or_those_given(auth):
    settings_of_app = auth.Auth(SECRET, audience="app")
    with_audience = settings_of_app.create_token("ada", "user")
    request = request_from(UNTRUSTED, headers=[(b"authorization", f"Bearer {with_audience}".encode())], state={})
    assert auth.user_key(auth=settings_of_app)(request) == "user:ada"
    with pytest.raises(auth.ConfigurationError):
        auth.user_key()(request)
    request.scope["state"]["config"] = {"auth": settings_of_app}
    assert auth.user_key()(request) == "user:ada"
    request.scope["state"]["config"] = {"jwt_secret": SECRET}  # a token with an audience is rejected
    assert auth.user_key()(request) == f"address:{UNTRUSTED}"


@pytest.mark.rule("rate.user")
def test_revoked_user_and_unavailable_revocations_have_the_key_of_the_address(auth):
    revocations = auth.MemoryRevocations()
    settings_of_app = auth.Auth(SECRET, revocations=revocations)
    token = settings_of_app.create_token("ada", "user")
    headers = [(b"authorization", f"Bearer {token}".encode())]
    request = request_from(UNTRUSTED, headers=headers, state={"config": {"auth": settings_of_app}})
    key = auth.user_key()
    assert key(request) == "user:ada"
    revocations.revoke_user("ada")
    assert key(request) == f"address:{UNTRUSTED}"

    class Unavailable(auth.MemoryRevocations):
        def is_revoked(self, claims):
            raise auth.RevocationsUnavailableError

    request.scope["state"]["config"] = {"auth": auth.Auth(SECRET, revocations=Unavailable())}
    assert key(request) == f"address:{UNTRUSTED}"


@pytest.mark.rule("rate.user")
def test_rejected_token_is_one_audit_event_for_the_limit_and_the_handler(fastware, auth, caplog):
    request = request_of_user(auth, key="another secret of 32 bytes or more")
    with caplog.at_level(logging.INFO, "fastware.auth"):
        auth.user_key()(request)
        with pytest.raises(fastware.HTTPError):
            auth.get_current_user(request)
    assert [record.event for record in caplog.records] == ["token_rejected"]


@pytest.mark.rule("rate.user")
def test_limits_are_those_of_each_user_and_each_address(fastware, auth):
    by_address = auth.client_address(trusted_proxies=["10.0.0.1"])

    @auth.rate_limit("2/hour", auth.user_key(address=by_address))
    def search(request):
        return 200

    def status(request):
        try:
            return search(request)
        except fastware.HTTPError as error:
            return error.status_code

    ada, eve = request_of_user(auth, "ada"), request_of_user(auth, "eve")
    first, second = (
        request_from("10.0.0.1", host, state={"config": {"jwt_secret": SECRET}}) for host in ("203.0.113.1", "::1")
    )
    requests = [ada, ada, ada, eve, first, first, first, second]
    assert [status(request) for request in requests] == [200, 200, 429, 200, 200, 200, 429, 200]
    search.limit.reset("user:ada")
    assert [status(ada), status(first)] == [200, 429]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"address": "203.0.113.7"}, "address must be a function that takes a request, not str"),
        ({"auth": SECRET}, "auth must be a fastware.auth.Auth, not str"),
    ],
)
def test_invalid_argument_of_user_key_is_an_error(auth, options, message):
    with pytest.raises(TypeError, match=message):
        auth.user_key(**options)
