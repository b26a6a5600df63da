"""Talks: one assistant, and thin channels around it."""
