"""Photos are fetched by their hash, checked, bounded, and dropped when nobody has them."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import msgspec
import pytest
from agent_rig import Agent, Call, Listener, Memory, agent_of, http, listening
from device_rig import CENTRAL_KEY, WANG, configuration

from device.agent.album import AT_ONCE, Album, Caught
from device.core.errors import CentralUnreachable
from device.store.home import Home
from protocol import configuration as configurations
from protocol.configuration import StaffMember
from protocol.messages import MAX_PHOTO_BYTES, PROBLEM_TYPE, Problem

JPEG = b"\xff\xd8\xff\xe0"


def picture(number: int) -> bytes:
    return JPEG + b"a picture of %d" % number


def name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Studio(NamedTuple):
    """A central that gives out photos, and the album of one device."""

    album: Album
    agent: Agent
    listener: Listener
    gives: dict[str, bytes]
    home: Home

    def names(self, *photos: str, version: int = 2) -> None:
        """Put a roster in place whose staff have these photos."""
        staff = tuple(
            StaffMember(f"{number:04}", "王晓燕", "", "", photo=photo)
            for number, photo in enumerate(photos, start=1)
        )
        document = msgspec.structs.replace(
            configuration(version=version), staff=(*staff, StaffMember(WANG, "李", "", ""))
        )
        signed = configurations.sign(document, CENTRAL_KEY)
        assert self.agent.briefing.apply(document, signed, str(version))

    @property
    def kept(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.home.photos.iterdir()}


@pytest.fixture
def studio(home: Home) -> Iterator[Studio]:
    gives: dict[str, bytes] = {}
    memory = Memory()

    def answer(call: Call) -> bytes:
        if not call.path.startswith("/v1/photos/"):
            return memory(call)
        content = gives.get(call.path.removeprefix("/v1/photos/"))
        if content is None:
            problem = msgspec.json.encode(Problem("Not found", 404, "unknown-photo"))
            return http(problem, 404, Content_Type=PROBLEM_TYPE)
        return http(content, Content_Type="image/jpeg")

    with ExitStack() as stack:
        listener = stack.enter_context(listening(answer))
        agent = stack.enter_context(agent_of(home, listener.url))
        yield Studio(Album(home, agent.central), agent, listener, gives, home)


def test_what_the_roster_names_is_fetched_once_and_kept_by_its_hash(studio: Studio):
    digest = name_of(picture(1))
    studio.gives[digest] = picture(1)
    studio.names(digest)
    assert studio.album.catch_up() == Caught(False)
    assert studio.album.catch_up() == Caught(False)
    assert studio.kept == {f"{digest}.jpg": picture(1)}
    assert len(studio.listener.to(f"/v1/photos/{digest}")) == 1


def test_a_photo_that_is_not_what_its_name_says_is_not_kept(studio: Studio):
    digest = name_of(picture(1))
    studio.gives[digest] = picture(2)
    studio.names(digest)
    assert studio.album.catch_up() == Caught(False, ("photo.wrong",))
    assert studio.kept == {}


def test_what_is_no_jpeg_is_not_kept_though_its_hash_is_right(studio: Studio):
    program = b"#!/bin/sh\n"
    studio.gives[name_of(program)] = program
    studio.names(name_of(program))
    assert studio.album.catch_up() == Caught(False, ("photo.no-jpeg",))
    assert studio.kept == {}


def test_a_photo_beyond_the_limit_is_not_read_to_its_end(studio: Studio):
    large = JPEG + bytes(MAX_PHOTO_BYTES)
    studio.gives[name_of(large)] = large
    studio.names(name_of(large))
    assert studio.album.catch_up() == Caught(False, ("photo.wrong",))
    assert studio.kept == {}


def test_a_photo_that_central_does_not_have_costs_one_question(studio: Studio):
    studio.names("ab" * 32)
    assert studio.album.catch_up() == Caught(False, ("photo.refused",))
    assert studio.album.catch_up() == Caught(False)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_photo_that_a_busy_central_refused_is_asked_for_again(studio: Studio, status: int):
    digest = name_of(picture(1))
    studio.names(digest, *(f"{number:064x}" for number in range(AT_ONCE)))
    usual = studio.listener.answer
    problem = msgspec.json.encode(Problem("Busy", status, "busy"))
    studio.listener.answer = lambda _: http(problem, status, Content_Type=PROBLEM_TYPE)
    assert studio.album.catch_up() == Caught(False, ("photo.later",) * AT_ONCE)
    studio.listener.answer = usual
    studio.gives[digest] = picture(1)
    while studio.album.catch_up().more:
        continue
    assert list(studio.kept) == [f"{digest}.jpg"]


def test_the_others_come_all_the_same(studio: Studio):
    there = name_of(picture(1))
    studio.gives[there] = picture(1)
    studio.names(there, "ab" * 32)
    studio.album.catch_up()
    assert list(studio.kept) == [f"{there}.jpg"]


def test_many_photos_come_a_few_at_a_time_so_that_records_go_first(studio: Studio):
    pictures = [picture(number) for number in range(AT_ONCE + 2)]
    studio.gives.update({name_of(content): content for content in pictures})
    studio.names(*map(name_of, pictures))
    assert studio.album.catch_up() == Caught(True)
    assert len(studio.kept) == AT_ONCE
    assert studio.album.catch_up() == Caught(False)
    assert len(studio.kept) == AT_ONCE + 2


def test_a_photo_that_nobody_has_any_more_is_dropped(studio: Studio):
    old, new = picture(1), picture(2)
    studio.gives.update({name_of(old): old, name_of(new): new})
    studio.names(name_of(old))
    studio.album.catch_up()
    studio.names(name_of(new), version=3)
    studio.album.catch_up()
    assert list(studio.kept) == [f"{name_of(new)}.jpg"]


def test_what_a_power_cut_left_half_is_cleared_away(studio: Studio):
    studio.home.photos.mkdir()
    (studio.home.photos / f"{'ab' * 32}.part").write_bytes(b"half")
    studio.album.catch_up()
    assert studio.kept == {}


def test_a_central_that_does_not_answer_leaves_what_is_there(studio: Studio):
    digest = name_of(picture(1))
    studio.gives[digest] = picture(1)
    studio.names(digest)
    studio.album.catch_up()
    studio.names(digest, "ab" * 32, version=3)
    studio.listener.answer = lambda call: b""
    with pytest.raises(CentralUnreachable):
        studio.album.catch_up()
    assert list(studio.kept) == [f"{digest}.jpg"]


def test_the_courier_brings_photos_after_records(studio: Studio):
    digest = name_of(picture(1))
    studio.gives[digest] = picture(1)
    studio.names(digest)
    studio.agent.work()
    assert studio.kept == {f"{digest}.jpg": picture(1)}
