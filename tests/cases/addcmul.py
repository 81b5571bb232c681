import tilestack as ts
from cases._elementwise import BENCH, SHAPES, bytes_moved
from harness import FLOATS, INTS, Case

case = Case(
    op=ts.addcmul,
    reference=lambda x, a, b, value: x + value * a * b,
    samples=[*[(shape, shape, shape) for shape in SHAPES], ((3, 5), (5,), (3, 1)), ((), (4, 1), (7,))],
    params={"value": 2},
    dtypes=(*FLOATS, *INTS),
    bytes_moved=bytes_moved,
    bench=[(shape, shape, shape) for shape in BENCH],
)
