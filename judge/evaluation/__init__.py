"""A judge held to what people agreed on: predictions beside the labels of a release, and the scorecard made of them.

``pairing`` brings predictions and labels together; ``figures`` measures parallel arrays with their intervals;
``baselines`` is what a judge has to beat; ``misses`` says which samples it got most wrong; ``scorecard``
says all of it as data; ``wording`` as text; ``comparing`` holds two judges to the same samples.
"""
