"""A pytest plugin that prints, after collection, how many tests name each rule of docs/behaviour.md."""

from collections import Counter


def pytest_collection_finish(session):
    counts = Counter(rule for item in session.items for mark in item.iter_markers("rule") for rule in mark.args)
    for rule, count in sorted(counts.items()):
        print(f"rule {rule} {count}")
