"""A small local copy of the site with synthetic pictures, for the demo and the tests.

    python tools/demo_site.py [--port N] [--world demo|plain|big] ...

It prints its address, serves until SIGTERM or Ctrl-C, and says with --help what else it takes.

Site map (all on 127.0.0.1; links are made for the host that was asked):

    /profile/NAME, /profile.php?user=NAME                  a user in any letter case; 404 for an unknown one
    /showfavorites.php?userid=U[&page=p]                   the user's folders, several pages of them
    /showfavorites.php?userid=U&page=p&folderid=F          a folder: pictures, galleries, nothing, or a password form
    /photo/ID/[?gid=G...], /image.php?id=ID                a photo page with its strip of up to 24 full-size addresses
    /photo/ID/?gid=G&idx=N&partial=true                    the strip alone, from position N of gallery G
    /gallery/G, /gallery.php?gid=G, /pictures/G/SLUG       a gallery; the first two redirect to the third
    /profile/NAME/galleries, /usergallery.php?userid=U     the user's page once more
    /images/full|thumb|mini|frame-thumb/A/B/ID.EXT?secure=TOKEN,EPOCH    a picture; 403 once the signature has expired
    /robots.txt                                            what the faults say
    /human-verification, /rl_captcha.php                   the page that asks for a human being (status 200)
    anything else, /404.php                                404

For tests, neither logged nor limited:

    GET  /_demo/truth       what the world is made of: users, folders, galleries, images with their SHA-256
    GET  /_demo/requests    the requests so far; `--log FILE` also writes them as JSON lines
    POST /_demo/reset-log   forget them
    GET, POST /_demo/faults misbehaviour: limits, blocks (tools/demo/control.py), rules for single requests (faults.py)
    POST /_demo/world       let the world grow or shrink (tools/demo/control.py)

The default world has two users, MeadowFan and Jürgen & Söhne, with about 300 favorites and every oddity that the site
is known to have.
`plain` has none of them and any size; `big` is plain with 2,000 pictures of about 300 KB.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__" and not __package__:
    # Run as a file: Python then looks for modules beside it and not in the project.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tools.demo.cli import main

if __name__ == "__main__":
    sys.exit(main(description=__doc__))
