"""Reading ``conf/``; an error names the file, the line and the reason."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from kedro.config import OmegaConfigLoader

from detl.errors import DetlError

MEANINGS = {"DETL_DATA": "the folder that holds the raw data sets (docs/data.md)"}
"""Environment variables that ``conf/`` asks for, and what to set them to."""

_given: dict[str, str] = {}
"""Values that a command gives in place of the environment's (``giving``)."""

_GLOB = "*?[]{}"
"""Characters in the path of ``conf/`` that Kedro takes for a pattern."""

_NOT_CHOSEN = {
    "base": "from which every run takes its parameters: bring it back from where the "
    "project came from",
    "local": "which runs without --env read: make it (it may be empty), or name an "
    "environment with --env",
}
"""Environments that are read by default, and what to do if their folder is missing."""


class ReadableConfigLoader(OmegaConfigLoader):
    """Kedro's loader of ``conf/``; it first checks that all files can be read."""

    def __init__(
        self, conf_source: str | Path, env: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Check the files of the environment, and load its globals.

        Raises:
            DetlError: Kedro cannot find files at this path, there is no such
                environment, or a file is not a mapping that YAML can read.
        """
        # Kedro itself reads other places than folders, such as archives.
        if "://" not in str(conf_source) and not Path(conf_source).is_file():
            _refuse_patterns(Path(conf_source))
            base = check_environment(
                Path(conf_source), kwargs.get("base_env") or "base"
            )
            environment = env or kwargs.get("default_run_env") or "local"
            check_environment(Path(conf_source), environment, base)
        super().__init__(conf_source, env, *args, **kwargs)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return the content of the files of one kind, such as ``parameters``.

        Raises:
            DetlError: Two files of one folder give a value to the same name.
        """
        try:
            return super().__getitem__(key)
        except ValueError as error:
            if str(error).startswith("Duplicate keys found"):
                found = "; ".join(str(error).splitlines())
                raise DetlError(
                    f"{found}: leave each name in one of these files, and remove it "
                    "from the other, or the whole file if it is a copy."
                ) from error
            raise


@contextmanager
def giving(name: str, value: str | None) -> Iterator[None]:
    """Let ``conf/`` be read with this value of a variable; None gives nothing."""
    before = dict(_given)
    if value is not None:
        _given[name] = value
    try:
        yield
    finally:
        _given.clear()
        _given.update(before)


def raw_data_folder() -> str | None:
    """Return what DETL_DATA names; None where it is not set, or set to nothing."""
    return _value_of("DETL_DATA").strip() or None


def results_folder() -> str | None:
    """Return what DETL_RESULTS names; None where it is not set, or set to nothing."""
    return _value_of("DETL_RESULTS").strip() or None


def _value_of(variable: str) -> str:
    return _given.get(variable, os.environ.get(variable, ""))


def environment_variable(name: str, default: Any = ...) -> Any:
    """Return the value of an environment variable, for ``${oc.env:NAME}`` in ``conf/``.

    A value that a command gives (``giving``) comes first; an empty one counts as not
    set.

    Raises:
        DetlError: It is not set and has no default, or OmegaConf would take its value
            for a reference.
    """
    value = _value_of(name)
    if "${" in value:
        raise DetlError(
            f"The environment variable {name} is {value!r}, and OmegaConf, which reads "
            "conf/, takes what begins with '${' for a reference: give the folder or "
            "file another name, or a link to it."
        )
    if value.strip():
        return value
    if default is not ...:
        return default
    raise DetlError(
        f"The environment variable {name} is not set, which conf/ asks for: set it to "
        f"{MEANINGS.get(name, 'what the comment there says')}, and run again."
    )


def check_environment(
    conf: Path, name: str, base: Mapping[Path, yaml.Node] | None = None
) -> dict[Path, yaml.Node]:
    """Return the content of every file of an environment that Kedro reads.

    Args:
        conf: The folder ``conf/``.
        name: Of the environment.
        base: Content of the files of ``conf/base``, with which it is merged.

    Raises:
        DetlError: There is no such environment, or one of its files is not YAML or
            JSON, is not in UTF-8, has a key twice, is not a mapping, or has a list
            where base has a mapping.
    """
    folder = conf / name
    if not folder.is_dir():
        known = sorted(p.name for p in conf.glob("*") if p.is_dir())
        if name in _NOT_CHOSEN:
            raise DetlError(f"There is no folder {folder}, {_NOT_CHOSEN[name]}.")
        raise DetlError(
            f"There is no environment {name!r}, since there is no folder {folder}: "
            f"choose one of {', '.join(known) or 'none so far'}."
        )
    os.listdir(folder)  # raises if it may not be read; rglob would find nothing
    contents = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".yml", ".yaml", ".json") and path.is_file():
            root = _read_file(path, base or {})
            if root is not None:
                contents[path] = root
    return contents


def _refuse_patterns(conf: Path) -> None:
    found = [character for character in _GLOB if character in str(conf.absolute())]
    if found:
        raise DetlError(
            f"The project lies in {conf.absolute().parent}, and Kedro cannot find "
            f"files below a folder with {' or '.join(found)} in its name: move or "
            "rename it."
        )


def _read_file(path: Path, base: Mapping[Path, yaml.Node]) -> yaml.Node | None:
    try:
        text = path.read_bytes().decode("utf-8")
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if root is not None:
            _refuse_other_than_mapping(root)
            for mapping in _mappings_in(root):
                _refuse_key_twice(mapping)
            for other, content in base.items():
                # These two are merged name by name (settings.py).
                if all(
                    p.name.startswith(("parameters", "globals")) for p in (path, other)
                ):
                    _refuse_another_container(root, content)
        return root
    except PermissionError as error:
        raise DetlError(
            f"{path} may not be read by this user: give it the right to."
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DetlError(
            f"{path}, line {line}, has a character that is not in UTF-8: save the file "
            "in UTF-8."
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        # The message of the parsers does not name the tab.
        has_tab = "\t" in "".join(text.splitlines()[line - 1 : line])
        problem = "a tab, where YAML wants blanks" if has_tab else error.problem
        raise DetlError(
            f"{path}, line {line}, cannot be read ({problem}): correct that line."
        ) from error
    except yaml.YAMLError as error:
        raise DetlError(
            f"{path} cannot be read ({' '.join(str(error).split())}): correct it."
        ) from error


def _refuse_other_than_mapping(root: yaml.Node) -> None:
    if not isinstance(root, yaml.MappingNode):
        raise yaml.MarkedYAMLError(
            problem="a list or a single value, where names with values, 'name: value', "
            "were expected",
            problem_mark=root.start_mark,
        )


def _mappings_in(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    todo, seen = [node], set()
    while todo:
        node = todo.pop()
        if id(node) in seen:  # an anchor that an alias repeats
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            todo += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value


def _refuse_key_twice(mapping: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in mapping.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} stands there a second time",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)


def _refuse_another_container(node: yaml.Node, base: yaml.Node) -> None:
    """Refuse a list where base has a mapping, or the other way round, at any depth."""
    both = (node, base)
    if all(isinstance(one, yaml.MappingNode) for one in both):
        of_base = {key.value: value for key, value in base.value}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in of_base:
                _refuse_another_container(value, of_base[key.value])
    elif all(isinstance(one, yaml.CollectionNode) for one in both):
        names = {yaml.MappingNode: "names with values", yaml.SequenceNode: "a list"}
        has, had = (names[type(one)] for one in both)
        if has != had:
            raise yaml.MarkedYAMLError(
                problem=f"{has}, where conf/base has {had}",
                problem_mark=node.start_mark,
            )
