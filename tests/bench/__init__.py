"""Benchmarks on real Kafka and PostgreSQL, each with the machine's raw limit beside it in the same run."""
