"""KuaiRand-Pure: exposures of a short-video feed with many outcomes a row → two-task impressions, or sequences.

**Only what was known before the exposure is an input.** Of the 19 log columns these are user, video, date, hour,
duration and tab; ``is_*``, ``long_view`` and the times spent are outcomes: two are labels (``is_click``, the main task,
and ``long_view``), the rest is dropped. A date never comes back, so it enters as its weekday. User and video features
join by id; features that are the same for everybody (``is_lowactive_period``, ``visible_status``) are left out.
Raw counts, durations and sizes are dense columns, their published ranges categorical ones.

Impressions are the standard log of 25 April to 8 May 2022: train up to 5 May, valid 6 May, test 7 and 8 May. Sequences
are each user's last 50 exposures before, up to 24 April.
"""

import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recscale.datasets.archives import DAMAGED, check_size
from recscale.datasets.schema import Card, Source

FIRST_DAY, VALID_DAY, TEST_DAY = 20220425, 20220506, 20220507
HISTORY = 50
LOG = ["user_id", "video_id", "date", "hourmin", "time_ms", "is_click", "long_view", "duration_ms", "tab"]
EARLY_LOG = "log_standard_4_08_to_4_21_pure.csv"
LATE_LOG = "log_standard_4_22_to_5_08_pure.csv"


def tables(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """The mirror's three Parquets: log, users, videos."""
    log, users, videos = (pd.read_parquet(path) for path in paths)
    return _impressions(log, users, videos)


def archive(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """The official ``KuaiRand-Pure.tar.gz``."""
    if kind == "sequences":
        early, late = read_members(paths[0], [EARLY_LOG, LATE_LOG])
        return histories(pd.concat([early, late], ignore_index=True))
    names = [LATE_LOG, "user_features_pure.csv", "video_features_basic_pure.csv"]
    log, users, videos = read_members(paths[0], names)
    return _impressions(log[log["date"] >= FIRST_DAY], users, videos)


def _impressions(log: pd.DataFrame, users: pd.DataFrame, videos: pd.DataFrame) -> pd.DataFrame:
    joined = log[LOG].merge(users, on="user_id", how="left").merge(videos, on="video_id", how="left")
    day = joined["date"]
    return joined.assign(
        weekday=pd.to_datetime(day.astype(str), format="%Y%m%d").dt.day_of_week,
        hour=joined["hourmin"] // 100,
        timestamp=joined["time_ms"] // 1000,
        split=np.select([day >= TEST_DAY, day >= VALID_DAY], ["test", "valid"], "train"),
    )


def histories(log: pd.DataFrame) -> pd.DataFrame:
    """Each user's last ``HISTORY`` exposures before the impressions begin."""
    before = log[log["date"] < FIRST_DAY].sort_values(["user_id", "time_ms"], kind="stable")
    recent = before.groupby("user_id").tail(HISTORY)
    return pd.DataFrame({"user": recent["user_id"], "item": recent["video_id"]}).reset_index(drop=True)


def read_members(path: Path, names: Sequence[str]) -> list[pd.DataFrame]:
    """CSVs of a tar archive by file name. One pass: going back in a gzip means unpacking it again."""
    frames = {}
    try:
        with tarfile.open(path) as archive:
            unpacked = 0
            for entry in archive:
                unpacked += entry.size
                check_size(unpacked, path.stat().st_size, path)
                if (name := entry.name.rsplit("/", 1)[-1]) in names:
                    frames[name] = pd.read_csv(archive.extractfile(entry), dtype={"tag": str})
                if len(frames) == len(names):
                    break
    except (tarfile.TarError, *DAMAGED) as error:
        raise ValueError(f"can't read {path}: {error}") from None
    if missing := [name for name in names if name not in frames]:
        raise ValueError(f"no {missing[0]} in {path}")
    return [frames[name] for name in names]
