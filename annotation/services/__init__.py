"""Every write of the platform, one module per stage of a sample's life.

A service checks the permission, takes the lock, asks the transition table, writes, records history and does all of
that in one transaction. Services take keyword arguments and name the acting user ``by=``.
"""
