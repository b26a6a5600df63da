"""Keeping the knowledge: versions of it, what a change would do, publishing it and going back.

The versions stand in the state database (bot/state/versions.py); nothing here knows a channel.
"""
