"""What each page says, as frozen values: the same that its JSON has."""
