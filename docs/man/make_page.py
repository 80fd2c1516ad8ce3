"""Fills in the parts of a manual page that turnoutctl's registry of commands or the configuration's schema knows.

usage: make_page.py TEMPLATE PAGE (--registry TURNOUTCTL | --schema SCHEMA --schema-file INSTALLED)
"""

import argparse
import json
import pathlib
import re
import subprocess


def escape(text):
    """Text as roff prints it."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = "".join(c if c < "\x7f" else f"\\[u{ord(c):04X}]" for c in text)
    return "\\&" + text if text.startswith((".", "'")) else text


def word(text):
    """An argument of a macro, as one word of it."""
    return '"' + escape(text).replace('"', "\\(dq") + '"'


def paragraph(text):
    """A sentence a line, as mdoc wants it."""
    return [escape(line) for line in re.split(r"(?<=[.:;]) (?=[A-Z\"(])", text.strip()) if line]


def ended(text):
    return text if text.endswith((".", ":", ";", "?")) else text + "."


def sentence(text):
    return ended(text[:1].upper() + text[1:])


def literal(lines):
    return [".Bd -literal -offset indent", *(escape(line) for line in lines), ".Ed"]


def options_list(options):
    lines = [".Bl -tag -width Ds"]
    for option in options:
        value = " Ar " + word(option["value_name"]) if option["value_name"] else ""
        lines += [f".It Fl {word('-' + option['name'])}{value}", *paragraph(sentence(option["help"]))]
    return [*lines, ".El"]


def details(text):
    """Indented lines are examples, what is above them are sentences."""
    lines, text_lines, examples = [], [], []

    def flush_text():
        if text_lines:
            joined = re.sub(r"\s*Example:$", "", " ".join(text_lines))
            if joined:
                lines.extend([".Pp", *paragraph(sentence(joined))])
            text_lines.clear()

    def flush_examples():
        if examples:
            lines.extend(literal(examples))
            examples.clear()

    for line in text.splitlines():
        if line.startswith("  "):
            flush_text()
            examples.append(line[2:])
        elif line.strip():
            flush_examples()
            text_lines.append(line.strip())
    flush_text()
    flush_examples()
    return lines


def command_entry(command):
    name = "".join(f" Cm {word(part)}" for part in command["name"].split())
    arguments = "".join(f" Ar {word(part)}" for part in command["arguments"].split())
    lines = [f".It{name}{arguments}", *paragraph(sentence(command["summary"]))]
    if command["options"]:
        lines += options_list(command["options"])
    return lines + details(command["details"])


def commands(registry):
    lines = []
    for group in registry["groups"]:
        lines += [f".Ss {escape(group['title'])}", ".Bl -tag -width Ds"]
        for command in group["commands"]:
            lines += command_entry(command)
        lines += [".El"]
    return lines


class Schema:
    """The schema with its references followed."""

    def __init__(self, document):
        self.document = document
        self.shown = set()  # properties that were listed: each is once, however many keys they are below

    def resolve(self, node):
        while "$ref" in node:
            node = self.document["$defs"][node["$ref"].rsplit("/", 1)[1]]
        for part in node.get("allOf", []):
            node = {**self.resolve(part), **{k: v for k, v in node.items() if k != "allOf"}} if "$ref" in part else node
        return node

    def entries(self, node, path):
        """Every key below an object: its path, its node, and whether it is required."""
        node = self.resolve(node)
        self.shown.add(id(node["properties"]))
        for key, child in node.get("properties", {}).items():
            child = self.resolve(child)
            here = f"{path}.{key}" if path else key
            yield here, child, key in node.get("required", [])
            items = child.get("items") if isinstance(child.get("items"), dict) else {}
            below, place = (child, here) if "properties" in child else (self.resolve(items), here + "[]")
            if "properties" in below and id(below["properties"]) not in self.shown:
                yield from self.entries(below, place)


def kind(node, schema):
    """What may stand there: "an integer from 1 to 64"."""
    if "enum" in node:
        *most, last = (json.dumps(value) for value in node["enum"])
        return f"{', '.join(most)} or {last}" if most else last
    if node.get("type") in ("integer", "number") and "minimum" in node:
        what = "whole number" if node["type"] == "integer" else "number"
        return f"{what} from {node['minimum']} to {node['maximum']}"
    if node.get("type") == "number":
        return f"number up to {node['maximum']}"
    if node.get("type") == "array":
        most = f" of up to {node['maxItems']}" if "maxItems" in node else ""
        return "list" + most
    if node.get("type") in ("string", "boolean", "object"):
        return {"string": "text", "boolean": "true or false", "object": "object"}[node["type"]]
    kinds = []
    for part in node.get("anyOf", node.get("oneOf", [])):
        each = kind(schema.resolve(part), schema)
        if each and each not in kinds:
            kinds.append(each)
    return ", or ".join(kinds)


def key_entry(path, node, required, schema):
    facts = [kind(node, schema)]
    if required:
        facts.append("required")
    elif "default" in node:
        facts.append("default " + json.dumps(node["default"]))
    text = node.get("description", node.get("title", ""))
    return [f".It Va {word(path)}", *paragraph(sentence("; ".join(fact for fact in facts if fact))), *paragraph(ended(text))]


def keys(document):
    schema = Schema(document)
    lines = [".Bl -tag -width Ds"]
    for path, node, required in schema.entries(document, ""):
        lines += key_entry(path, node, required, schema)
    return [*lines, ".El"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("template", type=pathlib.Path)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--registry")
    parser.add_argument("--schema", type=pathlib.Path)
    parser.add_argument("--schema-file", default="")
    arguments = parser.parse_args()
    parts = {"schema_file": [arguments.schema_file]}
    if arguments.registry:
        registry = json.loads(subprocess.run([arguments.registry, "--json", "help"], check=True, stdout=subprocess.PIPE).stdout)
        parts |= {"options": options_list(registry["options"]), "commands": commands(registry)}
    if arguments.schema:
        parts["keys"] = keys(json.loads(arguments.schema.read_text(encoding="utf-8")))
    page = arguments.template.read_text(encoding="utf-8")
    for name, lines in parts.items():
        page = page.replace(f"@{name}@", "\n".join(lines))
    arguments.page.write_text(page, encoding="ascii")


if __name__ == "__main__":
    main()
