from __future__ import annotations

import subprocess
import sys

from imagefap_scraper.dedup.hashers import load_hashers

NEVER_IMPORTED = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision", "matplotlib"}:
            raise RuntimeError("imported " + name)

sys.meta_path.insert(0, Refuse())
from imagefap_scraper.dedup.hashers import load_hashers
assert not [name for name in sys.modules if name.startswith("imagededup")], "imported before it is needed"
load_hashers()
assert "imagededup.methods.hashing" in sys.modules
assert not {"imagededup.methods", "imagededup.utils", "torch", "matplotlib"} & set(sys.modules)
from PIL import Image
from imagefap_scraper.dedup.encoding import encode_image
assert len(encode_image(Image.new("RGB", (40, 30))).phash) == 16
"""


def test_hashers_need_neither_torch_nor_matplotlib_and_leave_no_stand_in_behind() -> None:
    run = subprocess.run([sys.executable, "-c", NEVER_IMPORTED], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_hashers_are_imagededups_own_and_made_once() -> None:
    hashers = load_hashers()
    assert type(hashers.phash).__module__ == "imagededup.methods.hashing"
    assert hashers.phash.target_size == (32, 32)
    assert hashers.dhash.target_size == (9, 8)
    assert hashers.ahash.target_size == (8, 8)
    assert hashers.whash.target_size == (256, 256)
    assert load_hashers() is hashers
