"""How the demo site misbehaves: rules for single requests, and the state that tests change while it runs.

A rule is an object with these keys; all but `do` may be missing:

    do      what happens, one of ACTIONS
    kind    which requests: a kind, a list of kinds, or `page` (all pages), `any`; missing: `image`
    ids     only these image ids (photo and image requests), folder ids (folder) or gallery ids (gallery, strip)
    pages   only these listing pages, from 0
    rate    only this share of the requests, from 0 to 1, drawn anew for each attempt from `seed`
    first   only the first so many requests for the same thing
    after   only from the request after so many for the same thing
    status, seconds, part, body, location, retry_after   what some actions need

Actions that answer otherwise:

    status          `status` (500), with `retry_after` if given
    empty           200 and nothing
    body            200 and the text `body`
    html_as_image   200, HTML with the type of an image
    garbage         200 and bytes that are nothing
    redirect        to `location`
    redirect_thumb  to the small picture
    gone_text       200 with the sentence for removed images
    check           200 with the page that asks for a human being
    layout          200 with other markup

Actions on the way, where `part` is the share of the body that comes:

    reset           the connection is reset
    stall           `seconds` before the answer
    stall_body      `seconds` in the middle of the body
    cut             the length that is announced is longer than what comes
    cut_close       no length is announced, the connection ends
    cut_chunked     in chunks, without the last one
    cut_page        the page ends in the middle, well sent

Actions on strips:

    lie             each entry bears its neighbour's addresses
    no_url          the own entry has no address
    own_missing     there is no own entry
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from tools.demo import markup
from tools.demo.reply import Reply, Wire, page, redirect
from tools.demo.routing import IMAGE_KINDS, PAGE_KINDS
from tools.demo.seeds import chance, fraction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tools.demo.routing import Target

#: Actions that change how a photo page is made, and not what becomes of it.
TWEAKS = frozenset({"lie", "no_url", "own_missing"})
#: Actions that put another page in its place.
PAGES: dict[str, Callable[[], str]] = {
    "gone_text": markup.gone_image_page,
    "check": markup.check_page,
    "layout": markup.new_layout_page,
}
REDIRECTS = frozenset({"redirect", "redirect_thumb"})
BODIES = frozenset({"empty", "body", "html_as_image", "garbage"})
WIRES: dict[str, Wire] = {
    "reset": Wire.RESET,
    "cut": Wire.CUT_LENGTH,
    "cut_close": Wire.CUT_CLOSE,
    "cut_chunked": Wire.CUT_CHUNKED,
    "stall_body": Wire.STALLED,
    "stall": Wire.WHOLE,
}
ACTIONS = TWEAKS | REDIRECTS | BODIES | {"status", "cut_page", *PAGES, *WIRES}
ALL_KINDS = PAGE_KINDS | IMAGE_KINDS | {"robots", "check"}


@dataclass(frozen=True)
class Rule:
    """One rule, checked; the module's text says what each attribute means."""

    do: str
    kinds: frozenset[str]
    ids: frozenset[int] | None = None
    pages: frozenset[int] | None = None
    rate: float = 1.0
    first: int | None = None
    after: int = 0
    status: int = 500
    seconds: float = 1.0
    part: float = 0.5
    body: str = ""
    location: str = ""
    retry_after: str = ""

    def fits(self, target: Target) -> bool:
        """True if the rule is about such requests, whatever was asked before."""
        if target.kind not in self.kinds:
            return False
        if self.ids is not None and self.ids.isdisjoint({target.image_id, _own_id(target)}):
            return False
        return self.pages is None or target.page in self.pages


