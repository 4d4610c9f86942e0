"""Functions on arrays: distances, significance, ties, alarm budgets, variability."""
