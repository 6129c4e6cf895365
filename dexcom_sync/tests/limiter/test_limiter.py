"""The shared budget, against a real Valkey. Time is Valkey's own: budgets are made so small or so large that a test
sees hours in them, and keys are set back where minutes have to pass.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dexcom_sync.client import (
    BadRequest,
    RateLimited,
    ServerTrouble,
    TokenRefusal,
    TokenRefused,
    Unauthorized,
    Unreadable,
)
from dexcom_sync.limiter import Budget, Go, Lane, Limiter, MustWait, Wait, WhyWait
from tenancy.redis import limits_client
from tests.forgetting import forget_keys, limits_url
from tests.live import free_port

MINUTE = 60_000_000


@pytest.fixture
def client_id() -> Iterator[str]:
    yield secrets.token_hex(8)
    forget_keys(limits_url(), "dexcom:{*")


@pytest.fixture
def make(client_id: str) -> Callable[..., Limiter]:
    def made(per_hour: int = 3600, burst: int = 10, host: str = "host", workers: int = 1) -> Limiter:
        return Limiter(limits_client(), client_id, host, Budget(per_hour, burst, workers))

    return made


def permitted(limiter: Limiter, lane: Lane, most: int = 300) -> int:
    """Asks until it has to wait."""
    return next((number for number in range(most) if isinstance(limiter.ask(lane), Wait)), most)


def wait(limiter: Limiter, lane: Lane = Lane.INTERACTIVE) -> Wait:
    answer = limiter.ask(lane)
    assert isinstance(answer, Wait)
    return answer


def state_of(limiter: Limiter) -> dict[str, float]:
    fields: Any = limits_client().hgetall(limiter._keys[0])
    return {name.decode(): float(value) for name, value in fields.items()}


def earlier(limiter: Limiter, microseconds: float, *names: str) -> None:
    """As though that much time had passed since."""
    for name, value in state_of(limiter).items():
        if not names or name in names:
            limits_client().hset(limiter._keys[0], name, f"{value - microseconds:.0f}")


def test_a_burst_is_permitted_and_then_the_rate(make: Callable[..., Limiter]) -> None:
    limiter = make(per_hour=60, burst=5)

    assert permitted(limiter, Lane.INTERACTIVE) == 5
    answer = wait(limiter)
    assert answer.why is WhyWait.BUDGET
    assert 50 < answer.seconds <= 60
    earlier(limiter, MINUTE * 2)
    assert permitted(limiter, Lane.INTERACTIVE) == 2


def test_what_is_below_leaves_something_for_what_is_above(make: Callable[..., Limiter]) -> None:
    limiter = make(per_hour=60, burst=20)
    left = {lane: permitted(limiter, lane) for lane in (Lane.BACKFILL, Lane.SWEEP, Lane.HOT, Lane.TOKEN)}

    assert left == {Lane.BACKFILL: 8, Lane.SWEEP: 4, Lane.HOT: 4, Lane.TOKEN: 3}
    assert permitted(limiter, Lane.INTERACTIVE) == 1


def test_the_past_gets_at_most_two_fifths_of_the_rate(make: Callable[..., Limiter]) -> None:
    """An hour of minutes, in each of which it asks as often as it can, and nobody else does."""
    limiter = make(per_hour=600, burst=100)
    first = permitted(limiter, Lane.BACKFILL)
    began = time.monotonic()
    gone = 0
    for _ in range(60):
        earlier(limiter, MINUTE)
        gone += permitted(limiter, Lane.BACKFILL)

    assert first == 40
    assert 235 <= gone <= 241 + (time.monotonic() - began) / 15


def test_a_lane_below_gets_its_floor_while_those_above_ask_for_everything(make: Callable[..., Limiter]) -> None:
    limiter = make(per_hour=600, burst=10)
    counts = dict.fromkeys((Lane.INTERACTIVE, Lane.HOT), 0)
    for minute in range(120):
        earlier(limiter, MINUTE / 2)
        # Whoever comes first is first: half of the time the urgent ones have taken all.
        order = (Lane.HOT, Lane.INTERACTIVE) if minute % 2 else (Lane.INTERACTIVE, Lane.HOT)
        for lane in order:
            counts[lane] += permitted(limiter, lane, 10)

    assert counts[Lane.HOT] >= 0.05 * 600
    assert counts[Lane.INTERACTIVE] > counts[Lane.HOT]
    assert sum(counts.values()) <= 600 + 10


def test_any_hour_holds_at_most_rate_and_burst(make: Callable[..., Limiter]) -> None:
    limiter = make(per_hour=600, burst=25)
    gone = []
    began = time.monotonic()
    for minute in range(180):
        earlier(limiter, MINUTE)
        asked = 40 if minute % 7 else 0
        gone.append(sum(permitted(limiter, lane, asked) for lane in Lane))

    # What the test itself takes is time, too.
    more = (time.monotonic() - began) / 6
    assert max(sum(gone[start : start + 60]) for start in range(120)) <= 600 + 25 + more
    assert sum(gone) > 1500


def test_two_hosts_have_budgets_of_their_own(make: Callable[..., Limiter]) -> None:
    assert permitted(make(60, 2, "us"), Lane.HOT) == permitted(make(60, 2, "eu"), Lane.HOT) == 1


def test_after_a_429_everybody_waits_as_long_as_it_asks_for(make: Callable[..., Limiter]) -> None:
    limiter, another = make(), make()
    with pytest.raises(RateLimited), limiter.permitted(Lane.HOT):
        raise RateLimited(retry_after=300)

    answer = wait(another)
    assert answer.why is WhyWait.COOLDOWN
    assert 295 < answer.seconds <= 300
    with pytest.raises(MustWait) as caught, another.permitted(Lane.INTERACTIVE):
        raise AssertionError("It was permitted.")
    assert caught.value.why is WhyWait.COOLDOWN


def test_without_retry_after_the_pause_doubles_up_to_15_minutes(make: Callable[..., Limiter]) -> None:
    limiter = make()
    pauses = []
    for _ in range(6):
        limiter.cool_down(None)
        # One that was under way at the time says nothing new.
        limiter.cool_down(None)
        pauses.append(round(wait(limiter).seconds))
        earlier(limiter, pauses[-1] * 1_000_000 + 1, "cool", "slow")

    assert pauses == [60, 120, 240, 480, 900, 900]


def test_after_a_quiet_time_the_pause_is_short_again(make: Callable[..., Limiter]) -> None:
    limiter = make()
    limiter.cool_down(None)
    earlier(limiter, 61_000_000, "cool", "slow")
    limiter.cool_down(None)
    earlier(limiter, 120_000_000 + 16 * MINUTE, "cool", "slow")
    limiter.cool_down(None)

    assert round(wait(limiter).seconds) == 60


def test_after_a_pause_it_starts_slowly(make: Callable[..., Limiter]) -> None:
    limiter = make(per_hour=36_000, burst=100)
    assert permitted(limiter, Lane.INTERACTIVE, 50) == 50
    limiter.cool_down(10)
    earlier(limiter, 11_000_000)
    slow = permitted(limiter, Lane.INTERACTIVE)
    earlier(limiter, MINUTE, "slow")
    earlier(limiter, 10 * MINUTE, "tat")
    faster = permitted(limiter, Lane.INTERACTIVE)
    earlier(limiter, 10 * MINUTE, "slow", "tat")
    full = permitted(limiter, Lane.INTERACTIVE)

    assert slow <= 12
    assert 19 <= faster <= 24
    assert full >= 100


@pytest.mark.parametrize(
    "kind", [TokenRefusal.INVALID_CLIENT, TokenRefusal.UNAUTHORIZED_CLIENT, TokenRefusal.UNSUPPORTED_GRANT_TYPE]
)
def test_a_refusal_of_our_application_stops_it_on_all_hosts_until_a_person_resumes(
    make: Callable[..., Limiter], kind: TokenRefusal
) -> None:
    """T4, the limiter's part."""
    limiter, elsewhere = make(host="us"), make(host="eu")
    assert limiter.stopped_because() is None
    with pytest.raises(TokenRefused), limiter.permitted(Lane.TOKEN):
        raise TokenRefused(kind)

    assert elsewhere.stopped_because() == kind
    assert {wait(one).why for one in (limiter, elsewhere)} == {WhyWait.STOPPED}
    elsewhere.resume()
    assert permitted(limiter, Lane.HOT, 1) == permitted(elsewhere, Lane.HOT, 1) == 1


