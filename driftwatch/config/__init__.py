"""``driftwatch.toml``: monitors, Kafka, the service."""
