"""What the frames of a traceback hold, which some reporters of errors show (rich, Sentry, cgitb).

A default traceback shows no locals. Of the others it is promised that the frames of these calls do not hold what was
not handed to them: the configured secret and the headers of a refused request, the hashes of a damaged file; nor the
password of a user that is hashed already. The frames of ``App`` hold the scope and the body, as those of any framework.
"""

from pathlib import Path

import pytest
import shown
from failures import FAILURES, World

import fastware as installed

PACKAGE = Path(installed.__file__).parent

REFUSED = [each for each in FAILURES if each.name.startswith(("current_user_", "another_role"))]
DAMAGED = [each for each in FAILURES if each.name.startswith("load_users_of_")]
UNSAVED = [each for each in FAILURES if each.name.startswith("create_user_where_") or each.name.endswith("read_only")]


@pytest.fixture
def world(engine_name, tmp_path):
    return World(engine_name, tmp_path)


def held_by_frames(failure, world):
    """``{(function, local): secrets}`` of the package's frames."""
    with shown.recorded(), pytest.raises(Exception) as raised:
        failure.make(world)
    held = shown.locals_of(raised.value, PACKAGE)
    return {place: found for place, text in held if (found := {name for name, _ in world.marks.found_in(text)})}


def name_of(failure):
    return failure.name


@pytest.mark.parametrize("failure", REFUSED, ids=name_of)
def test_a_refused_request_leaves_neither_secret_nor_headers_in_the_frames(world, failure):
    # The claims of a valid token, whose role is another, are no secret.
    claims = ("require_role.<locals>.current_user_with_role", "claims")
    held = {place: names for place, names in held_by_frames(failure, world).items() if place != claims}
    assert held == {}


@pytest.mark.parametrize("failure", DAMAGED, ids=name_of)
def test_a_damaged_user_file_leaves_nothing_of_it_in_the_frames(world, failure):
    held = {place: names & {"password hash"} for place, names in held_by_frames(failure, world).items()}
    assert not any(held.values()), held


@pytest.mark.parametrize("failure", UNSAVED, ids=name_of)
def test_a_save_that_fails_leaves_no_password_in_the_frames(world, failure):
    held = {place: names & {"password"} for place, names in held_by_frames(failure, world).items()}
    assert not any(held.values()), held


def test_the_search_finds_what_a_frame_holds(world):
    (failure,) = [each for each in FAILURES if each.name == "hash_password_over_72_bytes"]
    assert held_by_frames(failure, world)["hash_password", "plain"] == {"password"}


def test_there_are_failures_of_each_kind():
    assert len(REFUSED) > 10 and len(DAMAGED) > 15 and len(UNSAVED) == 3
