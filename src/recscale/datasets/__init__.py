"""Official file or mirror → canonical table → ``CTRData`` or ``SequenceData``."""

from recscale.datasets.tables import PADDING, CTRData, CTRSplit, Field, LeaveOneOut, SequenceData

__all__ = ["PADDING", "CTRData", "CTRSplit", "Field", "LeaveOneOut", "SequenceData"]
