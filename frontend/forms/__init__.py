"""The forms of the pages.

A form only reads and names its fields; the services validate them.
"""
