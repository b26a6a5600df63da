"""A trainer's room: a paper that a class answers together, item by item, in a web page or in a Telegram group.

rules.py says what may follow what, classroom.py keeps it in the database, report.py says afterwards what to read again.
A room knows seats and no people: a name stands in it only where its owner put it there, and goes with it.
"""
