"""The process that talks to people: screen, touch, keys and buttons.

It never opens a network socket. What it needs to show comes from `agent.db`, what it
learns goes into `kiosk.db`.
"""
