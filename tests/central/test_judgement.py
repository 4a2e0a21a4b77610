"""The rules of ingest by themselves: whatever the network does, one chain comes out once."""

from dataclasses import dataclass, field
from uuid import UUID

import cbor2
from hypothesis import given, settings
from hypothesis import strategies as st

from central.judgement import Examined, Held, Standing, examine, judge
from protocol import cose, records
from protocol.keys import SigningKey
from protocol.messages import Verdict
from protocol.records import Boot, ClockQuality

KEY = SigningKey.from_seed(b"k" * 32)
STRANGER = SigningKey.from_seed(b"s" * 32)
DEVICE = "hcp-judged"
GENESIS = records.genesis(DEVICE, KEY.public.raw)


@dataclass
class Ledger:
    """What a central holds, kept in memory by the same rules as in the database."""

    head: int = 0
    head_digest: bytes = GENESIS
    chain: dict[int, bytes] = field(default_factory=dict)
    """What the chain has in each place, stored or set aside."""
    stored: dict[int, bytes] = field(default_factory=dict)
    aside: set[tuple[int, bytes, str]] = field(default_factory=set)
    conflicts: set[tuple[int, bytes]] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)

    def take(self, first: int, signed: list[bytes], gap_before: bool = False) -> list[Verdict]:
        examined = examine(signed, first, DEVICE, KEY.public)
        judgement = judge(self.head, self.head_digest, examined, self.held(), gap_before=gap_before)
        assert [one.seq for one in judgement.verdicts] == [one.seq for one in examined]
        assert judgement.head >= self.head
        for one in judgement.stored:
            assert one.seq not in self.stored, "a place is stored once"
            assert one.contents is not None
            self.stored[one.seq] = one.signed
            self.chain[one.seq] = one.digest
            self.missing.discard(one.seq)
        for kept in judgement.aside:
            self.aside.add((kept.examined.seq, kept.examined.digest, kept.reason))
            if kept.vouched:
                self.chain[kept.examined.seq] = kept.examined.digest
                self.missing.discard(kept.examined.seq)
            elif kept.examined.chain_digest is not None:
                self.chain.setdefault(kept.examined.seq, kept.examined.chain_digest)
                self.missing.add(kept.examined.seq)
        self.conflicts |= {(one.seq, one.digest) for one in judgement.conflicts}
        self.head, self.head_digest = judgement.head, judgement.head_digest
        return [one.verdict for one in judgement.verdicts]

    def held(self) -> dict[int, Held]:
        digests: dict[int, set[bytes]] = {}
        for seq, signed in self.stored.items():
            digests.setdefault(seq, set()).add(records.digest(signed))
        for seq, digest, _ in self.aside:
            digests.setdefault(seq, set()).add(digest)
        for seq, digest in self.conflicts:
            digests.setdefault(seq, set()).add(digest)
        return {
            seq: Held(self.chain.get(seq), frozenset(found), seq in self.missing)
            for seq, found in digests.items()
            if seq <= self.head
        }


def boot(seq: int, prev: bytes, branch: int = 0, **changes: object) -> bytes:
    """A record for place ``seq``; ``changes`` are made to what is signed."""
    record = Boot(
        device=DEVICE,
        seq=seq,
        prev=prev,
        id=UUID(int=seq + branch * 1000),
        wall_ms=1,
        clock=ClockQuality.SYNCED,
        boot_id=UUID(int=7),
        monotonic_ms=seq,
        software="x",
    )
    fields = {**cbor2.loads(records.encode(record)), **changes}
    return cose.sign(cbor2.dumps(fields), KEY, cose.RECORD)


def chain_of(length: int, poison: frozenset[int] = frozenset(), branch: int = 0) -> list[bytes]:
    chain: list[bytes] = []
    for seq in range(1, length + 1):
        prev = records.digest(chain[-1]) if chain else GENESIS
        changes = {"kind": "nonsense"} if seq in poison else {}
        chain.append(boot(seq, prev, branch, **changes))
    return chain


CHAIN = chain_of(8)
slices = st.tuples(st.integers(1, 8), st.integers(1, 8)).map(lambda ends: (min(ends), max(ends)))


@given(st.lists(slices, max_size=12))
def test_any_splitting_reordering_and_repeating_ends_with_the_chain_stored_once(
    batches: list[tuple[int, int]],
) -> None:
    ledger = Ledger()
    for first, last in batches:
        ledger.take(first, CHAIN[first - 1 : last])
        assert list(ledger.stored) == list(range(1, ledger.head + 1))
    ledger.take(ledger.head + 1, CHAIN[ledger.head :]) if ledger.head < 8 else None
    assert [ledger.stored[seq] for seq in range(1, 9)] == CHAIN
    assert (ledger.head, ledger.head_digest) == (8, records.digest(CHAIN[-1]))
    assert not ledger.aside
    assert not ledger.conflicts


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[list[bytes], list[bytes], set[int]]:
    """A chain with poison in it, what the card made of it, and the places damaged."""
    poison = draw(st.frozensets(st.integers(1, 8)))
    chain = chain_of(8, poison)
    on_card = list(chain)
    damaged = draw(st.sets(st.integers(1, 7)))
    for seq in damaged:
        on_card[seq - 1] = draw(
            st.sampled_from(
                [
                    b"",
                    b"\xff" * 30,
                    on_card[seq - 1][:-1] + bytes([on_card[seq - 1][-1] ^ 1]),
                    on_card[seq - 1] + b"\0",
                    on_card[seq - 1][:-20],
                ]
            )
        )
    return chain, on_card, damaged | set(poison)


