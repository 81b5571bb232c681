"""DataLoader: batches of a data set, in a reproducible order, prefetched by threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

import tilestack as ts
from tilestack._core import Tensor
from tilestack.data.collate import default_collate, map_tensors
from tilestack.data.sampler import RandomSampler, Sampler, SequentialSampler, draw_seed


def _pinned(x: Tensor) -> Tensor:
    return x.pin_memory() if x.device.type == "cpu" else x


class DataLoader:
    """Iterating over it yields the batches of one epoch; every `iter()` begins the next epoch.

    shuffle: another order each epoch, which depends on `seed` and the epoch only (None: drawn now from generator, a
    ts.Generator, or from that of `ts.manual_seed`). sampler: gives each epoch's order instead of shuffle. drop_last:
    leave out a last batch that is not full. num_workers: threads that fetch samples, prefetch_factor batches each;
    the batches keep their order. collate_fn: makes a batch of a list of samples. pin_memory: the batches' tensors are
    in memory that the GPU reads by itself, so that `x.to("cuda", non_blocking=True)` overlaps with other work; without
    a GPU it does nothing.

    state_dict() holds the epoch and the number of batches handed out; a loader that loads it goes on from there.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Sampler | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        drop_last: bool = False,
        seed: int | None = None,
        generator: Any = None,
        prefetch_factor: int = 2,
        pin_memory: bool = False,
    ) -> None:
        if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
            raise TypeError(f"DataLoader: dataset must have __len__ and __getitem__, got {type(dataset).__name__}")
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("num_workers", num_workers, 0),
            ("prefetch_factor", prefetch_factor, 1),
        ):
            if not isinstance(value, int) or value < least:
                raise ValueError(f"DataLoader: {name} must be an int of at least {least}, got {value!r}")
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: give shuffle or sampler, not both")
        if sampler is None and shuffle:
            sampler = RandomSampler(dataset, draw_seed(generator) if seed is None else seed)
        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler or SequentialSampler(dataset)
        self.num_workers = num_workers
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.epoch = 0
        self.position = 0  # batches of this epoch that were handed out
        self._resumed = True  # the next iter() goes on from position
        self._iterator: object = None  # the one that counts

    def __len__(self) -> int:
        """Batches in an epoch."""
        size = len(self.sampler)
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)

    @property
    def samples(self) -> int:
        """Samples in an epoch."""
        return len(self) * self.batch_size if self.drop_last else len(self.sampler)

    def __iter__(self) -> Iterator[Any]:
        if not self._resumed:
            self.epoch, self.position = self.epoch + 1, 0
        self._resumed = False
        self._iterator = token = object()
        return self._batches(token, self.epoch, self.position)

    def _batches(self, token: object, epoch: int, position: int) -> Iterator[Any]:
        order = np.asarray(self.sampler.order(epoch), dtype=np.int64)
        starts = range(position * self.batch_size, len(self) * self.batch_size, self.batch_size)
        chosen = (order[start : start + self.batch_size] for start in starts)
        for batch in self._prefetch(chosen) if self.num_workers else map(self._fetch, chosen):
            position += 1
            if self._iterator is token:
                self.position = position
            yield batch

    def _fetch(self, indices: np.ndarray) -> Any:
        if self.collate_fn is None and hasattr(self.dataset, "get_batch"):
            batch = self.dataset.get_batch(indices)
        else:
            batch = (self.collate_fn or default_collate)([self.dataset[i] for i in indices.tolist()])
        return map_tensors(_pinned, batch) if self.pin_memory and ts.cuda.is_available() else batch

    def _prefetch(self, chosen: Iterator[np.ndarray]) -> Iterator[Any]:
        """Batches in order; the threads end when the iterator is exhausted, fails or is dropped."""
        from concurrent.futures import Future, ThreadPoolExecutor

        pool = ThreadPoolExecutor(self.num_workers, thread_name_prefix="tilestack-loader")
        ahead: deque[Future[Any]] = deque()
        try:
            for indices in chosen:
                ahead.append(pool.submit(self._fetch, indices))
                if len(ahead) > self.num_workers * self.prefetch_factor:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def state_dict(self) -> dict[str, Any]:
        state = {"epoch": self.epoch, "position": self.position}
        seed = getattr(self.sampler, "seed", None)
        return state if seed is None else {**state, "seed": seed}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from there at the next iter(): with that epoch's next batch, or with the next epoch if it was over."""
        epoch, position = int(state_dict["epoch"]), int(state_dict["position"])
        if epoch < 0 or not 0 <= position <= len(self):
            raise ValueError(
                f"DataLoader.load_state_dict: position {position} of epoch {epoch} does not fit {len(self)} batches"
            )
        if "seed" in state_dict and hasattr(self.sampler, "seed"):
            self.sampler.seed = int(state_dict["seed"])
        if position == len(self):
            epoch, position = epoch + 1, 0
        self.epoch, self.position, self._resumed, self._iterator = epoch, position, True, None
