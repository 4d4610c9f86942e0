"""One partition of a topic: where it begins, how far it is, what is damaged."""
