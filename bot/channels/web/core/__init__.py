"""What every route of the web channel works with: the service, its threads, errors, counters and addresses."""
