"""Visits that the device ended without a rating and whose citizen rated by phone all the same.

The device is told of it when it can be; a phone rating that reached central later, or while
the device was offline, changes nothing of what the device signed. So such a visit keeps its
outcome and is told beside it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func

from central import schema
from central.settling import Origin
from protocol.records import Outcome

UNRATED = tuple(one.value for one in Outcome if one not in (Outcome.RATED, Outcome.PARTLY))
"""How a visit ends without a rating on the device."""

_VISIT, _RATING, _REMOTE = schema.visit, schema.rating, schema.remote_rating
_COUNTS = exists().where(
    _RATING.c.device_id == _REMOTE.c.device_id,
    _RATING.c.visit == _REMOTE.c.visit,
    _RATING.c.subject == _REMOTE.c.subject,
    _RATING.c.code == _REMOTE.c.code,
    _RATING.c.origin == Origin.REMOTE.value,
    _RATING.c.counted,
)
_RATED = (
    # Asked of the smaller table first: where nobody rates by phone it costs nearly nothing.
    exists()
    .where(
        _REMOTE.c.visit == _VISIT.c.visit,
        _REMOTE.c.device_id == _VISIT.c.device_id,
        _COUNTS.correlate(_REMOTE),
    )
    .correlate(_VISIT)
)


def alone(query: Select[Any], key: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Return ``query`` on `visit` turned into one that tells by ``key`` how many those are.

    By itself and as a sum: so it is asked of few visits, and of none that is not wanted.
    """
    how_many = func.sum(case((_RATED, 1), else_=0))
    unrated = query.with_only_columns(*key, how_many).where(_VISIT.c.outcome.in_(UNRATED))
    return unrated.group_by(*key)
