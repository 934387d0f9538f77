"""Time-ordered ids: their order, the instant they carry, and the bounds of partitions."""

from __future__ import annotations

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.uuid7 import floor_of, instant_of, new_uuid7, uuid7_at

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


class TestUuid7At:
    def test_makes_a_uuid_of_the_standard_library(self):
        made = uuid7_at(NOON)

        assert type(made) is uuid.UUID
        assert made.version == 7
        assert made.variant == uuid.RFC_4122

    def test_rises_within_one_instant(self):
        made = [uuid7_at(NOON) for _ in range(10_000)]

        assert made == sorted(made)
        assert len(set(made)) == 10_000

    def test_is_unique_across_threads(self):
        with ThreadPoolExecutor(4) as threads:
            made = list(threads.map(lambda _number: uuid7_at(NOON), range(4_000)))

        assert len(set(made)) == 4_000

    def test_starts_afresh_in_a_forked_process(self):
        uuid7_at(NOON)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, uuid7_at(NOON).bytes)
            os._exit(0)

        of_child = uuid.UUID(bytes=os.read(reading, 16))
        os.waitpid(child, 0)

        # Had the child gone on counting, it would lie within one step of the parent's next.
        assert abs(of_child.int - uuid7_at(NOON).int) > 2**40

    @given(instant=instants)
    def test_carries_the_instant_cut_to_the_millisecond(self, instant):
        carried = instant_of(uuid7_at(instant))

        assert carried <= instant < carried + MILLISECOND
        assert carried.tzinfo is UTC

    @given(earlier=instants, later=instants)
    def test_orders_as_the_instants_do(self, earlier, later):
        earlier, later = sorted([earlier, later])

        if later - earlier >= MILLISECOND:
            assert uuid7_at(earlier) < uuid7_at(later)

    def test_takes_instants_of_any_offset(self):
        in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))

        assert instant_of(uuid7_at(in_tokyo)) == NOON

    @pytest.mark.parametrize("make", [uuid7_at, floor_of])
    def test_refuses_naive_and_impossible_instants(self, make):
        with pytest.raises(ValueError, match="Pass an aware instant"):
            make(datetime(2026, 3, 14))  # noqa: DTZ001
        with pytest.raises(ValueError, match="does not fit"):
            make(datetime(1969, 12, 31, tzinfo=UTC))


class TestNewUuid7:
    def test_rises(self):
        made = [new_uuid7() for _ in range(10_000)]

        assert made == sorted(made)
        assert len(set(made)) == 10_000
        assert {(one.version, type(one)) for one in made} == {(7, uuid.UUID)}

    def test_carries_this_moment(self):
        before = datetime.now(UTC)

        carried = instant_of(new_uuid7())

        assert before - 2 * MILLISECOND <= carried <= datetime.now(UTC) + 2 * MILLISECOND


class TestFloorOf:
    @given(instant=instants)
    def test_divides_the_ids_before_from_those_after(self, instant):
        bound = floor_of(instant)

        assert bound <= uuid7_at(instant)
        if instant - datetime(1970, 1, 1, tzinfo=UTC) >= MILLISECOND:
            assert uuid7_at(instant - MILLISECOND) < bound

    def test_is_the_smallest_of_its_millisecond(self):
        assert floor_of(NOON).int % 2**80 == 0
        assert instant_of(floor_of(NOON)) == NOON


class TestInstantOf:
    def test_refuses_ids_without_a_time(self):
        with pytest.raises(ValueError, match="not a UUIDv7"):
            instant_of(uuid.UUID("9f1c0e5e-6d5c-4b8e-8f0e-000000000001"))
