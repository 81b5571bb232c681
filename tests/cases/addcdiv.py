import tilestack as ts
from cases._elementwise import BENCH, SHAPES, bytes_moved
from harness import Case

case = Case(
    op=ts.addcdiv,
    reference=lambda x, a, b, value: x + value * a / b,
    samples=[*[(shape, shape, shape) for shape in SHAPES], ((3, 5), (5,), (3, 1)), ((), (4, 1), (7,))],
    params={"value": 0.5},
    low=0.5,
    high=2,
    bytes_moved=bytes_moved,
    bench=[(shape, shape, shape) for shape in BENCH],
)