@pytest.mark.parametrize("kind", [TokenRefusal.INVALID_GRANT, TokenRefusal.UNRECOGNISED, TokenRefusal.USER_CAP])
def test_a_refusal_of_one_patient_stops_nobody(make: Callable[..., Limiter], kind: TokenRefusal) -> None:
    limiter = make()
    for _ in range(5):
        with pytest.raises(TokenRefused), limiter.permitted(Lane.INTERACTIVE):
            raise TokenRefused(kind)

    assert isinstance(limiter.ask(Lane.INTERACTIVE), Go)


def fail(limiter: Limiter, error: Exception, times: int) -> None:
    for _ in range(times):
        with pytest.raises(type(error)), limiter.permitted(Lane.INTERACTIVE):
            raise error


@pytest.mark.parametrize("error", [ServerTrouble(status=503), Unreadable(code="x")])
def test_a_host_that_fails_is_given_up_and_probed_each_minute(make: Callable[..., Limiter], error: Exception) -> None:
    limiter, another = make(burst=100), make(burst=100)
    for _ in range(5):
        with limiter.permitted(Lane.HOT):
            pass
    fail(limiter, error, 5)
    assert isinstance(another.ask(Lane.INTERACTIVE), Go)
    fail(limiter, error, 1)

    answer = wait(another)
    assert answer.why is WhyWait.HOST
    assert 58 < answer.seconds <= 60
    # What was under way before says nothing about now.
    limiter.note_fine(Go())
    assert wait(another).why is WhyWait.HOST
    earlier(limiter, MINUTE, "probe")
    # One finds out; the others wait.
    probe = limiter.ask(Lane.INTERACTIVE)
    assert probe == Go(is_probe=True)
    limiter.note_error(ServerTrouble(), probe)
    assert wait(another).why is WhyWait.HOST
    earlier(limiter, MINUTE, "probe")
    with limiter.permitted(Lane.INTERACTIVE):
        assert wait(another).why is WhyWait.HOST
    assert another.ask(Lane.INTERACTIVE) == Go()
    fail(limiter, error, 5)
    assert isinstance(another.ask(Lane.INTERACTIVE), Go)


