"""Guessing at status links is slowed down by address and overall, and nobody else is."""

from services.notify.domain.guessing import MissedLinks, MissLimits

LIMITS = MissLimits(per_address=3, per_address_a_minute=6, overall=5, overall_a_minute=60)


def miss(links: MissedLinks, address: str, times: int, now_s: float = 0.0) -> None:
    for _ in range(times):
        links.note_miss(address, now_s)


def test_who_never_missed_waits_for_nothing() -> None:
    assert MissedLinks(LIMITS).wait_s("203.0.113.1", 0.0) == 0


def test_an_address_that_missed_too_often_waits_until_a_miss_has_dripped_in() -> None:
    links = MissedLinks(LIMITS)
    miss(links, "203.0.113.1", 2)
    assert links.wait_s("203.0.113.1", 0.0) == 0
    miss(links, "203.0.113.1", 1)
    assert links.wait_s("203.0.113.1", 0.0) == 10
    assert links.wait_s("203.0.113.1", 4.0) == 6
    assert links.wait_s("203.0.113.1", 10.0) == 0


def test_another_address_is_not_held_to_account() -> None:
    links = MissedLinks(LIMITS)
    miss(links, "203.0.113.1", 3)
    assert links.wait_s("203.0.113.2", 0.0) == 0


def test_when_too_many_miss_overall_only_those_who_missed_lately_wait() -> None:
    links = MissedLinks(LIMITS)
    for n in range(5):
        miss(links, f"203.0.113.{n}", 1)
    assert links.wait_s("203.0.113.0", 0.0) == 1
    assert links.wait_s("203.0.113.0", 1.0) == 0
    assert links.wait_s("198.51.100.1", 0.0) == 0


def test_a_miss_is_forgotten_once_it_has_dripped_in_again() -> None:
    links = MissedLinks(LIMITS)
    miss(links, "203.0.113.1", 1)
    miss(links, "203.0.113.2", 3, now_s=10.0)
    miss(links, "203.0.113.3", 3, now_s=10.0)
    # The street as a whole is over its limit, this address has had its ten seconds.
    assert links.wait_s("203.0.113.1", 10.0) == 0
    assert links.wait_s("203.0.113.2", 10.0) == 10


def test_the_addresses_of_one_home_count_as_one() -> None:
    links = MissedLinks(LIMITS)
    for n in range(3):
        miss(links, f"2001:db8:0:1::{n}", 1)
    assert links.wait_s("2001:db8:0:1::99", 0.0) == 10
    assert links.wait_s("2001:db8:0:2::1", 0.0) == 0


def test_misses_beyond_the_limit_do_not_make_the_wait_longer() -> None:
    links = MissedLinks(LIMITS)
    miss(links, "203.0.113.1", 500)
    assert links.wait_s("203.0.113.1", 0.0) == 10
