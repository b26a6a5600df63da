"""Keeping the knowledge from a private chat: who is linked sends files, sees what they change, publishes, goes back."""
