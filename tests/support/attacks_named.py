"""A pytest plugin that prints the rows of the corpus of hostile input: test, name and source, one row a line."""


def pytest_collection_finish(session):
    rows = {}
    for item in session.items:
        for mark in item.iter_markers("attack"):
            (attack,) = mark.args
            rows[item.function.__qualname__, item.path.name, attack.name, attack.source] = None
    for test, file, name, source in rows:
        print("attack", f"{file}::{test}", name, source, sep="\t")
