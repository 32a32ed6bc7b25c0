"""JSONFileUserStore: the format of the file, and damaged files.

tests/models/test_user_store_model.py tests sequences of calls and of manual edits.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import interpreters
import pytest
from error_text import shown_by
from user_files import HASH, damaged_files, invalid_users, leftovers, names_in, read, user

SECRET = "hunter2-must-not-be-shown"
ADA = user("ada", note=SECRET)


# The content of the file


def test_loading_creates_neither_file_nor_folder(auth, tmp_path):
    auth.JSONFileUserStore(tmp_path / "not" / "there" / "users.json").load_users()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("users", [[user("ada", role="admin"), user("bob")], []], ids=["two users", "no users"])
def test_saved_users_are_loaded_and_are_a_json_array(store, path, users):
    store.save_users([user("old")])
    store.save_users(users)
    assert store.load_users() == read(path) == users


def test_file_has_one_field_a_line_and_unescaped_characters(store, path):
    store.save_users([user("José"), user("愛麗絲")])
    expected = "[\n  {\n" + ",\n".join(f'    "{name}": "{value}"' for name, value in user("José").items()) + "\n  },\n"
    text = path.read_text("utf-8")
    assert text.startswith(expected)
    assert '"愛麗絲"' in text and text.endswith("\n  }\n]\n")


@pytest.mark.parametrize("as_argument", [str, Path, os.path.relpath], ids=["str", "Path", "relative"])
def test_path_may_be_str_or_path_or_relative(auth, path, monkeypatch, as_argument):
    monkeypatch.chdir(path.parent)
    auth.JSONFileUserStore(as_argument(path)).create_user("ada", "password", "admin")
    assert names_in(path) == ["ada"]


NAMES = ["a b.json", "users", "愛.json", ".hidden", "[a-z]*?.json", "%s.json", "-n", "x" * 100]


@pytest.mark.parametrize("name", NAMES)
def test_file_may_have_any_name(auth, tmp_path, name):
    store = auth.JSONFileUserStore(tmp_path / name)
    store.create_user("ada", "password", "admin")
    store.create_user("bob", "password", "admin")
    assert names_in(tmp_path / name) == ["ada", "bob"]


def test_missing_parent_folders_are_created(auth, tmp_path):
    path = tmp_path / "a" / "b" / "users.json"
    auth.JSONFileUserStore(path).save_users([user("ada")])
    assert names_in(path) == ["ada"]


def test_only_an_empty_lock_file_is_beside_the_file(store, path):
    for number in range(3):
        store.create_user(f"user {number}", "password", "user")
    store.delete_user("user 0")
    assert leftovers(path) == []
    assert [file.stat().st_size for file in path.parent.iterdir() if file != path] == [0]


@pytest.mark.parametrize("layout", [{"indent": 8}, {"separators": (",", ":")}, {"indent": "\t"}, {"sort_keys": True}])
def test_any_json_layout_is_read(store, path, layout):
    path.write_text("\r\n " + json.dumps([user("José"), user("bob")], **layout) + "\n\n", encoding="utf-8")
    assert store.load_users() == [user("José"), user("bob")]


IN_ASCII_LOCALE = """
import codecs, locale, sys
from fastware.auth import JSONFileUserStore
store = JSONFileUserStore(sys.argv[1])
(jose,) = store.load_users()
store.save_users([{**jose, "username": "\\u611b"}])
print(codecs.lookup(locale.getpreferredencoding(False)).name, ascii(jose["username"]))
"""


def test_file_is_utf_8_in_an_ascii_locale(path, engine_name):
    path.write_bytes(json.dumps([user("José")], ensure_ascii=False).encode())
    environment = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert interpreters.run(IN_ASCII_LOCALE, path, engine=engine_name, **environment) == "ascii 'Jos\\xe9'"
    assert '"愛"' in path.read_text("utf-8")


# Damaged files and invalid users

DAMAGED = damaged_files(ADA, SECRET)
each_damaged_file = pytest.mark.parametrize(("content", "place"), DAMAGED.values(), ids=DAMAGED)


@each_damaged_file
@pytest.mark.rule("users.file")
def test_damaged_file_raises_an_error_that_names_the_place_and_shows_no_content(auth, store, path, content, place):
    path.write_bytes(content)
    with pytest.raises(auth.UserFileError) as raised:
        store.load_users()
    assert str(raised.value).startswith(f"{path}{place}")
    text = shown_by(raised.value).replace(str(path), "")
    assert [secret for secret in (SECRET, HASH, "ada", "77777") if secret in text] == []


@each_damaged_file
@pytest.mark.rule("users.file")
def test_every_call_leaves_a_damaged_file_untouched(auth, store, path, content, place):
    path.write_bytes(content)
    before = path.stat()
    for call in (
        store.load_users,
        lambda: store.find_user("ada"),
        lambda: store.create_user("eve", "password", "user"),
        lambda: store.delete_user("ada"),
    ):
        with pytest.raises(auth.UserFileError):
            call()
    assert path.read_bytes() == content
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert leftovers(path) == []


def test_file_that_is_cut_anywhere_raises(auth, store, path):
    store.save_users([user("José"), user("愛")])
    whole = path.read_bytes().rstrip()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(auth.UserFileError):
            store.load_users()


def test_user_file_error_is_a_value_error(auth):
    assert issubclass(auth.UserFileError, ValueError)


INVALID = invalid_users(ADA, SECRET)
INVALID["datetime"] = ([{**ADA, "created_at": datetime.now(UTC)}], ", user 1: 'created_at' must be a string")


@pytest.mark.parametrize("exists", [True, False], ids=["existing file", "missing file"])
@pytest.mark.parametrize(("users", "place"), INVALID.values(), ids=INVALID)
@pytest.mark.rule("users.file")
def test_saving_invalid_users_raises_and_leaves_the_file_untouched(auth, store, path, users, place, exists):
    if exists:
        store.save_users([user("bob")])
    with pytest.raises(auth.UserFileError) as raised:
        store.save_users(users)
    assert str(raised.value).startswith(f"the users to save{place}")
    assert [secret for secret in (SECRET, HASH) if secret in shown_by(raised.value)] == []
    assert path.exists() == exists
    assert store.load_users() == [user("bob")] * exists
    assert leftovers(path) == []