@settings(deadline=None)
@given(spoilt(), st.lists(slices, max_size=8))
def test_poison_and_damage_at_any_place_never_block(
    spoilt: tuple[list[bytes], list[bytes], set[int]], batches: list[tuple[int, int]]
) -> None:
    chain, on_card, bad = spoilt
    ledger = Ledger()
    for first, last in batches:
        ledger.take(first, on_card[first - 1 : last])
    while ledger.head < 8:  # as a device does: from central's head to the end
        before = ledger.head
        ledger.take(before + 1, on_card[before:])
        assert ledger.head > before
    assert ledger.head_digest == records.digest(chain[-1])
    assert set(range(1, 9)) - set(ledger.stored) == bad
    assert all(ledger.stored[seq] == chain[seq - 1] for seq in ledger.stored)
    assert {seq for seq, _, _ in ledger.aside} >= bad
    assert not ledger.conflicts


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.integers(0, 8))
def test_what_a_stranger_appends_moves_no_head(rubbish: list[bytes], good: int) -> None:
    ledger = Ledger()
    prev = records.digest(CHAIN[good - 1]) if good else GENESIS
    forged = records.sign(records.read(boot(good + 1, prev)), STRANGER)
    ledger.take(1, [*CHAIN[:good], forged, *rubbish])
    assert ledger.head == good
    ledger.take(1, CHAIN)
    assert ledger.head == 8
    assert [ledger.stored[seq] for seq in range(1, 9)] == CHAIN


@settings(deadline=None)
@given(st.integers(0, 7), slices, st.booleans())
def test_a_copied_cards_branch_is_kept_and_never_stored(
    common: int, sent: tuple[int, int], first_ours: bool
) -> None:
    branch = CHAIN[:common]
    for seq in range(common + 1, 9):
        prev = records.digest(branch[-1]) if branch else GENESIS
        branch.append(boot(seq, prev, branch=1))
    ledger = Ledger()
    ledger.take(1, CHAIN[: 8 if first_ours else max(1, common + 1)])
    held = ledger.head
    first, last = sent
    verdicts = ledger.take(first, branch[first - 1 : last])
    if first <= held + 1:
        wanted = [
            Verdict.ALREADY if seq <= common else Verdict.CONFLICT for seq in range(first, last + 1)
        ]
        assert verdicts == wanted
    else:
        assert verdicts == [Verdict.WAITING] * len(verdicts)
    assert all(signed in CHAIN for signed in ledger.stored.values())


def test_one_signature_vouches_for_a_whole_batch() -> None:
    class Counting:
        algorithm, raw = KEY.public.algorithm, KEY.public.raw
        checked = 0

        def verify(self, signature: bytes, message: bytes) -> None:
            Counting.checked += 1
            KEY.public.verify(signature, message)

    examined = examine(CHAIN, 1, DEVICE, Counting())
    assert {one.standing for one in examined} == {Standing.GENUINE}
    assert Counting.checked == 1


def test_a_record_spliced_in_from_another_branch_is_told_from_damage() -> None:
    other = boot(3, records.digest(CHAIN[1]), branch=1)
    mixed = [*CHAIN[:2], other, *CHAIN[3:]]
    ledger = Ledger()
    verdicts = ledger.take(1, mixed)
    assert verdicts[2] is Verdict.CONFLICT
    assert (ledger.head, set(ledger.stored)) == (8, {1, 2, 4, 5, 6, 7, 8})


def test_a_genuine_record_in_anothers_place_is_not_taken_for_it() -> None:
    ledger = Ledger()
    assert ledger.take(1, [CHAIN[0], CHAIN[0]]) == [Verdict.STORED, Verdict.QUARANTINED]
    assert ledger.take(1, [*CHAIN[:3], CHAIN[1]])[-1] is Verdict.QUARANTINED
    assert {reason for _, _, reason in ledger.aside} == {"misplaced"}


def test_a_gap_needs_a_genuine_record_behind_it() -> None:
    ledger = Ledger()
    ledger.take(5, [b"rubbish"], gap_before=True)
    assert ledger.head == 0
    ledger.take(5, CHAIN[4:], gap_before=True)
    assert ledger.head == 8


def test_examined_records_keep_their_bytes() -> None:
    (one,) = examine([b"\0"], 3, DEVICE, KEY.public)
    assert one == Examined(3, records.digest(b"\0"), b"\0", Standing.UNVOUCHED, reason=one.reason)
