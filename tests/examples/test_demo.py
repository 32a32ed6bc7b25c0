"""The demo from the terminal: what it prints works, and Ctrl-C ends it."""

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


def test_the_printed_shell_lines_do_what_they_say(engine, tmp_path):
    if not BASH or not shutil.which("curl"):
        pytest.skip("bash and curl are needed to run the printed lines")
    with demo.running(tmp_path / "demo", servers.free_port(), engine) as running:
        done = subprocess.run(
            [BASH, "-c", running.shell_lines], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
    profile = '{"username":"alice","role":"admin","expires":'
    assert done.stdout.count(profile) == 2
    assert '{"message":"Welcome, admin alice","users":["alice","bob"]}' in done.stdout
    assert "200 200 200 200 200 429" in done.stdout
    assert done.stdout.endswith('{"detail":"Missing CSRF token"}\n{"message":"Logged out"}\n')


def test_the_demo_says_its_engine_and_serves_the_page(engine, tmp_path):
    with demo.running(tmp_path, servers.free_port(), engine) as running:
        page = httpx.get(running.url)
        assert page.status_code == 200
        assert f'<strong id="engine">{engine}</strong>' in page.text
        assert {"rust": "engine: Rust", "python": "engine: pure Python"}[engine] in running.welcome
        for asset in ("/page.css", "/page.js"):
            assert httpx.get(running.url + asset).status_code == 200


def test_the_passwords_are_those_of_the_printed_users_and_not_kept_in_the_clear(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as running:
        for username, password in running.passwords.items():
            answer = httpx.post(f"{running.url}/login", json={"username": username, "password": password})
            assert answer.json()["role"] == {"alice": "admin", "bob": "user"}[username]
        users_file = running.users_file
        assert stat.S_IMODE(users_file.stat().st_mode) == 0o600
        assert not any(password in users_file.read_text() for password in running.passwords.values())
        assert httpx.get(f"{running.url}/profile", params={"token": answer.json()["token"]}).status_code == 401


def test_each_start_makes_new_passwords(tmp_path):
    port = servers.free_port()
    with demo.running(tmp_path, port) as first:
        first.interrupt()
    with demo.running(tmp_path, port) as second:
        assert first.passwords.keys() == second.passwords.keys() == {"alice", "bob"}
        assert not set(first.passwords.values()) & set(second.passwords.values())


def test_a_taken_port_is_passed_over_and_it_says_so(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with demo.running(tmp_path, port) as running:
            assert f"Port {port} is taken; using " in running.welcome
            assert httpx.get(running.url).status_code == 200


def test_ctrl_c_ends_the_demo_though_a_client_holds_a_request_open(tmp_path):
    port = servers.free_port()
    with demo.running(tmp_path, port) as running, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        httpx.get(running.url)
        status, rest = running.interrupt()
    assert status == 0
    assert "Traceback" not in rest


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
def test_a_closed_terminal_ends_the_demo(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as running:
        status, _ = running.interrupt(signal.SIGHUP)
    assert status == 0
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_the_demo_without_a_traceback_and_removes_its_users(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as running:
        assert running.users_file.exists()
        status, rest = running.interrupt()
    assert status == 0
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


def test_two_demos_in_one_folder_do_not_disturb_each_other(tmp_path):
    with demo.running(tmp_path, servers.free_port()) as first, demo.running(tmp_path, servers.free_port()) as second:
        for running in (first, second):
            login = {"username": "alice", "password": running.passwords["alice"]}
            assert httpx.post(f"{running.url}/login", json=login).status_code == 200
        for running in (first, second):
            status, rest = running.interrupt()
            assert (status, "Traceback" in rest) == (0, False)
