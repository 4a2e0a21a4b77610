"""A record comes back as it was written, or is refused by name; and each names the last."""

import hashlib
from typing import Any
from uuid import UUID

import cbor2
import msgspec
import pytest
from arbitrary_records import BY_KIND, KEY, ONE_OF_EACH, OTHER_KEY, items, records, refusal
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import records as chain
from protocol.errors import BrokenChain, Malformed, ProtocolError, UnknownVersion
from protocol.levels import Level
from protocol.limits import MAX_CASES, MAX_INTEGER
from protocol.records import SCHEMA_VERSION, AnyRecord, Boot, MatterHandled, Rating, VisitOpened

KINDS = tuple(ONE_OF_EACH)


def fields_of(record: AnyRecord) -> dict[str, Any]:
    fields = cbor2.loads(chain.encode(record))
    assert isinstance(fields, dict)
    return fields


def parse(fields: dict[str, Any]) -> AnyRecord:
    return chain.parse(chain.read_envelope(cbor2.dumps(fields)))


def fields_by_type(kind: type) -> list[tuple[str, str]]:
    """(record kind, wire name) of every field whose value is of type ``kind``."""
    return [
        (name, field)
        for name, record in ONE_OF_EACH.items()
        for field, value in fields_of(record).items()
        if type(value) is kind
    ]


# --- there and back ------------------------------------------------------------------


@settings(max_examples=200)
@given(records)
def test_a_record_comes_back_as_it_was_signed(record: AnyRecord) -> None:
    signed = chain.sign(record, KEY)
    for back in (chain.verify(signed, KEY.public), chain.read(signed)):
        assert back == record
        assert type(back) is type(record)


@given(records)
def test_the_envelope_says_what_the_record_says(record: AnyRecord) -> None:
    envelope = chain.read_envelope(chain.encode(record))
    assert (envelope.version, envelope.device, envelope.seq, envelope.prev) == (
        SCHEMA_VERSION,
        record.device,
        record.seq,
        record.prev,
    )
    assert type(record).__struct_config__.tag == envelope.kind


def test_there_are_eight_kinds() -> None:
    assert set(BY_KIND) == set(KINDS)
    assert {type(record).__struct_config__.tag for record in ONE_OF_EACH.values()} == set(KINDS)
    assert len(KINDS) == 8 == len(AnyRecord.__args__)


@pytest.mark.parametrize("kind", KINDS)
def test_an_ordinary_record_takes_well_under_the_limit(kind: str) -> None:
    assert len(chain.sign(ONE_OF_EACH[kind], KEY)) < chain.MAX_RECORD_BYTES / 8


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_on_the_wire_is_a_bare_level(kind: str) -> None:
    assert "level" not in fields_of(ONE_OF_EACH[kind])


def test_the_level_travels_under_the_platform_code() -> None:
    assert fields_of(ONE_OF_EACH["rating"])["platform_level"] == Level.SATISFIED == 4


@pytest.mark.parametrize("kind", KINDS)
def test_ids_travel_as_sixteen_bytes(kind: str) -> None:
    fields = fields_of(ONE_OF_EACH[kind])
    ids = [fields[name] for name in ("id", "boot", "visit") if name in fields]
    assert ids
    assert all(isinstance(one, bytes) and len(one) == 16 for one in ids)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_with_a_default_may_be_missing(kind: str) -> None:
    record = ONE_OF_EACH[kind]
    fields = fields_of(record)
    optional = [f for f in msgspec.structs.fields(record) if not f.required and f.name != "version"]
    for field in optional:
        without = {name: v for name, v in fields.items() if name != field.encode_name}
        assert getattr(parse(without), field.name) == field.default


def test_a_visit_about_matters_alone_names_no_staff() -> None:
    matters = (MatterHandled("11210000463"),)
    record = msgspec.structs.replace(ONE_OF_EACH["visit_opened"], staff="", matters=matters)
    assert isinstance(record, VisitOpened)
    assert chain.verify(chain.sign(record, KEY), KEY.public) == record


# --- what is refused -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_field_is_refused(kind: str) -> None:
    with pytest.raises(Malformed, match="unknown field"):
        parse({**fields_of(ONE_OF_EACH[kind]), "points": 10})


