"""How releases lie on a device: unpacked beside each other, one of them current.

Kept to the standard library: first boot installs the very first release with this, before
anything of ours is on the device.
"""
