"""What users install: each file of dist/ in a clean virtual environment, and the sources on machines of other kinds.

``make check-wheels`` makes the files and runs this; ``make test`` does not.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.distributions

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
PYTHON_FALLBACK = "Installing the pure-Python engine: the same behaviour, slower."

USE = """
import tempfile

import fastware
from fastware import *
from fastware.auth import *
from fastware.auth import _get_asgi_cookie, _get_asgi_header

secret = "a secret of at least thirty-two bytes"
token = create_token("ada", "admin", secret)
assert verify_token(token, secret)["sub"] == "ada"
assert verify_token(token[:-2], secret) is None
assert verify_password("hunter2", hash_password("hunter2", cost=4))
assert not verify_password("hunter3", hash_password("hunter2", cost=4))
headers = [(b"cookie", b"a=1; session=" + token.encode())]
assert _get_asgi_cookie(headers, "session") == token
assert _get_asgi_header(headers, b"cookie").startswith(b"a=1")
store = JSONFileUserStore(tempfile.mkdtemp() + "/users.json")
store.create_user("ada", "hunter2", "admin")
assert store.find_user("ada")["role"] == "admin"

@rate_limit("1/hour")
def search(request):
    return {}

request = Request({"client": ("127.0.0.1", 1), "headers": headers, "state": {"config": {"jwt_secret": secret}}})
assert search(request) == {}
try:
    search(request)
except HTTPError as error:
    assert error.status_code == 429
else:
    raise AssertionError("the second call was admitted")
assert get_current_user(request)["role"] == "admin"
create_app(Router(), middleware=[CSRFMiddleware])
print(ENGINE, fastware.__version__)
"""


def only(pattern):
    found = list(DIST.glob(pattern))
    assert len(found) == 1, f"{pattern} in dist/: {found}; run: make wheel"
    return found[0]


def native_wheel():
    return only("fastware-*-cp3*.whl")


def pure_wheel():
    return only("fastware-*-py3-none-any.whl")


def sdist():
    return only("fastware-*.tar.gz")


@pytest.fixture
def install(tmp_path):
    """Install something in a clean virtual environment; the interpreter, and what the installation printed."""

    def installed(what, **environment):
        subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
        python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        done = subprocess.run(
            [python, "-m", "pip", "install", "-v", str(what)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return python, done.stdout + done.stderr

    return installed


def use(python, code=USE):
    """The last line that *code* prints, run where nothing of the checkout can be imported."""
    done = subprocess.run([python, "-I", "-c", code], cwd=python.parent, capture_output=True, text=True)
    return (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1]


def version():
    return pure_wheel().name.split("-")[1]


def test_the_native_wheel_works_on_the_rust_engine(install):
    python, _ = install(f"{native_wheel()}[auth]")
    assert use(python) == f"rust {version()}"


def test_the_pure_wheel_works_on_the_python_engine(install):
    python, _ = install(f"{pure_wheel()}[auth]")
    assert use(python) == f"python {version()}"


def test_the_sdist_is_built_with_the_rust_engine_where_there_is_a_toolchain(install):
    python, _ = install(f"{sdist()}[auth]", FASTWARE_BUILD="rust")
    assert use(python) == f"rust {version()}"


def path_without_cargo(folder):
    """A PATH with the programs that pip needs, and no Rust."""
    folder.mkdir()
    for program in ("sh", "cc", "gcc", "ld", "uname", "git", "ldd", "env"):
        if found := shutil.which(program):
            (folder / program).symlink_to(found)
    return str(folder)


def test_the_sdist_falls_back_to_python_where_there_is_no_toolchain_and_says_so(install, tmp_path):
    python, printed = install(f"{sdist()}[auth]", PATH=path_without_cargo(tmp_path / "bin"))
    assert use(python) == f"python {version()}"
    assert "no Rust toolchain (cargo) was found" in printed
    assert PYTHON_FALLBACK in printed


def test_the_sdist_falls_back_to_python_where_crates_cannot_be_fetched_and_says_so(install, tmp_path):
    rustup = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))
    offline = {"CARGO_HOME": str(tmp_path / "cargo"), "RUSTUP_HOME": rustup, "CARGO_NET_OFFLINE": "true"}
    python, printed = install(f"{sdist()}[auth]", **offline)
    assert use(python) == f"python {version()}"
    assert "the Rust engine could not be built" in printed
    assert PYTHON_FALLBACK in printed


def test_a_build_that_must_be_rust_fails_where_there_is_no_toolchain(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    environment = {**os.environ, "FASTWARE_BUILD": "rust", "PATH": path_without_cargo(tmp_path / "bin")}
    command = [tmp_path / "venv" / "bin" / "python", "-m", "pip", "install", str(sdist())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "cargo" in done.stdout + done.stderr


def test_an_unknown_kind_of_build_names_the_choices(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    command = [tmp_path / "venv" / "bin" / "python", "-m", "pip", "install", str(sdist())]
    done = subprocess.run(command, env={**os.environ, "FASTWARE_BUILD": "jit"}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "it must be one of: auto, rust, pure" in done.stdout + done.stderr


@pytest.mark.parametrize("wheel", [native_wheel, pure_wheel], ids=["native", "pure"])
def test_without_extras_it_imports_and_a_call_says_what_is_missing(install, wheel):
    python, _ = install(wheel())
    assert use(python, "import fastware, fastware.auth; print('imported')") == "imported"
    message = use(python, "import fastware.auth; fastware.auth.hash_password('x')")
    assert message.startswith("ImportError: ") and 'pip install "fastware[auth]"' in message
    create = "import fastware.auth; print(fastware.auth.create_token('ada', 'admin', 'x' * 32).count('.'))"
    result = use(python, create)
    assert result == "2" if wheel is native_wheel else 'pip install "fastware[auth]"' in result


def test_the_wheels_hold_the_package_its_types_and_the_licence():
    for wheel in (native_wheel(), pure_wheel()):
        names = zipfile.ZipFile(wheel).namelist()
        assert {"fastware/py.typed", "fastware/_engine/_rust.pyi", "fastware/_engine/contract.py"} <= set(names)
        assert any(name.endswith("licenses/LICENSE") for name in names)
        assert all(name.startswith(("fastware/", "fastware-")) for name in names)
        compiled = [name for name in names if name.endswith((".so", ".pyd"))]
        assert len(compiled) == (0 if wheel == pure_wheel() else 1)


def test_the_sdist_holds_what_a_build_and_its_tests_need():
    with tarfile.open(sdist()) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in (
        "Cargo.lock",
        "rust/core/src/lib.rs",
        "build_backend/fastware_build.py",
        "tests/conftest.py",
        "LICENSE",
    ):
        assert needed in names
    assert not any(name.endswith(".so") or name.startswith(("target/", ".venv")) for name in names)


def test_a_pure_editable_build_takes_an_earlier_rust_engine_away(install, tmp_path):
    with tarfile.open(sdist()) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("fastware-*")
    python, _ = install(f"-e{source}[auth]", FASTWARE_BUILD="rust")
    assert use(python) == f"rust {version()}"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "-e", source], env={**os.environ, "FASTWARE_BUILD": "pure"}, check=True
    )
    assert use(python) == f"python {version()}"
