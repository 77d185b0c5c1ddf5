"""A study's runs on a Dask cluster: one process per run, this very code on every worker, no silence when they are gone.

The runs are submitted to the client, not through joblib's backend: that one trains in the caller where a cluster has a
single worker, and waits for ever where it has none.
"""

import logging
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from importlib import import_module
from typing import no_type_check

from dask.distributed import Client, Future, KilledWorker, get_worker, wait
from distributed.comm import CommClosedError

from recscale.runs.execute import code_fingerprint
from recscale.runs.spec import RunSpec
from recscale.runs.store import RecordStore

Task = Callable[[RunSpec, RecordStore], dict]

PATIENCE = 120.0
"""Seconds a study waits for a cluster without any worker."""


class WorkersLost(OSError):
    """The processes that carry out a study, or the way to them, broke down; the message says which."""


def carried_out(task: Task, specs: Sequence[RunSpec], store: RecordStore, scheduler: str) -> Iterator[dict]:
    """The records of ``specs`` as the workers of ``scheduler`` finish them.

    Workers write to the folder of ``store``. Where they have another file system, so that a record isn't seen from
    here, it is written from here.

    Raises
    ------
    ValueError
        ``scheduler`` is no address, or a worker isn't fit for the runs.
    WorkersLost
        The scheduler or its workers are gone.
    """
    try:
        with _connected(scheduler) as client:
            code, on_worker = code_fingerprint(), _for_workers()
            packed = (pickle.dumps((task, spec, store, spec.run_id)) for spec in specs)
            waiting = {client.submit(on_worker, work, code, pure=False) for work in packed}
            while waiting:
                finished, waiting = _next(client, waiting)
                for future in finished:
                    record = _result(future)
                    if store.get(record["run_id"]) is None:
                        store.put(record)
                    yield record
    except (CommClosedError, CancelledError) as error:
        raise WorkersLost("the Dask scheduler is gone") from error


def _connected(scheduler: str) -> Client:
    for name in ("distributed.client", "distributed.utils"):  # what they log, with a traceback, is raised here too
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        if scheduler:
            return Client(scheduler)
        reason = "it is empty"
    except ValueError as error:
        reason = str(error)
    raise ValueError(f"{scheduler!r} is no address of a Dask scheduler ({reason}); one looks like tcp://host:8786")


def _for_workers() -> Callable[[bytes, str], dict]:
    """What a worker calls.

    A worker may have another version of this package, or none. So the function is defined in here, which makes Dask
    send it whole, gets its work as bytes, and imports the package itself: a reference to it that the worker can't
    follow would kill the worker instead of raising a sentence.
    """

    @no_type_check  # a wrapper would come along
    def carry_out(work: bytes, code: str) -> dict:
        address = get_worker().address
        try:
            installed = import_module("recscale.runs.cluster")
            there = import_module("recscale.runs.execute").code_fingerprint()
        except (ImportError, AttributeError) as error:
            raise ValueError(f"the worker {address} has no recscale of this version ({error}): install it") from error
        if there != code:
            raise ValueError(
                f"the worker {address} has other code ({there}) than this machine ({code}): "
                "install the same recscale and torch there"
            )
        return installed.checked(*pickle.loads(work))

    return carry_out


def checked(task: Task, spec: RunSpec, store: RecordStore, run_id: str) -> dict:
    """On a worker with the same code: ``task``, if the numbers would be those of the machine that asked."""
    worker = get_worker()
    threads = worker.state.nthreads
    if threads > 1:
        raise ValueError(
            f"the worker {worker.address} has {threads} threads, and runs of one process share torch's random numbers: "
            f"start it with `dask worker --nworkers {threads} --nthreads 1`"
        )
    if spec.run_id != run_id:
        raise ValueError(
            f"the worker {worker.address} has other data called {spec.dataset!r} than this machine: fetch them there "
            "from the same source"
        )
    return task(spec, store)


def _next(client: Client, waiting: set[Future]) -> tuple[set[Future], set[Future]]:
    """Those of ``waiting`` that are done, at least one, and the others."""
    while True:
        try:
            return tuple(wait(waiting, timeout=PATIENCE, return_when="FIRST_COMPLETED"))
        except TimeoutError:
            if not client.nthreads():
                raise WorkersLost(f"the Dask scheduler has had no worker for {PATIENCE:.0f} s") from None


def _result(future: Future) -> dict:
    try:
        return future.result()
    except KilledWorker as error:
        raise WorkersLost("several Dask workers died of one run, perhaps for want of memory") from error
