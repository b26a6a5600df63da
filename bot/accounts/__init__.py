"""Accounts of those who keep the knowledge: who may come in, with which role, and what each role may do."""
