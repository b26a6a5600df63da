"""Ways to reach the assistant; siblings that never import each other."""
