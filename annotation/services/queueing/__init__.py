"""The review queue: made anew by a job, kept up to date as scores come in, and what admins do with its entries.

What stands first is for `annotation.priority` to say; here facts are read, places are stored and outcomes noted.
"""
