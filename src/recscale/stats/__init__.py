"""Statistics of runs: contrasts, the noise of seeds, intervals, power; no verdicts and no words."""
