"""The loop back: from questions that were not answered to clauses, and the numbers of how answering goes.

recorder.py notes what the assistant answers, scrub.py takes people out of it, queue.py groups it by meaning, desk.py lets
a person decide, draft.py writes what was decided into a copy of the knowledge, report.py counts. Nothing is published here.
"""
