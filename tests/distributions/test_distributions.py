"""The files in dist/, which ``make wheel`` builds: each is installed in a clean virtual environment and used.

``make test`` leaves these tests out; ``python -m pytest -m distributions`` runs them.
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

DIST = Path(__file__).parents[2] / "dist"
FALLBACK = "Installing the pure-Python engine"

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


def version():
    return pure_wheel().name.split("-")[1]


@pytest.fixture
def python(tmp_path):
    """Return the interpreter of a clean virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    return tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


def pip_install(python, *arguments, **environment):
    """Return the exit status of pip, and its output."""
    done = subprocess.run(
        [python, "-m", "pip", "install", "-v", *map(str, arguments)],
        cwd=python.parent,  # nothing of the checkout can be imported
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def install(python, *arguments, **environment):
    status, output = pip_install(python, *arguments, **environment)
    assert status == 0, output[-6000:]
    return output


def use(python, code=USE):
    """Return the last line that *code* prints, or the last line of its traceback."""
    done = subprocess.run([python, "-I", "-c", code], cwd=python.parent, capture_output=True, text=True)
    return (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1]


@pytest.fixture
def path_without_cargo(tmp_path):
    """Return a PATH with the programs that pip needs, but without Rust."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("sh", "cc", "gcc", "ld", "uname", "git", "ldd", "env"):
        if found := shutil.which(program):
            (folder / program).symlink_to(found)
    return str(folder)


# Wheels


@pytest.mark.parametrize(("wheel", "engine"), [(native_wheel, "rust"), (pure_wheel, "python")], ids=["native", "pure"])
def test_wheel_works(python, wheel, engine):
    install(python, f"{wheel()}[auth]")
    assert use(python) == f"{engine} {version()}"


@pytest.mark.parametrize("wheel", [native_wheel, pure_wheel], ids=["native", "pure"])
def test_wheel_without_extras_imports_and_names_what_is_missing(python, wheel):
    install(python, wheel())
    assert use(python, "import fastware, fastware.auth; print('imported')") == "imported"
    message = use(python, "import fastware.auth; fastware.auth.hash_password('x')")
    assert message.startswith("ImportError: ") and 'pip install "fastware[auth]"' in message
    result = use(python, "import fastware.auth; print(fastware.auth.create_token('ada', 'admin', 'x' * 32).count('.'))")
    assert result == "2" if wheel is native_wheel else 'pip install "fastware[auth]"' in result


@pytest.mark.parametrize(("wheel", "extensions"), [(native_wheel, 1), (pure_wheel, 0)], ids=["native", "pure"])
def test_wheel_contains_the_package_its_types_and_the_license(wheel, extensions):
    names = zipfile.ZipFile(wheel()).namelist()
    assert {"fastware/py.typed", "fastware/_engine/_rust.pyi", "fastware/_engine/contract.py"} <= set(names)
    pages = ("page.html", "page.css", "page.js", "attacks.js", "exchanges.js")
    attacker = ("attacker.html", "attacker.css", "attacker.js")
    assert {"fastware/auth/common_passwords.txt", *(f"fastware/demo/{each}" for each in pages + attacker)} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert [name for name in names if not name.startswith(("fastware/", "fastware-"))] == []
    assert sum(name.endswith((".so", ".pyd")) for name in names) == extensions


# The sdist

SDIST = {"build_backend", "python", "rust", "Cargo.toml", "Cargo.lock", "pyproject.toml", "PKG-INFO"}
SDIST_TEXTS = {"README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md"}


def test_sdist_contains_what_a_build_needs_and_nothing_else():
    with tarfile.open(sdist()) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {name.partition("/")[0] for name in names} - {"", ".gitignore"} == SDIST | SDIST_TEXTS
    assert {"rust/core/src/lib.rs", "build_backend/fastware_build.py", "python/fastware/py.typed"} <= set(names)
    assert [name for name in names if name.endswith((".so", ".pyd", ".pyc"))] == []


def test_sdist_builds_the_rust_engine_where_there_is_a_toolchain(python):
    install(python, f"{sdist()}[auth]", FASTWARE_BUILD="rust")
    assert use(python) == f"rust {version()}"


def test_sdist_falls_back_to_python_without_a_toolchain(python, path_without_cargo):
    output = install(python, f"{sdist()}[auth]", PATH=path_without_cargo)
    assert use(python) == f"python {version()}"
    assert "no Rust toolchain (cargo) was found" in output and FALLBACK in output


def test_sdist_falls_back_to_python_where_crates_cannot_be_fetched(python, tmp_path):
    rustup = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))
    offline = {"CARGO_HOME": str(tmp_path / "cargo"), "RUSTUP_HOME": rustup, "CARGO_NET_OFFLINE": "true"}
    output = install(python, f"{sdist()}[auth]", **offline)
    assert use(python) == f"python {version()}"
    assert "the Rust engine could not be built" in output and FALLBACK in output


def test_required_rust_build_fails_without_a_toolchain(python, path_without_cargo):
    status, output = pip_install(python, sdist(), FASTWARE_BUILD="rust", PATH=path_without_cargo)
    assert status != 0
    assert "cargo" in output


def test_unknown_kind_of_build_names_the_choices(python):
    status, output = pip_install(python, sdist(), FASTWARE_BUILD="jit")
    assert status != 0
    assert "it must be one of: auto, rust, pure" in output


def test_pure_editable_build_removes_an_earlier_rust_engine(python, tmp_path):
    with tarfile.open(sdist()) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("fastware-*")
    install(python, "-e", f"{source}[auth]", FASTWARE_BUILD="rust")
    assert use(python) == f"rust {version()}"
    install(python, "-e", source, FASTWARE_BUILD="pure")
    assert use(python) == f"python {version()}"
