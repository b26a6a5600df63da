"""Growth: synthetic notices (notices.py, vocabulary.py), their vectors (vectors.py), and what they cost (measure.py)."""
