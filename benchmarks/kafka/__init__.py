"""What a Kafka worker costs."""
