"""How regular item sequences are: approximate, sample, real, Shannon entropy; Markov chains whose entropy is known."""

from recscale.entropy.measures import (
    approximate_entropy,
    approximate_entropy_per_user,
    compression_ratio,
    data_quality,
    markov_entropy_rate,
    real_entropy,
    real_entropy_per_user,
    sample_entropy,
    sample_entropy_per_user,
    shannon_entropy,
    shannon_entropy_per_user,
)
