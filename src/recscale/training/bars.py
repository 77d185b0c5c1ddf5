"""The recipe of the BARS benchmark's ``*_x1`` data sets, which the paper's five small data sets follow."""

from recscale.models.ctr_presets import Preset
from recscale.models.embeddings import EmbeddingConfig
from recscale.training.ctr import CTRTraining


def bars_training(preset: Preset) -> CTRTraining:
    """Adam at 1e-3 on everything, batches of 4096, up to 100 epochs watched by AUC on valid.

    An epoch that isn't the best divides the rate by ten, the second in a row ends training; the best weights count.
    Differences from FuxiCTR: Kaiming instead of Xavier weights, and its clipping (norm 10) leaves the tables out.
    """
    return CTRTraining(
        epochs=100,
        batch_size=4096,
        dense_learning_rate=1e-3,
        sparse_learning_rate=1e-3,
        warmup_fraction=0.0,
        schedule="constant",
        table_optimiser="adam",
        embedding_l2=preset.embedding_l2,
        patience=2,
        plateau_factor=0.1,
        monitor="auc",
        embedding=EmbeddingConfig(width=preset.width, initial_std=1e-4),
    )
