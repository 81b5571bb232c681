import numpy as np

from cases._elementwise import SHAPES
from harness import ALL, Case

case = Case(
    op=lambda x, value: x.clone().fill_(value),
    reference=np.full_like,
    samples=[(shape, 3) for shape in SHAPES],
    dtypes=ALL,
    grad=False,
    bytes_moved=lambda x, value: x.nbytes,
)
