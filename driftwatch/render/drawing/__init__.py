"""Charts, axes, timelines and the style sheet that every page shares."""
