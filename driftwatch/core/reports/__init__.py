"""What a check found, as frozen values that turn into JSON."""
