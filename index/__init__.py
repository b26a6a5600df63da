"""How we find it: vectors, n-grams and addresses over the clauses, fused by a calibrated ranker."""
