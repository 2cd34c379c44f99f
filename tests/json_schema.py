# SPDX-License-Identifier: MIT
"""The part of JSON Schema (draft 2020-12) that docs/json/ uses. An unknown keyword is an error, so
that no rule of a schema goes unchecked."""
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
ANNOTATIONS = {"$schema", "$id", "$defs", "$comment", "title", "description", "examples", "default"}


def problems(value, schema, root=None, path="$"):
    """What does not fit, each as "PATH: WHY"; an empty list when all does."""
    root = schema if root is None else root
    if isinstance(schema, bool):
        return [] if schema else [f"{path}: not allowed"]
    found = []
    for keyword, rule in schema.items():
        if keyword in CHECKS:
            found += CHECKS[keyword](value, rule, root, path, schema)
        elif keyword not in ANNOTATIONS:
            raise ValueError(f"{path}: schema keyword {keyword!r} is not supported")
    return found


def same(one, other):
    """JSON equality: unlike Python's, true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def has_type(value, name):
    if name in ("integer", "number"):
        whole = isinstance(value, int) or isinstance(value, float) and value.is_integer()
        return not isinstance(value, bool) and (whole or name == "number" and
                                                isinstance(value, float))
    return isinstance(value, TYPES[name])


def check_type(value, rule, root, path, schema):
    names = [rule] if isinstance(rule, str) else rule
    fits = any(has_type(value, name) for name in names)
    return [] if fits else [f"{path}: {value!r} is not of type {' or '.join(names)}"]


def check_properties(value, rule, root, path, schema):
    if not isinstance(value, dict):
        return []
    return [problem for name, inner in rule.items() if name in value
            for problem in problems(value[name], inner, root, f"{path}.{name}")]


def check_required(value, rule, root, path, schema):
    if not isinstance(value, dict):
        return []
    return [f"{path}: {name!r} is missing" for name in rule if name not in value]


def check_additional(value, rule, root, path, schema):
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    return [f"{path}.{name}: not in the schema" if rule is False else problem
            for name in value if name not in known
            for problem in problems(value[name], rule, root, f"{path}.{name}")]


def check_items(value, rule, root, path, schema):
    if not isinstance(value, list):
        return []
    return [problem for index, item in enumerate(value)
            for problem in problems(item, rule, root, f"{path}[{index}]")]


def check_enum(value, rule, root, path, schema):
    fits = any(same(value, choice) for choice in rule)
    return [] if fits else [f"{path}: {value!r} is none of {rule!r}"]


def check_const(value, rule, root, path, schema):
    return [] if same(value, rule) else [f"{path}: {value!r} is not {rule!r}"]


def check_pattern(value, rule, root, path, schema):
    fits = not isinstance(value, str) or re.search(rule, value)
    return [] if fits else [f"{path}: {value!r} does not match /{rule}/"]


def check_minimum(value, rule, root, path, schema):
    fits = not has_type(value, "number") or value >= rule
    return [] if fits else [f"{path}: {value!r} is below {rule!r}"]


def check_one_of(value, rule, root, path, schema):
    tries = [problems(value, choice, root, path) for choice in rule]
    fitting = sum(not attempt for attempt in tries)
    if fitting == 1:
        return []
    return [f"{path}: fits {fitting} of the oneOf choices, not 1"] + [
        f"    choice {number}: {why}" for number, attempt in enumerate(tries, 1) for why in attempt]


def check_ref(value, rule, root, path, schema):
    if not rule.startswith("#"):
        raise ValueError(f"{path}: $ref {rule!r} leaves the file")
    target = root
    for step in rule[1:].split("/")[1:]:
        target = target[step.replace("~1", "/").replace("~0", "~")]
    return problems(value, target, root, path)


CHECKS = {
    "type": check_type, "properties": check_properties, "required": check_required,
    "additionalProperties": check_additional, "items": check_items, "enum": check_enum,
    "const": check_const, "pattern": check_pattern, "minimum": check_minimum,
    "oneOf": check_one_of, "$ref": check_ref,
}
