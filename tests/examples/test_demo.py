"""The demo, started as in a terminal."""

import shutil
import signal
import socket
import stat
import subprocess

import demo
import engines
import httpx
import pytest
import servers

BASH = shutil.which("bash")


@pytest.fixture(scope="module", params=engines.BUILT)
def engine(request):
    return request.param


def test_printed_curl_commands_work(engine, tmp_path):
    if not BASH or not shutil.which("curl"):
        pytest.skip("needs bash and curl")
    with demo.running(tmp_path / "demo", servers.free_port(), engine) as running:
        run = subprocess.run(
            [BASH, "-c", running.shell_lines], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
    profile, admin, searches, sent, forged, guesses, expired, logged_out, stolen = run.stdout.splitlines()
    assert profile.startswith('{"username":"alice","role":"admin","expires":')
    assert admin == '{"message":"Welcome, admin alice","users":["alice","bob","carol"]}'
    assert searches.split() == ["200"] * 5 + ["429"]
    assert sent == '{"message":"Sent 10 coins","coins":990}'
    assert forged.startswith('{"detail":"Cross-site request: ')
    assert guesses.split() == ["401"] * 5 + ["429"]
    assert logged_out == '{"message":"Logged out"}'
    assert expired == stolen == '{"detail":"Invalid or expired token"}'


def test_page_shows_engine_and_loads_its_assets(engine, tmp_path):
    with demo.running(tmp_path, servers.free_port(), engine) as running:
        page = httpx.get(running.url)
        assert page.status_code == 200
        assert f'<strong id="engine">{engine}</strong>' in page.text
        assert {"rust": "engine: Rust", "python": "engine: pure Python"}[engine] in running.welcome
        assets = ("page.css", "page.js", "attacks.js", "exchanges.js")
        assert [httpx.get(f"{running.url}/{asset}").status_code for asset in assets] == [200] * 4


# The passwords and the exchanges of a demo are for pages of the demo on this machine.


def test_passwords_are_shown_to_this_machine_only(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as running:
        response = httpx.get(f"{running.url}/demo/accounts")
        assert response.json() == running.passwords
        assert response.headers["cache-control"] == "no-store"
        assert not any(name.startswith("access-control") for name in response.headers)
        for headers, status in (
            ({"Host": "localhost"}, 200),
            ({"Host": "app.localhost:8000"}, 200),
            ({"Host": "attacker.test"}, 421),  # DNS rebinding: this name resolves to 127.0.0.1
            ({"Host": "127.0.0.1.attacker.test"}, 421),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
        ):
            for path in ("/demo/accounts", "/demo/exchanges"):
                assert httpx.get(running.url + path, headers=headers).status_code == status, (path, headers)
        with socket.socket() as socket_of_another_address:
            # All of 127/8 is this machine, and the demo listens on one address of it.
            assert socket_of_another_address.connect_ex(("127.0.0.2", running.port)) != 0


def test_exchange_shows_raw_messages_with_secrets_apart(tmp_path):
    # A login would replace a hash of the lowest cost, which is another audit event.
    with demo.running(tmp_path, servers.free_port(), start=demo.START) as running:
        password = running.passwords["alice"]
        httpx.post(f"{running.url}/login", json={"username": "alice", "password": password})
        for body in (f'{{"password" : "{password}"}}', f"a=b&password={password}&c=d"):  # rejected, and recorded
            httpx.post(f"{running.url}/login", content=body)
        (exchange, *others) = httpx.get(f"{running.url}/demo/exchanges").json()
        number = others[-1]["number"]
        for after, kept in ((number, 0), ("9" * 5_000, 3), ("-1", 3)):
            assert len(httpx.get(f"{running.url}/demo/exchanges", params={"after": after}).json()) == kept
    assert [[text for text, is_secret in each["request"] if is_secret] for each in others] == [[password]] * 2
    shown, hidden = ({text for text, is_secret in exchange["request"] if is_secret is hide} for hide in (False, True))
    assert hidden == {password}
    assert "".join(shown).count("POST /login HTTP/1.1\nhost: 127.0.0.1") == 1
    assert len([text for text, is_secret in exchange["response"] if is_secret]) == 2  # the two cookies
    assert exchange["audit"] == ["login_succeeded: username='alice', address='127.0.0.1'"]


def test_printed_passwords_log_in_and_are_stored_hashed(tmp_path):
    with demo.running(tmp_path, servers.free_port(), start=demo.START) as running:
        for username, password in running.passwords.items():
            response = httpx.post(f"{running.url}/login", json={"username": username, "password": password})
            assert response.json()["role"] == {"alice": "admin", "bob": "user"}[username]
        users_file = running.users_file
        assert stat.S_IMODE(users_file.stat().st_mode) == 0o600
        assert not any(password in users_file.read_text() for password in running.passwords.values())
        assert httpx.get(f"{running.url}/profile", params={"token": response.cookies["session"]}).status_code == 401


def test_each_start_creates_new_passwords(tmp_path):
    port = servers.free_port()
    with demo.running(tmp_path, port) as first:
        first.interrupt()
    with demo.running(tmp_path, port) as second:
        assert first.passwords.keys() == second.passwords.keys() == {"alice", "bob"}
        assert not set(first.passwords.values()) & set(second.passwords.values())


def test_port_in_use_is_skipped_with_a_message(tmp_path):
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        port = occupied.getsockname()[1]
        with demo.running(tmp_path, port) as running:
            assert f"Port {port} is in use; using " in running.welcome
            assert httpx.get(running.url).status_code == 200


def test_ctrl_c_stops_demo_during_an_unfinished_request(tmp_path):
    port = servers.free_port()
    with demo.running(tmp_path, port) as running, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        httpx.get(running.url)
        status, output = running.interrupt()
    assert status == 0
    assert "Traceback" not in output


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
def test_closed_terminal_stops_demo(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as running:
        status, _ = running.interrupt(signal.SIGHUP)
    assert status == 0
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_stops_demo_without_traceback_and_deletes_users(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as running:
        assert running.users_file.exists()
        status, output = running.interrupt()
    assert status == 0
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == []


def test_demo_without_a_folder_leaves_no_files(tmp_path):
    with demo.running(None, servers.free_port(), TMPDIR=str(tmp_path)) as running:
        assert len(list(tmp_path.glob("*/users-*.json"))) == 1
        running.interrupt()
    assert list(tmp_path.iterdir()) == []


def test_two_demos_run_from_one_folder(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as first, demo.running(tmp_path, servers.free_port()) as second:
        for running in (first, second):
            login = {"username": "alice", "password": running.passwords["alice"]}
            assert httpx.post(f"{running.url}/login", json=login).status_code == 200
        for running in (first, second):
            status, output = running.interrupt()
            assert (status, "Traceback" in output) == (0, False)
