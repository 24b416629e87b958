"""The name of a Keras model for annotations, without importing Keras.

Kedro evaluates the annotations of every node when it lists the pipelines, and
Keras with its backend takes seconds to import.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from keras import Model

    KerasModel: TypeAlias = Model
else:
    KerasModel: TypeAlias = Any
