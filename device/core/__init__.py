"""The rules of a rating, without clock, I/O or threads.

Values come in (an event, the time), decisions go out (a new state, effects to carry out).
Whoever calls carries the effects out; nothing here knows how.
"""
