"""Nearest clauses by vector: seam.py is what the index asks for, the other files are engines that give it."""
