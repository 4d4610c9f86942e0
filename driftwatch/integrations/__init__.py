"""DriftWatch inside other people's programs."""
