"""The files on the pages of docs/how-to/. Their Python code runs in ``test_readme.py``."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCKER = (Path(__file__).parents[1] / "docs/how-to/docker.md").read_text("utf-8")


@pytest.mark.skipif(not shutil.which("sh"), reason="needs sh")
@pytest.mark.parametrize("file", ["jwt_secret", "missing"])
def test_entrypoint_of_the_container_takes_the_secret_from_the_file_if_there_is_one(file, tmp_path):
    (tmp_path / "entrypoint.sh").write_text(re.search(r"^```sh\n(.*?)^```$", DOCKER, re.MULTILINE | re.DOTALL)[1])
    (tmp_path / "jwt_secret").write_text("from the file\n")
    environment = {**os.environ, "FASTWARE_JWT_SECRET": "from the environment", "FASTWARE_JWT_SECRET_FILE": file}
    command = ["sh", "entrypoint.sh", "printenv", "FASTWARE_JWT_SECRET", "PYTHONPATH"]
    printed = subprocess.check_output(command, cwd=tmp_path, env=environment, text=True).splitlines()
    assert printed == ["from the file" if file == "jwt_secret" else "from the environment", "/srv"]
