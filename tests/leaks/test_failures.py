"""Whatever fails, no secret is shown: not in what is raised, logged, warned of, printed or answered."""

import pytest
import shown
from asgi_client import Answer
from failures import FAILURES, World


def outcome_of(failure, world):
    """What came of it, and by name all the texts in which a secret might stand."""
    error = result = None
    with shown.recorded() as output:
        try:
            result = failure.make(world)
        except BaseException as raised:
            error = raised
    texts = output.texts
    if error is not None:
        return type(error).__name__, texts | shown.of_error(error)
    if isinstance(result, Answer):
        return result.status, {**texts, "body": result.body.decode("latin-1"), "headers": repr(result.headers)}
    return result, texts


@pytest.fixture
def world(engine_name, tmp_path):
    return World(engine_name, tmp_path)


@pytest.mark.rule("engines.silent")
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_a_failure_shows_no_secret(world, failure, capfd):
    outcome, texts = outcome_of(failure, world)
    texts["file descriptors"] = "".join(capfd.readouterr())
    leaks = {place: found for place, text in texts.items() if (found := world.marks.found_in(text))}
    assert leaks == {}
    assert outcome == failure.outcome


def test_failures_have_names_of_their_own():
    names = [failure.name for failure in FAILURES]
    assert sorted({name for name in names if names.count(name) > 1}) == []
