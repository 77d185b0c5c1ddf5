"""A study's runs on a Dask cluster: a run a process, this very code on every worker, no silence when workers are gone.

The runs are submitted to the client, not through joblib's backend: that one trains in the caller where a cluster has a
single worker, and waits for ever where it has none.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from recscale.studies.records import RecordStore
from recscale.studies.run import RunSpec, code_fingerprint

if TYPE_CHECKING:
    from dask.distributed import Client, Future

Task = Callable[[RunSpec, RecordStore], dict]

PATIENCE = 120.0
"""Seconds a study waits for a cluster without any worker."""


class WorkersLost(OSError):
    """The processes that carry out a study, or the way to them, broke down; the message says which."""


def carried_out(task: Task, specs: Sequence[RunSpec], store: RecordStore, scheduler: str) -> Iterator[dict]:
    """The records of ``specs`` as the workers of ``scheduler`` finish them.

    Workers write to the folder of ``store``; a record that isn't seen there from here (they have another file system)
    is written from here.
    """
    from dask.distributed import Client

    with Client(scheduler) as client:
        fit = code_fingerprint()
        waiting = {client.submit(_checked, task, spec, store, spec.run_id, fit, pure=False) for spec in specs}
        while waiting:
            finished, waiting = _next(client, waiting)
            for future in finished:
                record = _result(future)
                if store.get(record["run_id"]) is None:
                    store.put(record)
                yield record


def _checked(task: Task, spec: RunSpec, store: RecordStore, run_id: str, fit: str) -> dict:
    """On a worker: ``task``, if the numbers would be those of the machine that asked."""
    from dask.distributed import get_worker

    worker = get_worker()
    threads = worker.state.nthreads
    if threads > 1:
        raise ValueError(
            f"the worker {worker.address} has {threads} threads, and runs of one process share torch's random numbers: "
            f"start it with `dask worker --nworkers {threads} --nthreads 1`"
        )
    if code_fingerprint() != fit:
        raise ValueError(
            f"the worker {worker.address} has other code than this machine ({code_fingerprint()}, here {fit}): "
            "install the same recscale and torch there"
        )
    if spec.run_id != run_id:
        raise ValueError(
            f"the worker {worker.address} has other data called {spec.dataset!r} than this machine: fetch it there "
            "from the same source"
        )
    return task(spec, store)


def _next(client: "Client", waiting: "set[Future]") -> "tuple[set[Future], set[Future]]":
    """Those of ``waiting`` that are done, at least one, and the others."""
    from dask.distributed import wait

    while True:
        try:
            return tuple(wait(waiting, timeout=PATIENCE, return_when="FIRST_COMPLETED"))
        except CancelledError as error:
            raise WorkersLost(f"the Dask scheduler {client.scheduler_info} is gone") from error
        except TimeoutError:
            if not client.nthreads():
                raise WorkersLost(f"the Dask scheduler has had no worker for {PATIENCE:.0f} s") from None


def _result(future: "Future") -> dict:
    from dask.distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise WorkersLost("several Dask workers died of one run, perhaps for want of memory") from error
    except (ImportError, AttributeError) as error:
        raise ValueError(f"a Dask worker can't carry out runs ({error}): install this recscale there") from error
