"""The loops that time calls: they make each call, with the right arguments, and count nothing else."""

import asyncio

import pytest
from benches.call import Each, Evaluated, awaited, call
from benches.loop import empty_loop, loop_of


def recorder(calls):
    def record(*arguments):
        calls.append(arguments)

    return record


def numbers():
    return iter(range(1_000)).__next__


@pytest.mark.parametrize("arguments", [(), ("a",), ("a", "b"), ("a", "b", "c")])
def test_calls_as_often_as_it_is_told_to(arguments):
    calls = []
    seconds = loop_of(call(recorder(calls), *arguments))(5)
    assert calls == [arguments] * 5
    assert seconds > 0


def test_many_calls_come_after_a_few_that_do_not_count():
    calls = []
    loop_of(call(calls.append, Each(numbers())))(80)
    assert calls == list(range(88))


def test_an_argument_that_is_evaluated_is_so_for_each_call():
    calls = []
    loop_of(call(recorder(calls), "key", Evaluated(numbers())))(3)
    assert calls == [("key", 0), ("key", 1), ("key", 2)]


def test_an_argument_that_each_call_gets_is_made_before_the_first():
    events = []
    number = numbers()

    def make():
        events.append("made")
        return number()

    loop_of(call(events.append, Each(make)))(2)
    assert events == ["made", "made", 0, 1]


def test_a_refusal_is_an_answer():
    def refuse():
        raise LookupError

    refused = call(refuse, refusal=LookupError)
    assert loop_of(refused)(3) > 0
    assert isinstance(refused.answer(), LookupError)


def test_another_exception_is_none():
    def fail():
        raise ValueError

    with pytest.raises(ValueError):
        loop_of(call(fail, refusal=LookupError))(1)


def test_what_is_awaited_is_awaited_in_one_task():
    tasks = []

    async def serve(request):
        tasks.append((request, asyncio.current_task()))
        return request

    served = awaited(serve, Each(numbers()))
    loop_of(served)(3)
    assert [request for request, _ in tasks] == [0, 1, 2]
    assert len({task for _, task in tasks}) == 1
    assert served.answer() == 3


def test_an_empty_loop_takes_next_to_nothing():
    assert 0 < empty_loop(100_000) / 100_000 < 1e-6
