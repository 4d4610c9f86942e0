"""When somebody is told: rules, incidents that gather what they find, and messages about them."""