def test_an_unknown_field_in_a_matter_is_refused() -> None:
    fields = fields_of(ONE_OF_EACH["visit_opened"])
    fields["matters"][0]["name"] = "x"
    with pytest.raises(Malformed, match="unknown field"):
        parse(fields)


@pytest.mark.parametrize("kind", ["", "rated", "Boot", "boot\0"])
def test_an_unknown_kind_is_refused(kind: str) -> None:
    with pytest.raises(Malformed):
        parse({**fields_of(ONE_OF_EACH["boot"]), "kind": kind})


@pytest.mark.parametrize("version", [0, 5, -1, 2**53, 2**64 - 1])
def test_another_version_is_refused_as_such_but_still_has_its_place(version: int) -> None:
    later = cbor2.dumps({**fields_of(ONE_OF_EACH["boot"]), "v": version, "news": "?"})
    envelope = chain.read_envelope(later)
    chain.check_link(envelope, 3, bytes(32))
    with pytest.raises(UnknownVersion):
        chain.parse(envelope)


def taken(places: list[tuple[str, str]], value: object) -> list[str]:
    """Return where ``value`` is not refused in one of ``places``: it should be nowhere."""
    assert places
    return [f"{kind}.{field}" for kind, field in places if with_field(kind, field, value) is None]


def with_field(kind: str, field: str, value: object) -> ProtocolError | None:
    return refusal(lambda: parse({**fields_of(ONE_OF_EACH[kind]), field: value}))


@pytest.mark.parametrize("value", [MAX_INTEGER + 1, 2**64 - 1, -1, -(2**64), 2**64, 1.0, True, "1"])
def test_an_integer_that_a_store_could_not_hold_is_refused(value: object) -> None:
    assert not taken(fields_by_type(int), value)


@pytest.mark.parametrize("value", ["a\0b", "\0", "x" * 1001, 1, b"bytes", None])
def test_text_that_a_store_could_not_hold_is_refused(value: object) -> None:
    assert not taken(fields_by_type(str), value)


@pytest.mark.parametrize("value", [b"", bytes(15), bytes(17), bytes(31), bytes(33), 1, None, [1]])
def test_bytes_of_another_length_are_refused(value: object) -> None:
    places = [place for place in fields_by_type(bytes) if place[1] != "callback"]
    refusals = {f"{kind}.{field}": with_field(kind, field, value) for kind, field in places}
    assert not {
        place: error for place, error in refusals.items() if not isinstance(error, Malformed)
    }


@pytest.mark.parametrize("value", [bytes(257), "text", 1, None, [1]])
def test_a_sealed_number_out_of_bounds_is_refused(value: object) -> None:
    with pytest.raises(Malformed):
        parse({**fields_of(ONE_OF_EACH["visit_closed"]), "callback": value})


@settings(max_examples=200)
@given(st.sampled_from(KINDS), st.data())
def test_an_arbitrary_value_in_any_field_is_refused_and_nothing_else(
    kind: str, data: st.DataObject
) -> None:
    fields = fields_of(ONE_OF_EACH[kind])
    fields[data.draw(st.sampled_from(list(fields)))] = data.draw(items)
    refusal(lambda: parse(fields))


@pytest.mark.parametrize(
    "change", [{"seq": 0}, {"seq": MAX_INTEGER + 1}, {"prev": b""}, {"prev": bytes(33)}], ids=str
)
def test_a_record_without_a_place_in_any_chain_has_no_envelope(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="must carry"):
        chain.read_envelope(cbor2.dumps({**fields_of(ONE_OF_EACH["boot"]), **change}))


@pytest.mark.parametrize("field", ["v", "kind", "dev", "seq", "prev", "id", "at", "clk", "boot"])
def test_what_every_record_carries_may_not_be_missing(field: str) -> None:
    fields = fields_of(ONE_OF_EACH["boot"])
    del fields[field]
    with pytest.raises(Malformed):
        parse(fields)


