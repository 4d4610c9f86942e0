"""How much alerts hold up an evaluation."""
