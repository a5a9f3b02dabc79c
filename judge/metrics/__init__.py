"""PURE. Metrics of a judge against people: arrays in, plain numbers out.

``gaps`` has the paper's own figures: A@1, RMSE and the shares of gaps 0 to 5; ``association`` the correlations that
image quality work reports; ``resampling`` draws questions for intervals; ``ceiling`` measures one annotator against the
others; ``dispute`` judges what a judge expects people to disagree on. A figure that the data do not carry is None.
"""
