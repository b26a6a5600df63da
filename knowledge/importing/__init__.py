"""From a file as received to a draft: source text, clauses with offsets, and a report of what needs a person's eye."""