def read_rule(described: dict[str, Any]) -> Rule:
    """The rule that a test described.

    Raises:
        ValueError: if it has an unknown key, action or kind.
    """
    if unknown := set(described) - {"kind", *(key.name for key in fields(Rule) if key.name != "kinds")}:
        raise ValueError(f"a rule has no key {unknown.pop()!r}")
    values = dict(described)
    if values.get("do") not in ACTIONS:
        raise ValueError(f"action {values.get('do')!r} is none of {', '.join(sorted(ACTIONS))}")
    kinds = kinds_named(values.pop("kind", "image"))
    for key in ("ids", "pages"):
        if values.get(key) is not None:
            values[key] = frozenset(map(int, values[key]))
    if "retry_after" in values:
        values["retry_after"] = str(values["retry_after"])
    return Rule(kinds=kinds, **values)


def kinds_named(described: str | Sequence[str]) -> frozenset[str]:
    """The kinds of requests of a kind's name, a list of them, or `page` and `any`.

    Raises:
        ValueError: if there is no such kind.
    """
    groups = {"page": PAGE_KINDS, "any": ALL_KINDS}
    names = [described] if isinstance(described, str) else list(described)
    kinds = frozenset().union(*(groups.get(name, frozenset({name})) for name in names))
    if unknown := kinds - ALL_KINDS:
        raise ValueError(f"kind {min(unknown)!r} is none of page, any, {', '.join(sorted(ALL_KINDS))}")
    return kinds


def _own_id(target: Target) -> int | None:
    if target.kind == "folder":
        return target.folder_id
    return target.gallery_id if target.kind in {"gallery", "strip"} else None


class RuleBook:
    """The rules in force, and how often each thing was asked for under each of them."""

    def __init__(self) -> None:
        self.seed = 0
        self._rules: list[Rule] = []
        self._asked: Counter[tuple[int, object]] = Counter()

    def replace(self, rules: Sequence[dict[str, Any]]) -> None:
        """Put other rules in force and start counting anew.

        Raises:
            ValueError: if one of them is wrong; then nothing changes.
        """
        self._rules = [read_rule(rule) for rule in rules]
        self._asked.clear()

    def rule_for(self, target: Target) -> Rule | None:
        """The first rule that strikes this request, which is counted; None if none does."""
        struck: Rule | None = None
        for number, rule in enumerate(self._rules):
            if not rule.fits(target):
                continue
            thing = (target.kind, target.path, target.folder_id, target.page, target.idx)
            self._asked[number, thing] += 1
            attempt = self._asked[number, thing]
            if struck is None and self._strikes(rule, number, thing, attempt):
                struck = rule
        return struck

    def _strikes(self, rule: Rule, number: int, thing: object, attempt: int) -> bool:
        if attempt <= rule.after or (rule.first is not None and attempt > rule.after + rule.first):
            return False
        return rule.rate >= 1 or fraction(self.seed, number, thing, attempt) < rule.rate


def strike(rule: Rule, reply: Reply, target: Target, thumb_address: str) -> Reply:
    """What becomes of an answer under a rule; `thumb_address` is where `redirect_thumb` leads."""
    if rule.do in WIRES:
        reply.wire, reply.part = WIRES[rule.do], rule.part
        reply.pause = rule.seconds if rule.do in {"stall", "stall_body"} else 0.0
        return reply
    if rule.do in PAGES:
        return page(PAGES[rule.do]())
    if rule.do in REDIRECTS:
        return redirect(rule.location or thumb_address)
    if rule.do == "status":
        headers = {"Retry-After": rule.retry_after} if rule.retry_after else {}
        return Reply(rule.status, f"Error {rule.status}\n".encode(), "text/plain", headers)
    if rule.do == "cut_page":
        reply.body = reply.body[: int(len(reply.body) * rule.part)]
    return _other_body(rule, reply, target) if rule.do in BODIES else reply


def _other_body(rule: Rule, reply: Reply, target: Target) -> Reply:
    """The same head with another body."""
    reply.status = 200
    if rule.do == "html_as_image":
        reply.body = markup.html_instead_of_image().encode()
        reply.content_type = "image/jpeg"
    elif rule.do == "garbage":
        reply.body = chance("garbage", target.path).randbytes(max(512, len(reply.body)))
    else:
        reply.body = rule.body.encode()
    return reply
