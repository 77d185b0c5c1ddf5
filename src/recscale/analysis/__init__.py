"""One question per module, one frozen result of numbers each."""
