"""Capture inside a service, and the merging of its replicas, measured."""
