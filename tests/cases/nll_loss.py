import tilestack as ts
from cases._losses import class_loss, classes
from harness import Case


def reference(x, t, w=None, ignore_index=-100, reduction="mean"):
    return class_loss(x, t, w, ignore_index, reduction)


def weights(n):
    return lambda rng: rng.uniform(0.5, 2, n)


case = Case(
    op=ts.nn.functional.nll_loss,
    reference=reference,
    samples=[
        ((1, 1), classes((1,), 1)),
        ((0, 5), classes((0,), 5), {"reduction": "sum"}),
        ((9,), classes((), 9)),
        ((5, 17), classes((5,), 17), {"reduction": "none"}),
        ((9, 10), classes((9,), 10, ignored=-100), weights(10)),
        ((3, 7, 4, 5), classes((3, 4, 5), 7, ignored=-1), weights(7), {"ignore_index": -1, "reduction": "none"}),
        ((700, 130), classes((700,), 130, ignored=2), {"ignore_index": 2}),
    ],
    grad=(0,),
)
