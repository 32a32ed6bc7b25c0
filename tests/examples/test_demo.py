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
    profile = '{"username":"alice","role":"admin","expires":'
    assert run.stdout.count(profile) == 2
    assert '{"message":"Welcome, admin alice","users":["alice","bob"]}' in run.stdout
    assert "200 200 200 200 200 429" in run.stdout
    missing, logged_out, ended = run.stdout.splitlines()[-3:]
    assert (missing, logged_out) == ('{"detail":"Missing CSRF token"}', '{"message":"Logged out"}')
    assert ended.startswith('{"detail":') and "token" in ended


def test_page_shows_engine_and_loads_its_assets(engine, tmp_path):
    with demo.running(tmp_path, servers.free_port(), engine) as running:
        page = httpx.get(running.url)
        assert page.status_code == 200
        assert f'<strong id="engine">{engine}</strong>' in page.text
        assert {"rust": "engine: Rust", "python": "engine: pure Python"}[engine] in running.welcome
        for asset in ("/page.css", "/page.js"):
            assert httpx.get(running.url + asset).status_code == 200


def test_printed_passwords_log_in_and_are_stored_hashed(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as running:
        for username, password in running.passwords.items():
            response = httpx.post(f"{running.url}/login", json={"username": username, "password": password})
            assert response.json()["role"] == {"alice": "admin", "bob": "user"}[username]
        users_file = running.users_file
        assert stat.S_IMODE(users_file.stat().st_mode) == 0o600
        assert not any(password in users_file.read_text() for password in running.passwords.values())
        assert httpx.get(f"{running.url}/profile", params={"token": response.json()["token"]}).status_code == 401


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
