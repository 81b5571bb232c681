"""Seeing how a training run went, and why a net does not learn.

`ts.diagnose(model, batch)` is the function `diagnose` of this package: the package can be called, for `ts.diagnose` has to
be both.

>>> print(ts.diagnose(model, (images, labels)))
"""

import sys
from types import ModuleType

from .diagnosis import Diagnosis
from .distribution import Distribution
from .examine import diagnose
from .observer import Layer
from .report import Mistake, Report
from .trap import trap_nan
from .weights import Weight

__all__ = ["Diagnosis", "Distribution", "Layer", "Mistake", "Report", "Weight", "diagnose", "trap_nan"]


class _CallablePackage(ModuleType):
    __call__ = staticmethod(diagnose)


sys.modules[__name__].__class__ = _CallablePackage
