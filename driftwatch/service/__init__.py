"""The collector: takes the deliveries of replicas, evaluates, and answers questions."""
