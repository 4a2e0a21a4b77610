"""The process that talks to machines: central, and the window's programs.

It may send what the kiosk asserted and tell the kiosk what central said; it can assert
nothing itself, since it does not hold the record key.
"""
