"""The technician's tool, and everything that goes onto a device before its first start."""
