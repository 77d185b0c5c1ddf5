"""Statistics of runs: contrasts, the noise of seeds, intervals, power; no verdicts and no words."""

from recscale.stats.anova import UNTESTED, FTest, against_noise, split_plot
from recscale.stats.contrasts import Contrasts, combined
from recscale.stats.estimate import UNKNOWN, Estimate, welch_difference, wilson
from recscale.stats.multiplicity import Count, Pair, bonferroni_level, both_levels, count_above, count_below, covering
from recscale.stats.power import pooled_deviation, seeds_needed, seeds_to_decide
from recscale.stats.seeds import SeedNoise, least_significant_difference, mean_estimate, mean_half_width, seed_noise
