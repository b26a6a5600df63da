"""A load test of a whole `jianfu serve` over loopback: people.py is who asks (run by locust), run.py starts, counts, writes."""
