"""One model, one file: the configuration, the module, and its parameters and compute in closed form."""

from recscale.models.accounting import Accounting, Block, account_ctr
from recscale.models.attention import SequentialConfig
from recscale.models.crossnet import CrossNetConfig
from recscale.models.ctr import CTR_MODELS, CTRModel, build_ctr_model
from recscale.models.dcnv2 import DCNv2Config
from recscale.models.dlrm import DLRMConfig
from recscale.models.embeddings import EmbeddingConfig, InputShape, SmallFields, TowerConfig
from recscale.models.sequential import SEQUENTIAL_MODELS, SequentialModel, account_sequential, build_sequential_model
from recscale.models.wukong import WukongConfig

MODEL_TITLES: dict[str, str] = {name: config.title for name, config in {**CTR_MODELS, **SEQUENTIAL_MODELS}.items()}
"""A model's name in the run records -> what readers know it by."""
