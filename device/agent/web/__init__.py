"""What the agent serves over HTTP: the staff console and the business systems' interface.

Nothing of it is imported on a device whose profile names no address (``console.listen``).
"""
