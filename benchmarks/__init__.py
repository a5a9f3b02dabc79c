"""How fast the platform is, measured from outside: commands as processes, the web process over HTTP."""
