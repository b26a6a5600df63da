"""What we know: notices, their clauses and the questions people ask of them."""
