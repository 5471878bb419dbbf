"""Worlds, strips and pictures: the same from the same seed, and as their descriptions say."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from PIL import Image

from tools.demo import pictures
from tools.demo.addresses import Signer, picture_path
from tools.demo.build import ID_ORDERS, WorldOptions, plain_world
from tools.demo.build_demo import demo_world
from tools.demo.pictures import Recipe
from tools.demo.routing import classify
from tools.demo.truth import truth
from tools.demo.windows import WindowRule, partial_window, strip_window
from tools.demo.world import Folder, ImageState, Picture, World


@pytest.mark.parametrize(
    ("rule", "idx", "expected"),
    [
        (WindowRule.OWN_FIRST, 30, range(30, 54)),
        (WindowRule.OWN_FIRST, 95, range(95, 100)),
        (WindowRule.JD, 30, range(8, 32)),
        (WindowRule.JD, 3, range(24)),
        (WindowRule.JD_TRUNCATED, 3, range(8)),
        (WindowRule.JD_TRUNCATED, 9, range(16)),
        (WindowRule.CENTRED, 30, range(18, 42)),
        (WindowRule.CENTRED, 5, range(24)),
        (WindowRule.BLOCKS, 30, range(24, 48)),
        (WindowRule.BLOCKS, 99, range(96, 100)),
    ],
)
def test_strips_start_where_their_rule_says(rule: WindowRule, idx: int, expected: range) -> None:
    assert strip_window(rule, idx, 100) == expected


def test_own_missing_leaves_out_the_own_image_now_and_then() -> None:
    lacking = [i for i in range(300) if 10 not in strip_window(WindowRule.OWN_MISSING, 10, 50, i)]
    assert 60 < len(lacking) < 140


@pytest.mark.parametrize("rule", [rule for rule in WindowRule if rule is not WindowRule.OWN_MISSING])
def test_strips_hold_their_own_image_and_at_most_24(rule: WindowRule) -> None:
    for total in (1, 23, 24, 25, 70):
        for idx in range(total):
            window = strip_window(rule, idx, total)
            assert idx in window
            assert len(window) <= 24


def test_partial_strips_start_exactly_where_asked() -> None:
    assert partial_window(5, 100) == range(5, 29)
    assert not partial_window(100, 100)


def test_the_same_seed_gives_the_same_truth_to_the_byte() -> None:
    first, second = (json.dumps(truth(demo_world(WorldOptions()))) for _ in range(2))
    assert first == second
    other = truth(demo_world(WorldOptions(seed=2)))
    assert {image["sha256"] for image in other["images"].values()}.isdisjoint(
        {image["sha256"] for image in json.loads(first)["images"].values() if image["sha256"]}
    )


def test_the_default_world_has_what_it_promises() -> None:
    world = demo_world(WorldOptions())
    first, second = world.users
    names = [folder.name for folder in first.folders]
    kinds = {folder.kind for folder in first.folders}
    assert len(names) > 2 * world.folders_per_page
    assert {"nature", "Nature", "5001", "Rock/Water", "Ärger & Öl"} <= set(names)
    assert first.folder(-1) is not None
    assert kinds == {"images", "galleries", "empty"}
    assert {picture.state for picture in world.images.values()} == set(ImageState)
    favorites = [{i for f in user.folders if f.holds == "images" for i in f.ids} for user in (first, second)]
    assert favorites[0] & favorites[1]
    assert 280 <= len(favorites[0] | favorites[1]) <= 320
    walk = first.folders[0]
    assert len(walk.ids) > len(set(walk.ids))
    assert walk.page_count(world.per_page) >= 7
    cut = [picture.listed_name for picture in world.images.values() if picture.listed_name.endswith("..")]
    assert len(cut) > len(set(cut))
    digests = [pictures.digest(picture.recipe).sha256 for picture in world.images.values()]
    assert len(set(digests)) == len(digests) - 4


@pytest.mark.parametrize("picture_format", pictures.ENCODERS)
def test_pictures_are_what_their_recipe_says(picture_format: str) -> None:
    recipe = Recipe(picture_format, seed=7)
    made = pictures.content(recipe)
    with Image.open(io.BytesIO(made)) as picture:
        picture.load()
        moves = picture_format in {"apng", "gif_animated", "webp_animated"}
        assert (getattr(picture, "n_frames", 1) > 1) == (moves or picture_format == "mpo")
        assert picture.size == pictures.pixel_size(recipe)
        assert (picture.format or "").replace("MPO", "JPEG") == pictures.FORMAT_NAMES[picture_format][0]
    assert pictures.digest(recipe) == pictures.Digest(hashlib.sha256(made).hexdigest(), len(made))


@pytest.mark.parametrize("edit", ["quality", "bright", "crop", "small"])
def test_near_duplicates_are_other_bytes_of_the_same_drawing(edit: str) -> None:
    recipe = Recipe(seed=7, edit=edit)
    with Image.open(io.BytesIO(pictures.content(recipe))) as picture:
        assert picture.size == pictures.pixel_size(recipe)
    assert pictures.content(recipe) != pictures.content(Recipe(seed=7))


def test_marked_pictures_share_a_drawing_and_no_bytes() -> None:
    recipes = [Recipe(seed=1, width=400, height=300, size=30_000, mark=mark) for mark in (11, 12)]
    made = [pictures.content(recipe) for recipe in recipes]
    assert made[0] != made[1]
    for recipe, content in zip(recipes, made, strict=True):
        assert pictures.digest(recipe).sha256 == hashlib.sha256(content).hexdigest()
        assert 27_000 < len(content) < 33_000
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()


def test_a_world_survives_its_description() -> None:
    world = demo_world(WorldOptions(window=WindowRule.BLOCKS))
    assert World.from_json(world.to_json()) == world


@pytest.mark.parametrize("ids", ID_ORDERS)
@pytest.mark.parametrize("order", ["gallery", "reversed", "shuffled"])
def test_plain_worlds_have_as_many_favorites_as_asked(ids: str, order: str) -> None:
    world = plain_world(WorldOptions(users=2, images=150, folders=3, order=order, image_ids=ids))
    for user in world.users:
        favorites = [image_id for folder in user.folders for image_id in folder.ids]
        assert len(favorites) == len(set(favorites)) == 150
    places = [world.places(world.images[i].gallery_id)[i] for i in world.users[0].folders[0].ids[:8]]
    assert (places == sorted(places)) == (order == "gallery")
    numbers = list(world.images)
    assert (numbers == sorted(numbers)) == (ids != "shuffled")


def test_removed_images_shift_the_others_of_their_gallery() -> None:
    world = World()
    for image_id in (101, 102, 103):
        world.add(Picture(image_id, 7, f"{image_id}.jpg"))
    assert world.places(7) == {101: 0, 102: 1, 103: 2}
    world.set_state([101], ImageState.PAGE_MISSING)
    assert world.places(7) == {102: 0, 103: 1}


def test_empty_pages_stand_between_full_ones() -> None:
    folder = Folder(1, "one", ids=list(range(10)), empty_pages=[1, 2])
    assert [folder.page_ids(page, 4) for page in range(6)] == [[0, 1, 2, 3], [], [], [4, 5, 6, 7], [8, 9], []]
    assert folder.page_count(4) == 5


def test_signatures_are_for_one_path_and_a_time() -> None:
    signer, picture = Signer(1, lifetime=10), Picture(123456, 7, "a.jpg")
    address, _, signature = signer.address("", picture, "full", 1000.0).partition("?secure=")
    assert address == picture_path(picture, "full") == "/images/full/8/123/123456.jpg"
    assert signer.is_good(address, signature, 1010.0)
    assert not signer.is_good(address, signature, 1011.0)
    assert not signer.is_good(picture_path(picture, "thumb"), signature, 1000.0)
    assert not signer.is_good(address, "", 1000.0)


@pytest.mark.parametrize(
    ("path", "query", "kind"),
    [
        ("/profile/Some Name", {}, "profile"),
        ("/profile.php", {"user": "x"}, "profile"),
        ("/showfavorites.php", {"userid": "1"}, "root"),
        ("/showfavorites.php", {"userid": "1", "folderid": "-1"}, "folder"),
        ("/photo/12/", {"gid": "3"}, "photo"),
        ("/photo/12/", {"gid": "3", "idx": "24", "partial": "true"}, "strip"),
        ("/photo//", {"gid": "3", "idx": "24", "partial": "true"}, "other"),
        ("/gallery/5", {}, "gallery"),
        ("/images/full/1/123/123.jpg", {}, "image"),
        ("/images/frame-thumb/1/123/123.jpg", {}, "thumb"),
        ("/human-verification", {}, "check"),
        ("/robots.txt", {}, "robots"),
        ("/404.php", {}, "other"),
    ],
)
def test_addresses_are_told_apart(path: str, query: dict[str, str], kind: str) -> None:
    assert classify(path, query).kind == kind
