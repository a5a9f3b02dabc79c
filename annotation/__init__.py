"""The rules of annotation: what is scored, by whom, in which order, and what follows from it."""
