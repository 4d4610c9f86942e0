"""The statistics: no input or output, no clock, no threads of their own; usable alone."""
