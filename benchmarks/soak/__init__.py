"""A soak: everything at once, killed, forked, filled up, replaced; and the account must close."""
