"""Every route that the application has, with the names of all that it reads: a new route is under attack by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute
from pydantic import BaseModel

from imagefap_scraper.web.routes import ROUTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of the application itself, not of a router.
OTHERS = ("/api/openapi.json", "/static/css/base.css")


@dataclass(frozen=True, slots=True)
class Way:
    """A method and path, the parameters of its path and its query, and the fields of its body."""

    method: str
    path: str
    places: tuple[str, ...]
    query: tuple[str, ...]
    body: tuple[str, ...]
    is_form: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, **values: str) -> str:
        """The path with its places filled; a number where none is given."""
        path = self.path
        for place in self.places:
            path = path.replace("{" + place + "}", values.get(place, "1"))
        return path


def ways() -> list[Way]:
    """All of them, GET before POST."""
    found = [way for router in ROUTERS for route in router.routes for way in _of(route)]
    return sorted(found, key=lambda way: (way.method, way.path))


def _of(route: Any) -> Iterator[Way]:
    assert isinstance(route, APIRoute), route
    asks = [route.dependant, *route.dependant.dependencies]
    bodies = [param for one in asks for param in one.body_params]
    body = tuple(name for param in bodies for name in _names(param))
    form = any(type(param.field_info).__name__ == "Form" for param in bodies) or not bodies
    query = tuple(name for one in asks for param in one.query_params for name in _names(param))
    places = tuple(param.alias for one in asks for param in one.path_params)
    for method in sorted(route.methods):
        yield Way(method, route.path, places, query, body, form)


def _names(param: Any) -> list[str]:
    """A parameter's own name, or those of the fields of a model that stands for many."""
    kind = param.field_info.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [field.alias or name for name, field in kind.model_fields.items()]
    return [param.alias]
