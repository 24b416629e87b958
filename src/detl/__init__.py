"""Domain extension transfer learning (DETL) on chest X-rays."""

__version__ = "0.1.0"
