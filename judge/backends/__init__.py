"""The backends of a judge: ``embedded`` on a laptop, ``endpoint`` over HTTP, ``vlm`` on GPUs."""