@pytest.mark.parametrize(
    "change",
    [
        {"platform_level": 0},
        {"platform_level": 6},
        {"channel": 0},
        {"channel": 8},
        {"subject": "window"},
        {"tags": list(range(9))},
        {"tags": [-1]},
        {"cases": [""]},
        {"cases": ["x" * 51]},
        {"cases": ["x"] * 51},
        {"code": ""},
        {"code": "x" * 65},
        {"code": "line\nbreak"},
    ],
    ids=str,
)
def test_a_rating_out_of_the_code_tables_is_refused(change: dict[str, object]) -> None:
    fields = fields_of(ONE_OF_EACH["rating"])
    parse(fields)
    with pytest.raises(Malformed):
        parse({**fields, **change})


def test_a_detail_may_have_several_lines() -> None:
    assert parse(fields_of(ONE_OF_EACH["fault"])) == ONE_OF_EACH["fault"]


# --- the chain -----------------------------------------------------------------------


def test_the_digest_is_the_sha_256_of_the_signed_bytes() -> None:
    signed = chain.sign(ONE_OF_EACH["boot"], KEY)
    assert chain.digest(signed) == hashlib.sha256(signed).digest()


def test_the_genesis_belongs_to_one_device_and_one_key() -> None:
    own = chain.genesis("HP-BH-012", KEY.public.raw)
    assert own == chain.genesis("HP-BH-012", KEY.public.raw)
    assert own != chain.genesis("HP-BH-013", KEY.public.raw)
    assert own != chain.genesis("HP-BH-012", OTHER_KEY.public.raw)


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_record_follows_its_predecessor_and_no_other(own: int, expected: int) -> None:
    prev = bytes([own]) * 32
    boot = msgspec.structs.replace(ONE_OF_EACH["boot"], seq=own, prev=prev)
    assert isinstance(boot, Boot)
    envelope = chain.read_envelope(chain.encode(boot))
    chain.check_link(envelope, own, prev)
    with pytest.raises(BrokenChain, match="does not name"):
        chain.check_link(envelope, own, bytes(32))
    if own != expected:
        with pytest.raises(BrokenChain, match=f"{own} where {expected}"):
            chain.check_link(envelope, expected, prev)


@given(st.lists(records, min_size=2, max_size=6), st.data())
def test_a_changed_record_breaks_the_chain_behind_it(
    kinds: list[AnyRecord], data: st.DataObject
) -> None:
    prev, signed = chain.genesis("HP-BH-012", KEY.public.raw), []
    for seq, kind in enumerate(kinds, 1):
        record = msgspec.structs.replace(kind, device="HP-BH-012", seq=seq, prev=prev)
        signed.append(chain.sign(record, KEY))
        prev = chain.digest(signed[-1])
    at = data.draw(st.integers(0, len(signed) - 2), label="the one exchanged")
    exchanged = msgspec.structs.replace(chain.read(signed[at]), id=UUID(int=2**127))
    signed[at] = chain.sign(exchanged, KEY)
    behind = chain.read(signed[at + 1])
    envelope = chain.read_envelope(chain.encode(behind))
    with pytest.raises(BrokenChain):
        chain.check_link(envelope, at + 2, chain.digest(signed[at]))


def test_a_rating_keeps_what_the_citizen_said() -> None:
    rating = ONE_OF_EACH["rating"]
    assert isinstance(rating, Rating)
    back = chain.read(chain.sign(rating, KEY))
    assert isinstance(back, Rating)
    assert (back.level, back.tags, back.changes) == (Level.SATISFIED, (406, 413), 0)


def test_the_longest_visit_that_may_be_asked_for_fits_a_record() -> None:
    long_code, long_case = "项" * 64, "号" * 50
    matters = tuple(
        MatterHandled(long_code, (long_case,) * (MAX_CASES // 20 + (place < MAX_CASES % 20)))
        for place in range(20)
    )
    opened = VisitOpened(
        device=long_code,
        seq=MAX_INTEGER,
        prev=bytes(32),
        id=UUID(int=1),
        wall_ms=MAX_INTEGER,
        clock=chain.ClockQuality.UNSYNCED,
        boot_id=UUID(int=2),
        monotonic_ms=MAX_INTEGER,
        visit=UUID(int=3),
        invited_by=chain.InvitedBy.SYSTEM,
        window="窗" * 128,
        staff="员" * 128,
        matters=matters,
    )
    assert sum(len(matter.cases) for matter in matters) == MAX_CASES
    assert len(chain.sign(opened, KEY)) <= chain.MAX_RECORD_BYTES
