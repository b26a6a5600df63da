"""How much a number of people needs: formulas (plan.py) over what was measured on this machine (measure.py)."""
