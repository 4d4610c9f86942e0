"""Parts of `bench_performance`: laws, oracles and streams whose answer is known."""
