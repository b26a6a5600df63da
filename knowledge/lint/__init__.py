"""What loads and is still not right: each finding has a file, a line, a rule and a remedy."""
