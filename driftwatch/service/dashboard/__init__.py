"""Pages for people: what is wrong, what moved, since when, who is affected, what to do."""
