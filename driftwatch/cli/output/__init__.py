"""How a command shows a report, its progress and its outcome."""
