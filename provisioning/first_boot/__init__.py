"""What a blank card does by itself: from the first power-on to an enrolled device.

Packed into one file (`first-boot.pyz`) that `haochaping provision cards` writes onto the
boot partition, with the few modules of `device` and `protocol` it stands on; kept to the
standard library, because nothing of ours is installed yet.
"""
