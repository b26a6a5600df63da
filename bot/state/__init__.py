"""What has to outlive a restart, in a database: SQLite beside the program, or PostgreSQL by address.

One table, one file that reads and writes it; database.py opens and migrates. Nothing here knows a channel, and nothing
says who asked what (docs/decisions.md).
"""
