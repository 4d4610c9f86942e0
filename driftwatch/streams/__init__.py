"""Both sides joined: records in, deliveries out, the current window on demand."""
