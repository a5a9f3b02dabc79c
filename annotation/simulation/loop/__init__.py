"""The whole loop as a play: made-up samples, annotators of known habits, and every step by the service of its page.

``material`` draws the samples and knows what they deserve, ``cast`` says who takes part, ``annotating`` and
``talking`` let them work, ``steps`` has the plot, ``figures`` reads what came of it, ``table`` says it.
"""
