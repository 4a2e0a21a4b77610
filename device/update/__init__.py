"""From one release to the next: fetched, checked, switched, tried out, kept or rolled back."""
