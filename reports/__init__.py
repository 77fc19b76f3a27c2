"""reports compares: predictions from `theory` over measurements from `sim`, in a PDF and on the command line.

>>> import reports
>>> print(reports.Comparison("scale", predicted=0.1, measured=0.13, standard_error=0.001).verdict)
differs
"""

import lazy_loader

from tailoff.namesakes import refuse_namesakes

refuse_namesakes("theory", "sim")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
