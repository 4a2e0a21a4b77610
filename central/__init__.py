"""The central API: takes in what devices assert, and answers what halls want to know.

May import `protocol` and third parties, never the device's side.
"""
