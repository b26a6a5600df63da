"""Trainers' rooms while they run: who follows which room, what each view shows, and how answers come in together."""
