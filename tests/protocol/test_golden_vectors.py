"""Golden vectors: what another implementation must produce and accept, byte for byte.

Each file in golden/ holds inputs and outputs in plain JSON (bytes as hexadecimal digits)
and says in its ``about`` how one comes from the other; no Python is needed to use them.
The vectors change only with the wire format, which is to say with a new schema version.
After such a change, ``HAOCHAPING_REFRESH_GOLDEN=1 pytest tests/protocol/test_golden_vectors.py``
writes them anew; without it the files are only read. What older devices wrote is kept in
golden/version-N/ and never written again.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import cbor2
import msgspec
import pytest
import rfc9180
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol import (
    by_phone,
    configuration,
    cose,
    messages,
    phone,
    receipts,
    records,
    remote,
    retirement,
)
from protocol.keys import SigningKey
from protocol.levels import Level
from protocol.questions import Asks
from protocol.records import AnyRecord, ClockQuality, InvitedBy, MatterHandled, Outcome
from protocol.retirement import Retirement
from protocol.sealing import OpeningKey, Place
from protocol.subjects import Channel, Subject

GOLDEN = Path(__file__).parent / "golden"
REFRESH = os.environ.get("HAOCHAPING_REFRESH_GOLDEN") == "1"

DEVICE = "HP-BH-012"
RECORD_KEY = SigningKey.from_seed(bytes(range(32)))
TRANSPORT_KEY = SigningKey.from_seed(bytes(range(32, 64)))
CENTRAL_KEY = SigningKey.from_seed(bytes(range(64, 96)))
OPENING_KEY = OpeningKey.from_secret(bytes(range(96, 128)))
EPHEMERAL = bytes(range(128, 160))
"""Of the one sealed number here; a device draws a new one for each."""
BOOT_ID = UUID("0b0b0b0b-0000-4000-8000-000000000001")
VISIT = UUID("5e5e5e5e-0000-4000-8000-00000000000a")
MATTER = "11210000463100000120001160010000"
CASES = ("滨海政务〔2026〕0415号", "BH-2026-0416")

PIN_VERIFIER = (
    "$argon2id$v=19$m=8192,t=2,p=1$aGFvY2hhcGluZy1nb2xk$a/gnB+ZZjbOyOdSJ1uo7fWbH6wDGmyXXp0A7qZXMIDw"
)
NUMBER = "13804712600"
PLACE = Place(DEVICE, VISIT)
SEALED = b"\1" + rfc9180.seal(
    NUMBER.encode().ljust(32, b"\0"), OPENING_KEY.public, EPHEMERAL, PLACE.info, b""
)


def _id(number: int) -> UUID:
    return UUID(int=0xA1A1A1A1_0000_4000_8000_000000000000 + number)


def _common(seq: int, prev: bytes) -> dict[str, Any]:
    return {
        "device": DEVICE,
        "seq": seq,
        "prev": prev,
        "id": _id(seq),
        "wall_ms": 1_776_213_000_000 + seq * 1000,
        "clock": ClockQuality.UNSYNCED if seq == 1 else ClockQuality.SYNCED,
        "boot_id": BOOT_ID,
        "monotonic_ms": 20_000 + seq * 1000,
    }


_MAKE: dict[str, tuple[type, dict[str, Any]]] = {
    "boot": (records.Boot, {"software": "0.1.0"}),
    "login": (records.Login, {"staff": "1024", "means": "pin"}),
    "logout": (records.Logout, {"staff": "1024", "reason": "下班"}),
    "pause": (records.Pause, {"staff": "1024", "paused": True, "reason": "设备维护"}),
    "visit_opened": (
        records.VisitOpened,
        {
            "visit": VISIT,
            "invited_by": InvitedBy.STAFF,
            "window": "综合窗口12",
            "staff": "1024",
            "matters": (
                MatterHandled(MATTER, CASES),
                MatterHandled("11210000463100000120001160020000", finished=False, count=3),
            ),
            "system": "不动产登记系统",
            "receipt": "7K4M2Q9D",
        },
    ),
    "visit_opened_at_a_hall": (
        records.VisitOpened,
        {
            "visit": VISIT,
            "invited_by": InvitedBy.CITIZEN,
            "window": "",
            "staff": "",
            "matters": (MatterHandled(MATTER, finished=False),),
            "hall": "211200-BH",
            "rate_unfinished": True,
        },
    ),
    "rating": (
        records.Rating,
        {
            "visit": VISIT,
            "subject": Subject.MATTER,
            "code": MATTER,
            "cases": CASES,
            "level": Level.DISSATISFIED,
            "tags": (209, 213),
            "tapped_ms": 25_500,
            "changes": 1,
        },
    ),
    "rating_of_a_hall": (
        records.Rating,
        {
            "visit": VISIT,
            "subject": Subject.HALL,
            "code": "211200-BH",
            "level": Level.SATISFIED,
            "tapped_ms": 25_500,
        },
    ),
    "visit_closed": (
        records.VisitClosed,
        {
            "visit": VISIT,
            "outcome": Outcome.PARTLY,
            "asked": 2,
            "rated": 1,
            "first_tap_ms": 1_500,
            "surplus": 3,
            "callback": SEALED,
            "by_phone": 1,
        },
    ),
    "fault": (records.Fault, {"code": "touch-lost", "detail": "触摸屏无响应\n已重新连接"}),
}


def _record(kind: str, seq: int, prev: bytes) -> AnyRecord:
    cls, fields = _MAKE[kind]
    record: AnyRecord = cls(**_common(seq, prev), **fields)
    return record


CONFIGURATION = configuration.Configuration(
    device=DEVICE,
    version=7,
    hall=configuration.Hall("211200-BH", "滨海市政务服务中心"),
    window=configuration.Window("W12", "12", matters=(MATTER,)),
    staff=(
        configuration.StaffMember(
            *("1024", "王芳", "窗口受理员", "市场监督管理局"),
            pin_verifier=PIN_VERIFIER,
            badge="1b" * 32,
            card="2c" * 32,
            photo="3d" * 32,
        ),
        configuration.StaffMember("1031", "\U00030edd\U00030edd", "窗口受理员", "公安局"),
    ),
    matters=(configuration.Matter(MATTER, "食品经营许可(新办)", "spjyxkxb"),),
    notices=("本周六上午照常办理业务。",),
    rules=configuration.Rules(switched_off_tags=(515, 212)),
    phone_url="https://pj.binhai.gov.cn",
    sealing_key=OPENING_KEY.public,
    hours=configuration.Hours("08:30", "17:00"),
    systems=(
        configuration.BusinessSystem(
            "不动产登记系统",
            "4e" * 32,
            ("https://bdc.binhai.gov.cn",),
            ("https://bdc.binhai.gov.cn/",),
        ),
    ),
    texts={"zh-CN": {"greet": "您好，请问办理什么业务"}},
)
RECEIPT = receipts.Receipt(DEVICE, 5, bytes(range(100, 132)), 1_776_213_060_000)
RETIREMENT = Retirement(DEVICE, 1_776_299_460_000)
TOKEN = phone.PhoneToken(DEVICE, 1_776_299_400, VISIT, Asks(staff=1, matters=2), "7K4M2Q9D")
REMOTE = remote.RemoteRating(
    hall="211200-BH",
    seq=1,
    prev=remote.genesis("211200-BH", CENTRAL_KEY.public.raw),
    id=_id(1),
    at_ms=1_776_213_090_000,
    device=DEVICE,
    visit=VISIT,
    question=1,
    subject=Subject.MATTER,
    level=Level.DISSATISFIED,
    tags=(209, 213),
    comment="等了两个小时\n还没办完",
    channel=Channel.QR,
)

BY_PHONE = by_phone.VisitByPhone(
    DEVICE,
    VISIT,
    (
        by_phone.RatedSubject(Subject.STAFF, "1024"),
        by_phone.RatedSubject(Subject.MATTER, question=1),
    ),
)


# --- making the vectors --------------------------------------------------------------


def readable(item: Any) -> Any:
    """Return ``item`` as JSON can hold it; bytes become ``{"hex": "..."}``."""
    if isinstance(item, bytes):
        return {"hex": item.hex()}
    if isinstance(item, dict):
        return {str(name): readable(value) for name, value in item.items()}
    if isinstance(item, list | tuple):
        return [readable(value) for value in item]
    return item


def as_it_was(item: Any) -> Any:
    """Undo `readable`."""
    if isinstance(item, dict):
        if set(item) == {"hex"}:
            return bytes.fromhex(item["hex"])
        return {name: as_it_was(value) for name, value in item.items()}
    if isinstance(item, list):
        return [as_it_was(value) for value in item]
    return item


def _signed(signed: bytes, key: SigningKey, context: bytes) -> dict[str, Any]:
    protected, payload, signature = cose.open_unverified(signed)
    return {
        "seed": key.seed.hex(),
        "public_key": key.public.raw.hex(),
        "context": context.decode(),
        "payload": payload.hex(),
        "to_be_signed": cbor2.dumps(["Signature1", protected, context, payload]).hex(),
        "signature": signature.hex(),
        "signed": signed.hex(),
    }


def _record_vector(record: AnyRecord) -> dict[str, Any]:
    signed = records.sign(record, RECORD_KEY)
    return {
        "fields": readable(cbor2.loads(records.encode(record))),
        **_signed(signed, RECORD_KEY, cose.RECORD),
        "digest": records.digest(signed).hex(),
    }


_HOW = (
    "payload = CBOR map of fields in the order given, shortest encoding; "
    "{'hex': ...} is a byte string. to_be_signed = CBOR ['Signature1', h'A10127', context as "
    "bytes, payload]. signature = Ed25519 by seed. signed = tag 18 [h'A10127', {}, payload, "
    "signature] (RFC 9052)."
)


def _chain() -> list[AnyRecord]:
    prev = records.genesis(DEVICE, RECORD_KEY.public.raw)
    made: list[AnyRecord] = []
    for kind in ("boot", "login", "visit_opened", "rating", "visit_closed"):
        made.append(_record(kind, len(made) + 1, prev))
        prev = records.digest(records.sign(made[-1], RECORD_KEY))
    return made


def _make_records() -> dict[str, Any]:
    return {
        "about": f"Records of each kind. {_HOW} digest = SHA-256 of signed.",
        "vectors": [_record_vector(_record(kind, 42, bytes([7]) * 32)) for kind in _MAKE],
    }


def _make_chain() -> dict[str, Any]:
    return {
        "about": "A device's first records. genesis = SHA-256 of 'haochaping/genesis', a zero "
        "byte, the device's name, a zero byte, record_key. The first record's prev is the "
        f"genesis, each later one's the digest of the one before. {_HOW} digest = SHA-256 of "
        "signed.",
        "device": DEVICE,
        "record_key": RECORD_KEY.public.raw.hex(),
        "genesis": records.genesis(DEVICE, RECORD_KEY.public.raw).hex(),
        "vectors": [_record_vector(record) for record in _chain()],
    }


def _make_receipt() -> dict[str, Any]:
    return {
        "about": f"Central's receipt. {_HOW}",
        "fields": readable(msgspec.to_builtins(RECEIPT, builtin_types=(bytes,))),
        **_signed(receipts.sign(RECEIPT, CENTRAL_KEY), CENTRAL_KEY, cose.RECEIPT),
    }


def _make_retirement() -> dict[str, Any]:
    return {
        "about": f"Central's word that a device was retired. {_HOW}",
        "fields": readable(msgspec.to_builtins(RETIREMENT)),
        **_signed(retirement.sign(RETIREMENT, CENTRAL_KEY), CENTRAL_KEY, cose.RETIREMENT),
    }


def _make_by_phone() -> dict[str, Any]:
    signed = by_phone.sign(BY_PHONE, CENTRAL_KEY)
    payload = cose.open_unverified(signed)[1]
    return {
        "about": "Which subjects of a visit were rated by phone; of the second one central knows "
        f"only its place among the questions. {_HOW}",
        "fields": readable(cbor2.loads(payload)),
        **_signed(signed, CENTRAL_KEY, cose.BY_PHONE),
    }


def _make_configuration() -> dict[str, Any]:
    signed = configuration.sign(CONFIGURATION, CENTRAL_KEY)
    return {
        "about": f"A device's configuration; every field is given, defaults included. {_HOW}",
        "fields": readable(msgspec.to_builtins(CONFIGURATION, builtin_types=(bytes,))),
        **_signed(signed, CENTRAL_KEY, cose.CONFIGURATION),
    }


def _batch() -> messages.Batch:
    return messages.Batch(DEVICE, 1, tuple(records.sign(r, RECORD_KEY) for r in _chain()))


def _make_batch() -> dict[str, Any]:
    return {
        "about": "The records of chain.json in one batch. encoded = CBOR map of fields in the "
        "order given, not compressed.",
        "fields": readable(msgspec.to_builtins(_batch(), builtin_types=(bytes,))),
        "encoded": messages.encode_batch(_batch()).hex(),
    }


def _enrolment() -> messages.EnrolmentRequest:
    return messages.request_enrolment(
        "K7QF-2M9D-XW4T", "10000000a1b2c3d4", "0.1.0", RECORD_KEY, TRANSPORT_KEY
    )


def _make_enrolment() -> dict[str, Any]:
    asked = _enrolment()
    statement = messages.enrolment_statement(
        asked.token, asked.board, asked.record_key, asked.transport_key
    )
    return {
        "about": "A new device asks to be known. statement = CBOR [token, board, record_key, "
        "transport_key]; each proof is a COSE_Sign1 over it (see records.json) by one of the "
        "keys; body = the JSON that is sent, bytes as base64.",
        "record_seed": RECORD_KEY.seed.hex(),
        "transport_seed": TRANSPORT_KEY.seed.hex(),
        "context": cose.ENROLMENT.decode(),
        "statement": statement.hex(),
        "body": json.loads(msgspec.json.encode(asked)),
    }


def _make_phone() -> dict[str, Any]:
    text = phone.sign_token(TOKEN, RECORD_KEY)
    signed = base64.b32decode(text + "=" * (-len(text) % 8))
    visits = [VISIT, UUID(int=0), UUID(int=2**128 - 1), _id(1)]
    return {
        "about": "What the QR code says. payload = CBOR map {1: device, 7: visit as 16 bytes, "
        "4: expires_s, left out where the date is not known, -70001: how many questions are "
        "about [staff, matters, hall], -70002: the receipt code's 5 bytes; both left out where "
        "not said} (RFC 8392). " + _HOW + " token = signed in base32 (RFC 4648) "
        "without padding; url = phone_url in capitals, '/R/', token. A receipt code is 40 "
        "bits in Crockford's base32; of a visit whose record names none they are the first of "
        "SHA-256 of 'haochaping/code', a zero byte and the visit's 16 bytes.",
        "device": TOKEN.device,
        "expires_s": TOKEN.expires_s,
        "visit": str(TOKEN.visit),
        "asks": list(TOKEN.asks),
        "receipt": TOKEN.receipt,
        "phone_url": CONFIGURATION.phone_url,
        **_signed(signed, RECORD_KEY, cose.PHONE),
        "token": text,
        "url": phone.token_url(CONFIGURATION.phone_url, text),
        "receipt_codes": {str(visit): phone.receipt_code(visit) for visit in visits},
    }


def _make_remote() -> dict[str, Any]:
    signed = remote.sign(REMOTE, CENTRAL_KEY)
    fields = msgspec.to_builtins(REMOTE, builtin_types=(bytes, UUID))
    return {
        "about": "A rating that central took in from a phone, as the first of its hall. payload = "
        "CBOR map. " + _HOW + " genesis = SHA-256 of 'haochaping/remote-genesis', a zero byte, the "
        "hall's code, a zero byte and central's public key.",
        "genesis": REMOTE.prev.hex(),
        "fields": readable({k: v.bytes if isinstance(v, UUID) else v for k, v in fields.items()}),
        **_signed(signed, CENTRAL_KEY, cose.REMOTE),
    }


def _make_sealing() -> dict[str, Any]:
    return {
        "about": "A telephone number for central alone. text = number, filled up with zero bytes "
        "to 32. info = 'haochaping/callback', a zero byte, the device's name, a zero byte, the "
        "visit's 16 bytes. sealed = byte 1, then enc and ciphertext of HPKE (RFC 9180) in base "
        "mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, without aad; the "
        "ephemeral key is given to make it again, a device draws a new one each time.",
        "secret": OPENING_KEY.secret.hex(),
        "public_key": OPENING_KEY.public.hex(),
        "ephemeral": EPHEMERAL.hex(),
        "device": DEVICE,
        "visit": str(VISIT),
        "number": NUMBER,
        "info": PLACE.info.hex(),
        "sealed": SEALED.hex(),
    }


MAKERS = {
    "records": _make_records,
    "chain": _make_chain,
    "receipt": _make_receipt,
    "configuration": _make_configuration,
    "batch": _make_batch,
    "enrolment": _make_enrolment,
    "phone": _make_phone,
    "remote": _make_remote,
    "by_phone": _make_by_phone,
    "retirement": _make_retirement,
    "sealing": _make_sealing,
}


def stored(name: str) -> dict[str, Any]:
    path = GOLDEN / f"{name}.json"
    if REFRESH:
        written = json.dumps(MAKERS[name](), ensure_ascii=False, indent=2)
        path.write_text(written + "\n", encoding="utf-8")
    vectors: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return vectors


SIGNED_VECTORS = [
    *(("records", number) for number in range(len(_MAKE))),
    *(("chain", number) for number in range(5)),
    *((name, None) for name in ("receipt", "configuration", "phone", "remote", "by_phone")),
    ("retirement", None),
]


def vector(name: str, number: int | None) -> dict[str, Any]:
    found = stored(name)
    return found if number is None else found["vectors"][number]


# --- our code against the vectors ----------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
def test_our_code_gives_exactly_these_vectors(name: str) -> None:
    assert MAKERS[name]() == stored(name)


@pytest.mark.parametrize("number", range(len(_MAKE)), ids=_MAKE)
def test_these_bytes_are_read_as_this_record(number: int) -> None:
    golden = vector("records", number)
    record = records.verify(bytes.fromhex(golden["signed"]), RECORD_KEY.public)
    assert record == _record(tuple(_MAKE)[number], 42, bytes([7]) * 32)
    assert records.digest(bytes.fromhex(golden["signed"])).hex() == golden["digest"]


def test_the_chain_holds_from_its_genesis() -> None:
    golden = stored("chain")
    prev = bytes.fromhex(golden["genesis"])
    for seq, link in enumerate(golden["vectors"], 1):
        envelope = records.read_envelope(bytes.fromhex(link["payload"]))
        records.check_link(envelope, seq, prev)
        prev = records.digest(bytes.fromhex(link["signed"]))
    assert [records.read(bytes.fromhex(link["signed"])) for link in golden["vectors"]] == _chain()


def test_these_bytes_are_read_as_this_receipt() -> None:
    signed = bytes.fromhex(stored("receipt")["signed"])
    assert receipts.verify(signed, CENTRAL_KEY.public) == RECEIPT


def test_these_bytes_are_read_as_this_retirement() -> None:
    signed = bytes.fromhex(stored("retirement")["signed"])
    assert retirement.verify(signed, CENTRAL_KEY.public) == RETIREMENT


def test_these_bytes_are_read_as_rated_by_phone() -> None:
    signed = bytes.fromhex(stored("by_phone")["signed"])
    assert by_phone.verify(signed, CENTRAL_KEY.public) == BY_PHONE


def test_these_bytes_are_read_as_this_configuration() -> None:
    signed = bytes.fromhex(stored("configuration")["signed"])
    assert configuration.verify(signed, CENTRAL_KEY.public) == CONFIGURATION


def test_these_bytes_are_read_as_this_batch() -> None:
    assert messages.decode_batch(bytes.fromhex(stored("batch")["encoded"])) == _batch()


def test_this_body_is_read_as_this_enrolment() -> None:
    body = json.dumps(stored("enrolment")["body"])
    asked = msgspec.json.decode(body, type=messages.EnrolmentRequest)
    messages.check_enrolment(asked)
    assert asked == _enrolment()


def test_this_text_is_read_as_this_token() -> None:
    golden = stored("phone")
    token, signed = phone.read_token(golden["url"].removeprefix("HTTPS://PJ.BINHAI.GOV.CN/R/"))
    phone.verify_token(signed, RECORD_KEY.public)
    assert token == TOKEN


def test_a_token_of_version_3_says_not_what_is_asked() -> None:
    golden = _of_version(3, "phone")
    token, signed = phone.read_token(golden["token"])
    phone.verify_token(signed, RECORD_KEY.public)
    assert token == phone.PhoneToken(DEVICE, golden["expires_s"], VISIT)


def test_these_bytes_are_read_as_this_remote_rating() -> None:
    signed = bytes.fromhex(stored("remote")["signed"])
    assert remote.verify(signed, CENTRAL_KEY.public) == REMOTE


def test_this_number_is_opened_in_its_place() -> None:
    golden = stored("sealing")
    place = Place(golden["device"], UUID(golden["visit"]))
    assert OPENING_KEY.open(bytes.fromhex(golden["sealed"]), place) == golden["number"]


# --- what devices of the versions before wrote -------------------------------------------


def _of_version(version: int, name: str) -> Any:
    path = GOLDEN / f"version-{version}" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("name", ["records", "chain"])
def test_older_records_are_read_without_what_came_later(version: int, name: str) -> None:
    for golden in _of_version(version, name)["vectors"]:
        record = records.verify(bytes.fromhex(golden["signed"]), RECORD_KEY.public)
        assert record.version == golden["fields"]["v"] == version
        if isinstance(record, records.VisitClosed) and version == 1:
            assert record.callback == b""
        if isinstance(record, records.VisitClosed):
            assert record.by_phone == 0
        if isinstance(record, records.VisitOpened):
            assert (record.hall, record.rate_unfinished) == ("", False)
            if version < 3:
                assert record.system == ""
                assert all(matter.count == 0 for matter in record.matters)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_batch_is_read(version: int) -> None:
    batch = messages.decode_batch(bytes.fromhex(_of_version(version, "batch")["encoded"]))
    assert [records.read(signed).version for signed in batch.records] == [version] * 5


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_configuration_of_an_older_central_says_nothing_of_what_came_later(version: int) -> None:
    signed = bytes.fromhex(_of_version(version, "configuration")["signed"])
    read = configuration.verify(signed, CENTRAL_KEY.public)
    assert (read.sealing_key == b"") is (version == 1)
    assert (read.rules.callback_seconds, read.rules.login_tries) == (90, 5)
    if version < 3:
        assert (read.systems, read.hours, read.texts) == ((), configuration.Hours(), {})
    assert [member.number for member in read.staff] == [
        member.number for member in CONFIGURATION.staff
    ]


# --- the vectors against the RFCs, without our code ----------------------------------


def check_by_the_rfc(signed: bytes, public_key: bytes, context: bytes) -> bytes:
    """Verify a COSE_Sign1 as RFC 9052, sections 4.2 and 4.4, has it; return the payload."""
    message = cbor2.loads(signed)
    assert isinstance(message, cbor2.CBORTag)
    assert message.tag == 18
    protected, unprotected, payload, signature = message.value
    assert cbor2.loads(protected) == {1: -8}
    assert unprotected == {}
    sig_structure = cbor2.dumps(["Signature1", protected, context, payload])
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, sig_structure)
    assert isinstance(payload, bytes)
    return payload


@pytest.mark.parametrize(("name", "number"), SIGNED_VECTORS)
def test_the_signature_holds_by_the_rfc(name: str, number: int | None) -> None:
    golden = vector(name, number)
    signed, public = bytes.fromhex(golden["signed"]), bytes.fromhex(golden["public_key"])
    payload = check_by_the_rfc(signed, public, golden["context"].encode())
    assert payload.hex() == golden["payload"]
    with pytest.raises(InvalidSignature):
        check_by_the_rfc(signed, public, b"haochaping/other")


@pytest.mark.parametrize(("name", "number"), SIGNED_VECTORS)
def test_the_bytes_can_be_put_together_by_hand(name: str, number: int | None) -> None:
    golden = vector(name, number)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(golden["seed"]))
    assert key.public_key().public_bytes_raw().hex() == golden["public_key"]
    payload, context = bytes.fromhex(golden["payload"]), golden["context"].encode()

    def byte_string(content: bytes) -> bytes:
        size = len(content)
        if size < 24:
            return bytes([0x40 | size]) + content
        head = b"\x58" + bytes([size]) if size < 256 else b"\x59" + size.to_bytes(2)
        return head + content

    protected = byte_string(b"\xa1\x01\x27")
    to_be_signed = b"\x84\x6aSignature1" + protected + byte_string(context) + byte_string(payload)
    assert to_be_signed.hex() == golden["to_be_signed"]
    signature = key.sign(to_be_signed)
    assert signature.hex() == golden["signature"]
    by_hand = b"\xd2\x84" + protected + b"\xa0" + byte_string(payload) + byte_string(signature)
    assert by_hand.hex() == golden["signed"]


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name, number in SIGNED_VECTORS if name != "phone"]
)
def test_the_payload_is_the_cbor_of_the_fields(name: str, number: int | None) -> None:
    golden = vector(name, number)
    assert cbor2.dumps(as_it_was(golden["fields"])).hex() == golden["payload"]
    assert readable(cbor2.loads(bytes.fromhex(golden["payload"]))) == golden["fields"]


@pytest.mark.parametrize("number", range(5))
def test_the_digest_is_a_plain_sha_256(number: int) -> None:
    links = stored("chain")["vectors"]
    assert (
        hashlib.sha256(bytes.fromhex(links[number]["signed"])).hexdigest()
        == (links[number]["digest"])
    )
    prev = stored("chain")["genesis"] if number == 0 else links[number - 1]["digest"]
    assert links[number]["fields"]["prev"] == {"hex": prev}


def test_the_genesis_is_a_plain_sha_256() -> None:
    golden = stored("chain")
    named = golden["device"].encode() + b"\0" + bytes.fromhex(golden["record_key"])
    assert hashlib.sha256(b"haochaping/genesis\0" + named).hexdigest() == golden["genesis"]


def test_the_batch_is_the_cbor_of_its_fields() -> None:
    golden = stored("batch")
    assert cbor2.dumps(as_it_was(golden["fields"])).hex() == golden["encoded"]
    links = [link["signed"] for link in stored("chain")["vectors"]]
    assert [record["hex"] for record in golden["fields"]["records"]] == links


@pytest.mark.parametrize("half", ["record", "transport"])
def test_each_enrolment_proof_holds_by_the_rfc(half: str) -> None:
    golden = stored("enrolment")
    body = golden["body"]
    keys = [base64.b64decode(body[name]) for name in ("record_key", "transport_key")]
    proof, public = base64.b64decode(body[f"{half}_proof"]), base64.b64decode(body[f"{half}_key"])
    statement = check_by_the_rfc(proof, public, golden["context"].encode())
    assert statement.hex() == golden["statement"]
    assert cbor2.loads(statement) == [body["token"], body["board"], *keys]


def test_the_sealed_number_opens_by_the_rfc() -> None:
    golden = stored("sealing")
    info = b"haochaping/callback\0" + golden["device"].encode() + b"\0"
    info += UUID(golden["visit"]).bytes
    assert info.hex() == golden["info"]
    sealed, secret = bytes.fromhex(golden["sealed"]), bytes.fromhex(golden["secret"])
    filled = rfc9180.open_sealed(sealed[1:], secret, info, b"")
    assert filled == golden["number"].encode() + bytes(21)


def test_the_token_is_a_cbor_web_token() -> None:
    golden = stored("phone")
    claims = cbor2.loads(bytes.fromhex(golden["payload"]))
    assert claims == {
        1: golden["device"],
        4: golden["expires_s"],
        7: UUID(golden["visit"]).bytes,
        -70001: golden["asks"],
        -70002: bytes.fromhex("3cc9415d2d"),
    }
    padded = golden["token"] + "=" * (-len(golden["token"]) % 8)
    assert base64.b32decode(padded).hex() == golden["signed"]
    assert golden["url"] == golden["phone_url"].upper() + "/R/" + golden["token"]


def test_a_receipt_code_is_forty_bits_in_crockfords_base32() -> None:
    for visit, code in stored("phone")["receipt_codes"].items():
        hashed = hashlib.sha256(b"haochaping/code\0" + UUID(visit).bytes).digest()
        bits = "".join(f"{byte:08b}" for byte in hashed[:5])
        alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        spelled = "".join(alphabet[int(bits[at : at + 5], 2)] for at in range(0, 40, 5))
        assert code == spelled
