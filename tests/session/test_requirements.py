"""What a model of MLflow needs."""

from importlib.metadata import version

from detl.session.requirements import pin_installed


def test_packages_are_pinned_to_the_versions_that_are_here():
    assert pin_installed(["keras", "numpy"]) == [
        f"keras=={version('keras')}",
        f"numpy=={version('numpy')}",
    ]


def test_a_package_that_is_not_here_is_left_out():
    assert pin_installed(["no-such-package"]) == []


def test_tensorflow_is_pinned_whichever_build_is_here():
    pinned = pin_installed(["tensorflow"])

    assert pinned
    assert all(one.startswith(("tensorflow==", "tensorflow-cpu==")) for one in pinned)
