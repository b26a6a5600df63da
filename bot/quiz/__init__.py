"""Quiz items with proved keys, made by rule from the clauses of any notice; papers of them, and exports."""
