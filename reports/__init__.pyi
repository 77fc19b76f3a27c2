from .assemble import build as build
from .comparison import Comparison as Comparison
