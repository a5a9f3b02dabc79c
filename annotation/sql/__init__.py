"""Hand-written SQL: the hot path of finding, claiming and scoring, and what is read or written by the thousand.

The object-relational mapper would run the same statements, but takes ten times longer to compose each than SQLite
takes to run it, and a lease and a score together are some twenty statements; where rows come by the thousand it would
make an object of each. Everything here runs on SQLite and
PostgreSQL alike. The literals ``stage = 1`` and ``state = 1`` are written out because a partial index is not used for
a parameter. Where a row is named by its key, ``state + 0`` keeps PostgreSQL from taking such an index for a short way
to it: an index of what waits is full of what no longer does as long as an old transaction is open.
"""
