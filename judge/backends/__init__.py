"""The ways of judging, behind one face: ``embedded`` on a laptop, ``endpoint`` over HTTP."""
