"""Domain extension transfer learning (DETL) on chest X-rays."""

from detl.networks.keras_settings import set_default_backend

# Before any module here imports Keras, which cannot be told later.
set_default_backend()

__version__ = "0.1.0"
