# SPDX-License-Identifier: MIT
"""Homes whose registry a web server serves."""
import os

from web_server import WebServer

MANIFESTS = {"greeting": "", "hello": '[gpack.dependencies]\ngreeting = "^1"\n'}


def pack(home, name):
    """A package's directory."""
    home.write(f"packs/{name}/gpack.toml", f'[gpack]\nname = "{name}"\nversion = "1.0.0"\n'
               f'description = "says {name}"\nlicense = "MIT"\n{MANIFESTS[name]}')
    home.write(f"packs/{name}/templates/{name}.tmpl", f"{name} " * 400)
    return home.dir / "packs" / name


def publisher(home, *packs):
    """Another home that has published these; it."""
    other = home.another()
    other.run("market", "key", "generate")
    for name in packs or ("greeting", "hello"):
        other.run("market", "publish", pack(other, name))
    return other


def serve(home, *packs):
    other = publisher(home, *packs)
    return other, WebServer(other.path / "registry")


def url(web):
    return {"GGEN_REGISTRY_URL": web.url}


def forget_age(home):
    """The copies of indexes are old enough to be asked for again."""
    for file in home.path.glob("cache/web/*/current"):
        os.utime(file, (1, 1))
