"""The node that draws the embedded sample."""

from detl.schemas.parameters import PhantomParameters


def make_phantoms(parameters: PhantomParameters) -> dict[str, bytes]:
    """Return a folder of synthetic chest films, content by relative path."""
    from detl.phantoms.sample import make_phantoms

    return make_phantoms(parameters)
