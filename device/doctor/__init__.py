"""`haochaping doctor`: everything that breaks in the field, checked, and what to do about it."""
