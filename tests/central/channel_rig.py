"""What the tests of other channels share: a hotline, an SMS gateway, and how they call."""

import itertools
from typing import Any
from uuid import uuid4

import requests
from central_rig import RunningCentral

from central import channels, schema
from central.service import now_ms
from protocol import records, remote
from protocol.remote import RemoteRating
from protocol.subjects import Channel

_numbers = itertools.count(1)


class Line:
    """Another way to rate, with a key of its own."""

    def __init__(self, place: RunningCentral, channel: Channel = Channel.PHONE) -> None:
        self.place = place
        self.name = f"line-{next(_numbers)}"
        self.channel = channel
        self.key = self.make_key()

    def make_key(self) -> str:
        with self.place.database.writing() as connection:
            return channels.make_channel(connection, "210100-01", self.name, self.channel, now_ms())

    def post(self, body: Any, path: str = "/v1/ratings", **headers: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.post(
                self.place.url + path,
                data=body if isinstance(body, bytes) else None,
                json=None if isinstance(body, bytes) else body,
                headers={
                    "Authorization": f"Bearer {self.key}",
                    "Content-Type": "application/json",
                    **headers,
                },
                timeout=30,
            )

    def rate(self, level: int | dict[str, int] = 5, **fields: Any) -> requests.Response:
        """Bring a rating of staff member 1001 for a service, unless ``fields`` say otherwise."""
        said = {"platform": level} if isinstance(level, int) else level
        body: dict[str, Any] = {"subject": "staff", "level": said, **fields}
        if not {"reference", "visit", "receipt"} & body.keys():
            body["reference"] = str(uuid4())
        if body["subject"] == "staff" and "reference" in body:
            body.setdefault("code", "1001")
        return self.post(body)

    def counted(self) -> list[Any]:
        """The ratings of this channel that count, as the tables have them."""
        found = self.place.rows(schema.rating, schema.rating.c.counted)
        mine = {row.id for row in self.kept()}
        return sorted((row for row in found if row.remote_id in mine), key=lambda row: row.id)

    def kept(self) -> list[Any]:
        table = schema.remote_rating
        rows = self.place.rows(table, table.c.system == self.name)
        return sorted(rows, key=lambda row: row.id)

    def signed(self) -> list[RemoteRating]:
        """What central signed for this channel, each checked with its public key."""
        key = self.place.central.key.public
        return [remote.verify(row.signed, key) for row in self.kept()]


def chain_is_whole(place: RunningCentral, hall: str = "210100-01") -> bool:
    """True if the hall's own chain has no gap and every link of it fits."""
    table = schema.remote_rating
    rows = sorted(place.rows(table, table.c.hall == hall), key=lambda row: row.seq)
    key = place.central.key.public
    before = remote.genesis(hall, key.raw)
    for number, row in enumerate(rows, start=1):
        record = remote.verify(row.signed, key)
        if (record.seq, record.prev) != (number, before):
            return False
        before = records.digest(row.signed)
    return True


def answer_of(response: requests.Response) -> tuple[int, str]:
    """The status, and the standing or the problem's code."""
    said = response.json()
    return response.status_code, str(said.get("standing") or said.get("code"))
