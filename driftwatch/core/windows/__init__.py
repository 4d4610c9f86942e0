"""Event time cut into panes and windows: segments, deliveries, sliding merges, the alarm."""
