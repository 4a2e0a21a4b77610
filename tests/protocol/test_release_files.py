"""A release file before its signature is checked: bytes from anybody."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed, ProtocolError
from protocol.releases import MANIFEST, SIGNATURE, TREE, open_release

MEMBERS = ((MANIFEST, b"{}"), (SIGNATURE, bytes(64)), (TREE, b"tree"))


def nobody_asks(_signature: bytes, _message: bytes) -> None:
    raise AssertionError("a signature was checked over what is no release file")


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def packed(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    pieces = [
        header(name, len(content), kind) + content + bytes(-len(content) % tarfile.BLOCKSIZE)
        for name, content in members
    ]
    return b"".join(pieces) + bytes(2 * tarfile.BLOCKSIZE)


def refused(encoded: bytes) -> None:
    with pytest.raises(Malformed):
        open_release(io.BytesIO(encoded), nobody_asks)


def test_extended_headers_one_behind_the_other_exhaust_nothing():
    refused((header("././@LongLink", 5, tarfile.GNUTYPE_LONGNAME) + b"a" * 512) * 3000)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_an_extended_header_that_states_a_huge_length_is_not_read(kind: bytes):
    class Endless(io.BytesIO):
        """A sparse file costs nothing; whoever reads all of it pays."""

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None and 0 <= size <= 1 << 20
            return super().read(size)

    with pytest.raises(Malformed):
        open_release(Endless(header("x", 8 << 30, kind)), nobody_asks)


def test_a_member_too_many_too_few_or_elsewhere_is_no_release():
    refused(packed(*MEMBERS, ("more", b"x")))
    refused(packed(*MEMBERS[:2]))
    refused(packed(MEMBERS[1], MEMBERS[0], MEMBERS[2]))
    refused(packed(*MEMBERS)[:-1024])


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE]
)
def test_only_plain_files_are_members(kind: bytes):
    refused(packed(*MEMBERS, kind=kind))


@pytest.mark.parametrize("size", [-512, -1, 0, 1 << 40])
def test_a_size_that_no_member_can_have_is_refused(size: int):
    refused(header(MANIFEST, size) + bytes(4096))


@given(st.binary(max_size=2048), st.integers(0, 2048))
def test_whatever_the_bytes_the_answer_is_a_refusal(junk: bytes, at: int):
    whole = packed(*MEMBERS)
    with pytest.raises(ProtocolError):
        open_release(io.BytesIO(whole[:at] + junk + whole[at + len(junk) :]), lambda *_: None)


def test_the_tree_is_read_where_it_lies_and_no_further():
    manifest = (
        b'{"version":"0.2","platform":"cp313-linux-aarch64","tree_sha256":"' + b"0" * 64 + b'",'
        b'"tree_bytes":4,"unpacked_bytes":1,"issued_ms":1,"format":1}'
    )
    file = io.BytesIO(packed((MANIFEST, manifest), *MEMBERS[1:]) + b"behind it")
    found, tree = open_release(file, lambda *_: None)
    assert found.version == "0.2"
    assert (tree.read(2), tree.read(), tree.read()) == (b"tr", b"ee", b"")
