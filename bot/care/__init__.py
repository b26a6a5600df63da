"""Looking after an installation: `jianfu doctor` finds faults, `jianfu backup` and `jianfu restore` carry it elsewhere."""
