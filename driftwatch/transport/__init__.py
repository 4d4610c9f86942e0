"""What leaves the process by HTTP: one client, bounded in time and size, for everything here."""
