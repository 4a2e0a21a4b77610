"""What travels between device and central: levels, tags, signed records, messages.

Both sides of the wire import these types and no others, so that a change of the wire
format is one change. Nothing here opens a file or a socket or looks at a clock.
"""
