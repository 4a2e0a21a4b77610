"""What can be wrong with a device, as plain checks: for the doctor, the check screen, heartbeats.

Nothing here opens a network connection or the display.
"""
