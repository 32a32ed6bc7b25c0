"""The simulation of leases runs the code of the product."""

from benches.leases import simulate


def test_simulated_lease_saves_round_trips_and_admits_no_more_than_the_limit():
    exact, leased = (simulate("the whole limit in one second", 4, lease) for lease in (1, 20))
    assert (exact.round_trips, exact.stranded, exact.beyond) == (1, 0, 0)
    assert leased.round_trips < 0.1
    assert 0 < leased.stranded < 0.01
    assert leased.beyond < 0
