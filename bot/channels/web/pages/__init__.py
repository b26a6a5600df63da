"""The pages that people open, made here from templates, and the files beside them."""
