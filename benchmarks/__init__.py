"""Speed and size of DriftWatch, measured beside the libraries people would use instead."""
