"""The ways of judging, behind one face: ``embedded`` on a laptop, ``vlm`` fine-tuned, ``endpoint`` over HTTP."""