@pytest.mark.parametrize("error", [Unauthorized(), BadRequest(), TokenRefused(TokenRefusal.INVALID_GRANT)])
def test_refusals_are_no_sign_of_a_failing_host(make: Callable[..., Limiter], error: Exception) -> None:
    limiter = make(burst=100)
    fail(limiter, error, 20)

    assert isinstance(limiter.ask(Lane.INTERACTIVE), Go)


def test_usage_counts_the_last_hour_by_lane(make: Callable[..., Limiter]) -> None:
    limiter = make(per_hour=3600, burst=10)
    permitted(limiter, Lane.HOT, 3)
    permitted(limiter, Lane.TOKEN, 2)
    old = int(time.time() // 60) - 60
    limits_client().hset(limiter._keys[1], f"{old}:hot", 500)
    usage = limiter.usage()

    assert (usage.used, usage.limit, usage.remaining) == (5, 3600, 3595)
    assert usage.by_lane == {"hot": 3, "token": 2}


def test_old_minutes_are_forgotten(make: Callable[..., Limiter]) -> None:
    limiter = make()
    old = int(time.time() // 60) - 100
    limits_client().hset(limiter._keys[1], mapping={f"{old - minute}:hot": 1 for minute in range(400)})
    limiter.ask(Lane.HOT)

    assert limits_client().hlen(limiter._keys[1]) == 1


def away(client_id: str, budget: Budget) -> Limiter:
    nobody = redis.Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    return Limiter(nobody, client_id, "host", budget)


def test_without_valkey_each_worker_keeps_to_its_part_of_half(client_id: str) -> None:
    limiter = away(client_id, Budget(per_hour=48_000, burst=200, workers=10))

    assert permitted(limiter, Lane.INTERACTIVE, 60) == 10
    assert permitted(limiter, Lane.BACKFILL, 5) == 0
    answer = wait(limiter)
    assert answer.why is WhyWait.BUDGET
    assert answer.seconds <= 1.5


def test_without_valkey_pauses_and_stops_still_hold_in_the_process(client_id: str) -> None:
    limiter = away(client_id, Budget())
    limiter.cool_down(None)
    assert wait(limiter).why is WhyWait.COOLDOWN
    other = away(client_id, Budget())
    other.stop("invalid_client")
    assert wait(other).why is WhyWait.STOPPED
    for call in (limiter.usage, limiter.stopped_because, limiter.resume):
        with pytest.raises(redis.RedisError):
            call()


def test_a_valkey_that_comes_and_goes_does_not_give_two_budgets(make: Callable[..., Limiter]) -> None:
    limiter = make(per_hour=60, burst=20)
    assert permitted(limiter, Lane.INTERACTIVE, 15) == 15

    assert not isinstance(limiter._local.ask(Lane.INTERACTIVE), Go)


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(per_hour=0)
