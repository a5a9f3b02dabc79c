"""Evaluates a judge against people's labels.

``pairs`` joins predictions and labels; ``metrics_table`` measures parallel arrays with their intervals; ``baselines``
is what a judge has to beat; ``worst_misses`` ranks the samples it got most wrong; ``scorecard`` holds all of it as
data, ``text_report`` as text; ``comparison`` compares two judges on the same samples.
"""
