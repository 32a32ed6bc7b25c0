"""The users of a file are parsed in pieces, and are what a parse of the whole gives."""

import json
from itertools import accumulate, combinations_with_replacement
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from user_files import user

from fastware.auth.users import file_users, records
from fastware.auth.users.file_users import NO_USERS, as_parts, parse_file
from fastware.auth.users.records import users_as_json

# Texts that look like the places where a file is divided, or have quotes that a careless count takes for others.
HOSTILE_TEXTS = (
    "},\n  {",
    "}, {",
    "\n]\n",
    "[",
    '"',
    '\\"',
    "\\",
    '"role": "admin"',
    users_as_json([user("eve")]).decode(),
    "José",
    "愛",
    "\u2028",
    "👩\u200d🚀",
    "",
)
TEXTS = st.sampled_from(HOSTILE_TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
USERS = st.builds(
    lambda name, role, further: user(name, role=role, **further),
    st.sampled_from([f"user {number}" for number in range(12)]) | TEXTS,
    TEXTS,
    st.dictionaries(TEXTS.filter(lambda name: name not in user("")), TEXTS, max_size=2),
)
LAYOUTS = (
    lambda each: users_as_json([each]).decode()[1:-3],
    json.dumps,
    lambda each: json.dumps(each, indent=4, ensure_ascii=False).replace("\n", "\r\n"),
    lambda each: json.dumps(each, indent="\t", separators=(" ,", ":\n")),
)
SEPARATORS = (",", ",\n", ", \n \n", "\n,\n", " ,\r\n\t")
FIELDS = json.dumps(user("invalid"))[:-1]
INVALID_USERS = (
    f'{FIELDS}, "role": "user"}}',
    f'{FIELDS}, "n": 1, "n": ["x"]}}',
    f'{FIELDS}, "n": ["x"]}}',
    f'{FIELDS}, "n": {{"a": "b"}}}}',
    f'{FIELDS}, "n": [{{"a": "b"}},\n{{"c": "d"}}]}}',
    f'{FIELDS}, "n": 5}}',
    f'{FIELDS}, "n": "\\ud800"}}',
    f'{FIELDS}, "n": "\n"}}',
    f'{FIELDS}, "n": NaN}}',
    f"{FIELDS},}}",
    FIELDS,
    '{"username": "incomplete"}',
    "{}",
    "5",
    "null",
    '"text"',
    "[]",
    "",
)
FRAGMENTS = (b"", b" ", b"\n", b",", b"[", b"]", b"{", b"}", b"},\n{", b'"', b"\\", b"\xff", b"\xef\xbb\xbf")
POSITIONS = st.integers(0, 10**6)
SIZES = st.sampled_from([1, 150, 400, 10**6])


def exactly_parsed(content):
    with mock.patch.object(records, "_is_plainly_valid", return_value=False):
        return records.parse_users(content)


def users_in(file):
    return [each for piece in file.pieces for each in piece.users.values()]


def items(users):
    """Return *users* so that the order of the fields is compared."""
    return [list(each.items()) for each in users]


def assert_is_parsed(content, known):
    """Check what is made of *content*. Returns the users to know from now on."""
    file, problem = parse_file(content, known)
    users, expected_problem = exactly_parsed(content)
    assert problem == expected_problem
    if problem is not None:
        return known
    assert file_users._parse_what_differs(content, known) is not None  # a valid file is never parsed twice
    assert items(users_in(file)) == items(users)
    assert file.by_name == {each["username"]: each for each in users}
    assert b"".join(piece.text for piece in file.pieces) == content
    assert parse_file(content, file) == (file, None)
    return file


def render(data, objects):
    text = data.draw(st.sampled_from(["[", "\n [ \n", "[\n"]))
    for number, each in enumerate(objects):
        text += data.draw(st.sampled_from(SEPARATORS)) * (number > 0) + each
    return (text + data.draw(st.sampled_from(["]", "\n]\n", " ] \r\n\t"]))).encode()


def edited_text(data, content, known):
    """Return *content* with a part of itself, or a fragment, in the place of another part."""
    lengths = [len(piece.text) for piece in known.pieces]
    positions = st.sampled_from([0, *accumulate(lengths)]) | POSITIONS
    start, stop, other, end = (data.draw(positions) % (len(content) + 1) for _ in range(4))
    return content[:start] + (content[other:end] or data.draw(st.sampled_from(FRAGMENTS))) + content[max(start, stop) :]


def edited_objects(data, objects):
    """Change, add, remove, move or repeat objects, most of which stay as they are."""
    objects = [*objects]
    for _ in range(data.draw(st.integers(1, 3))):
        start, stop, to = (data.draw(POSITIONS) % (len(objects) + 1) for _ in range(3))
        how = data.draw(st.sampled_from(["user", "user", "user", "invalid", "remove", "move", "repeat"]))
        moved = objects[start:stop]
        if how in ("remove", "move"):
            del objects[start : max(start, stop)]
        if how in ("move", "repeat"):
            objects[to:to] = moved
        elif how == "user":
            objects[start : start + data.draw(st.integers(0, 1))] = [
                data.draw(st.sampled_from(LAYOUTS))(data.draw(USERS))
            ]
        elif how == "invalid":
            objects[to:to] = [data.draw(st.sampled_from(INVALID_USERS))]
    return objects


@pytest.mark.rule("users.file")
@settings(max_examples=150, deadline=None)
@given(data=st.data(), size=SIZES, count=st.integers(0, 12))
def test_edited_file_has_the_users_and_errors_of_a_parse_of_the_whole(data, size, count):
    layout, known = data.draw(st.sampled_from(LAYOUTS)), NO_USERS
    objects = [layout(user(f"user {number}")) for number in range(count)]
    content = f"[{data.draw(st.sampled_from(SEPARATORS)).join(objects)}]".encode()
    with mock.patch.object(file_users, "_PIECE", size):
        for _ in range(5):
            known = assert_is_parsed(content, known)
            if data.draw(st.booleans()):
                content = edited_text(data, content, known)
            else:
                objects = edited_objects(data, objects)
                content = render(data, objects)


@pytest.mark.parametrize("separator", [",\n", " , \r\n"])
@pytest.mark.rule("users.file")
def test_file_that_is_edited_where_it_is_divided_is_parsed_like_the_whole(monkeypatch, separator):
    monkeypatch.setattr(file_users, "_PIECE", 1)
    content = f"[{separator.join(json.dumps(user(name)) for name in 'abcde')}\n]\n".encode()
    known = assert_is_parsed(content, NO_USERS)
    places = [0, *accumulate(len(piece.text) for piece in known.pieces)]
    assert len(places) == 6
    for start, stop in combinations_with_replacement(places, 2):
        for fragment in (*FRAGMENTS, b"\n]\n", known.pieces[2].text, json.dumps(user("new")).encode() + b","):
            assert_is_parsed(content[:start] + fragment + content[stop:], known)


CHANGES = st.lists(st.tuples(st.sampled_from(["put", "put", "remove"]), USERS), min_size=1, max_size=15)


@settings(max_examples=80, deadline=None)
@given(size=SIZES, count=st.integers(0, 8), changes=CHANGES)
@example(size=1, count=1, changes=[("remove", user("user 0")), ("put", user("user 1")), ("remove", user("user 1"))])
def test_change_gives_the_bytes_of_saving_all_users(size, count, changes):
    users = {f"user {number}": user(f"user {number}") for number in range(count)}
    with mock.patch.multiple(file_users, _PIECE=size, _PART=3):
        known = assert_is_parsed(users_as_json([*users.values()]), NO_USERS) if count else NO_USERS
        for how, each in changes:
            name = each["username"]
            if how == "put":
                users[name] = each
            elif users.pop(name, None) is None:
                continue
            content = b"".join(known.changed(name, each if how == "put" else None))
            assert content == users_as_json([*users.values()]) == b"".join(as_parts([*users.values()]))
            known = assert_is_parsed(content, known)


def test_changes_parse_only_the_pieces_around_them(monkeypatch):
    known, _ = parse_file(users_as_json([user(f"user {number}") for number in range(20_000)]), NO_USERS)
    assert len(known.pieces) > 40
    parsed, parse = [], file_users.parse_users
    monkeypatch.setattr(file_users, "parse_users", lambda content: parsed.append(len(content)) or parse(content))
    changed = known
    for name, after in (("user 0", None), ("user 9000", user("user 9000", role="admin")), ("}, {", user("}, {"))):
        changed, _ = parse_file(b"".join(changed.changed(name, after)), changed)
    assert max(parsed) < 2 * file_users._PIECE
    assert len(parsed) == 3
    all_at_once, _ = parse_file(b"".join(piece.text for piece in changed.pieces), known)
    assert all_at_once.by_name == changed.by_name
    assert max(parsed) < 2 * file_users._PIECE
    assert len(parsed) == 6
