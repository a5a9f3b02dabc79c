"""Runs a whole study with synthetic samples and annotators, through the services behind the pages.

``synthetic_samples`` draws the samples and knows their true values, ``annotators`` defines the members, ``scoring`` and
``discussing`` do their work, ``steps`` lists the steps, ``measurements`` reads the results, ``step_summary`` and
``table`` print them.
"""
