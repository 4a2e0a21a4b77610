"""The device's two SQLite files, its keys, and its configuration file.

`kiosk.db` is written by the kiosk alone, `agent.db` by the agent alone; each reads the
other's through a connection that can neither write nor checkpoint.
"""
