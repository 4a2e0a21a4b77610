"""The rating device: its rules, its two files, and the two processes that use them."""

__version__ = "0.1.0"
