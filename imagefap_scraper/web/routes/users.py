"""Users, their folders, and the pictures of one folder."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection, select
from starlette.responses import Response

from imagefap_scraper.database import gallery_reports, glance, reports
from imagefap_scraper.database.models import Folder, User
from imagefap_scraper.exceptions import NotFoundError
from imagefap_scraper.web.answers import archive_of
from imagefap_scraper.web.browse import cells
from imagefap_scraper.web.render import page

router = APIRouter()

#: What SQLite takes as a number.
Number = Annotated[int, Path(ge=-(1 << 62), le=1 << 62)]


@router.get("/users", include_in_schema=False)
def users(request: Request) -> Response:
    """Show every user with what the folders hold."""
    with archive_of(request).reading() as connection:
        folders = glance.folder_counts(connection)
        held = glance.users(connection)
        rows = [
            (user_id, name, folders.get(user_id, 0), held.get(user_id, glance.Held()))
            for user_id, name in reports.users(connection)
        ]
    return page(request, "browse/users.html", users=rows)


@router.get("/users/{user_id}", include_in_schema=False)
def user(request: Request, user_id: Number) -> Response:
    """Show a user's folders: what is in them, and whether that is all."""
    with archive_of(request).reading() as connection:
        name = _user(connection, user_id)
        held = glance.folders(connection, user_id)
        rows = [(folder, held.get(folder.folder_id, glance.Held())) for folder in reports.folders(connection, user_id)]
    return page(request, "browse/user.html", user_id=user_id, name=name, folders=rows)


@router.get("/folders/{user_id}/{folder_id}", include_in_schema=False)
def folder(request: Request, user_id: Number, folder_id: Number) -> Response:
    """Show the pictures of a folder in its order; of a folder of galleries these."""
    with archive_of(request).reading() as connection:
        name = _user(connection, user_id)
        here = (Folder.user_id == user_id, Folder.folder_id == folder_id)
        found = connection.execute(
            select(Folder.name, Folder.kind, Folder.listed_at, Folder.unlisted_at).where(*here)
        ).one_or_none()
        if found is None:
            raise NotFoundError("There is no such folder.")
        galleries = gallery_reports.folder_galleries(connection, user_id, folder_id)
        view = cells.view(connection, request, f"user:#{user_id} folder:#{folder_id}")
    return page(
        request,
        "browse/folder.html",
        user_id=user_id,
        user=name,
        folder=found,
        galleries=galleries,
        view=view,
        failed=0,
    )


def _user(connection: Connection, user_id: int) -> str:
    name = connection.execute(select(User.name).where(User.user_id == user_id)).scalar_one_or_none()
    if name is None:
        raise NotFoundError("There is no such user.")
    return str(name)
