"""Lets `python -m haochaping` do what `haochaping` does."""

import sys

from haochaping.cli import main

sys.exit(main())
