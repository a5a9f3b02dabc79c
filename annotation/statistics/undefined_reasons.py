"""PURE. Reasons why a metric is undefined; programs compare these texts."""

NO_RATINGS = "There are no independent ratings yet."
ONE_ANNOTATOR = "All ratings are by one annotator, and agreement needs two."
NO_PAIRS = "No sample has been rated by two annotators yet."
ONE_SAMPLE = "Only one sample has been rated by two annotators, and agreement beyond chance needs two."
ONE_VALUE = "All ratings have the same value, so agreement beyond chance cannot be told."
NOT_COMPLETE = "The samples were not all rated by the same annotators, which this form needs."
NO_VARIANCE = "The ratings differ in a way that leaves nothing to divide by."
ONE_SHARED = "The two have fewer than two samples in common."
ONE_RATER_ONE_VALUE = (
    "One of the two gave all samples in common the same value, so agreement beyond chance cannot be told."
)
ALONE = "Nobody else has rated a sample of theirs yet."
NOTHING_SUGGESTED = "Nobody has answered a value of the judge yet."
NO_BLIND_BESIDE = "No sample has a value that was suggested and a blind one of somebody else yet."
FEW_SUGGESTED = "Too few samples yet: ten of five questions are needed."
NO_NOISE = "Too few samples have blind values of two people yet, so how far people differ by themselves is not known."
WITHIN_NOISE = (
    "The judge's values do not lie clearly further from people's than people's lie from each other, so a pull cannot "
    "be told from agreement."
)
NEVER_APART = "The judge's values were always the annotators' own, so nothing could be pulled."
