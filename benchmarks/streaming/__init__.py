"""Parts of ``python -m benchmarks.bench_stream``."""
