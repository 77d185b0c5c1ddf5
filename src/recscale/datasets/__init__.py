"""Official file or mirror → canonical table → ``CTRData`` or ``SequenceData``."""

from recscale.datasets import planted_world, synthetic
from recscale.datasets.load import dataset_names, load_ctr, load_sequences
from recscale.datasets.subsample import repeat_within_user, subsample_rows, subsample_users
from recscale.datasets.tables import PADDING, CTRData, CTRSplit, Field, SequenceData
