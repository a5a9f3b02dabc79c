"""Files that come in: samples with their pictures, score tables and predictions."""
