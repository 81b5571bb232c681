import tilestack as ts
from cases._elementwise import BENCH, SHAPES, bytes_moved
from harness import Case

case = Case(
    op=ts.lerp,
    reference=lambda a, b, w: a + w * (b - a),
    samples=[
        *[(shape, shape, shape) for shape in SHAPES],
        *[((6, 11), (6, 11), weight) for weight in (0, 0.3, 0.75, 1, -2.0)],
        ((3, 5), (5,), (3, 1)),
        ((), (4, 1), (7,)),
    ],
    bytes_moved=bytes_moved,
    bench=[(shape, shape, 0.3) for shape in BENCH],
)
