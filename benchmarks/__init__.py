"""How fast the platform is: commands as processes and the web process over HTTP, both measured from outside.

Only what can be had in no other way, as a step of a job or of a model, is timed by the process that does it.
"""
