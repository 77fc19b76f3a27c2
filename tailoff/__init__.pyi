import reports as reports
import sim as sim
import theory as theory

__version__: str
