"""How good a model is: metrics from mergeable state, their intervals, and whether they fell."""
