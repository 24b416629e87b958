"""Running the graph in several processes, of one machine or of many.

``kedro run --runner detl.cluster.DaskRunner``; docs/deploy.md says where and how.
"""

from detl.cluster.dask_runner import DaskRunner

__all__ = ["DaskRunner"]
