"""Rows as typed columns: batches, values, schema, inference, privacy, times, durations."""
