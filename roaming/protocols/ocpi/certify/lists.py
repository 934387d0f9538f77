"""Lists by page."""

from urllib.parse import parse_qs, urlsplit

from roaming.protocols.ocpi.certify.case import NotApplicable, Seen, case, seen
from roaming.protocols.ocpi.certify.visit import Visit
from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.options import CPO
from roaming.protocols.ocpi.simulator.platform import instant, next_link

_MOST_PAGES = 100
_LONG_AGO = "2015-01-01T00:00:00Z"


@case("PAG-01", "the list, without parameters", "X-Total-Count, X-Limit, at most so many objects")
def first_page(visit: Visit) -> Seen:
    call = visit.call("GET", visit.list_url, visit.list_module)
    total, limit = _count(call, "x-total-count"), _count(call, "x-limit")
    link, size = next_link(call), len(call.data)
    is_whole = size == total if total is not None else False
    ok = call.ok and limit is not None and size <= limit and (is_whole != bool(link))
    ok = ok and (not link or "://" in link)
    return seen(call, ok, f"{size} of {total}, X-Limit {limit}, Link {link or 'none'}")


@case("PAG-02", "all pages, from Link to Link", "each object once, as many as X-Total-Count says")
def all_pages(visit: Visit) -> Seen:
    promised = _count(visit.call("GET", visit.list_url, visit.list_module), "x-total-count")
    if not promised:
        raise NotApplicable("the list is empty, or its length is unknown")
    pages = visit.us.pull(visit.list_module, limit=str(-(-promised // 4)), most=_MOST_PAGES)
    keys = [_key(one) for page in pages for one in page.data]
    is_cut_off = bool(next_link(pages[-1]))  # a long list: what we have seen must be sound
    ok = len(keys) == len(set(keys)) and (is_cut_off or len(keys) == promised)
    ok = ok and (len(pages) > 1 or promised == 1)
    return seen(pages[-1], ok, f"{len(keys)} objects on {len(pages)} pages, promised {promised}")


@case("PAG-03", "100,000 objects at once", "no more than X-Limit, which Link repeats")
def too_many(visit: Visit) -> Seen:
    call = visit.call("GET", f"{visit.list_url}?limit=100000", visit.list_module)
    limit, link = _count(call, "x-limit"), next_link(call)
    asked = int(_of_link(link).get("limit", ["0"])[0]) if link else 0
    ok = call.ok and limit is not None and len(call.data) <= limit and asked <= limit
    return seen(call, ok, f"{len(call.data)} objects, X-Limit {limit}, Link limit {asked or '-'}")


@case("PAG-05", "the list from, and up to, an object's last_updated", "from has it, up to has not")
def half_open(visit: Visit) -> Seen:
    one = max(visit.listed(most=1), key=lambda each: instant(each["last_updated"]))
    at = one["last_updated"]
    since, within = _pages(visit, date_from=at)
    before, without = _pages(visit, date_to=at)
    ok = _key(one) in within and _key(one) not in without
    last = before if since.ok else since
    return seen(last, ok, f"{len(within)} from {at}, {len(without)} up to it")


@case("PAG-06", "one object a page, with a filter", "Link keeps the filter")
def filter_kept(visit: Visit) -> Seen:
    if len(visit.listed(most=1)) < 2:
        raise NotApplicable("the list has less than two objects")
    url = f"{visit.list_url}?limit=1&date_from={_LONG_AGO}"
    call = visit.call("GET", url, visit.list_module)
    link = next_link(call)
    query = _of_link(link)
    # An opaque cursor may carry the filter; then the next page shows it.
    is_kept = query.get("date_from") == [_LONG_AGO] or not {"offset", "limit"} & query.keys()
    following = visit.call("GET", link, visit.list_module) if link else call
    return seen(following, bool(link) and is_kept and following.ok, f"Link {link or 'none'}")


@case("PAG-08", "sessions without date_from", "status_code 2001 or a list, no error", roles=(CPO,))
def no_date(visit: Visit) -> Seen:
    call = visit.call("GET", visit.us.peer_url("SENDER", "sessions"), "sessions")
    return seen(call, call.status == 200 and (call.code == 2001 or call.ok))


def _pages(visit: Visit, **query: str) -> tuple[Call, set[tuple[str, ...]]]:
    """The last page, and what was on all of them."""
    pages = visit.us.pull(visit.list_module, most=_MOST_PAGES, **query)
    return pages[-1], {_key(each) for page in pages for each in page.data}


def _count(call: Call, header: str) -> int | None:
    said = call.answer_headers.get(header, "")
    return int(said) if said.isdigit() else None


def _of_link(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query)


def _key(document: Document) -> tuple[str, ...]:
    names = ("country_code", "party_id", "uid", "type", "id")
    return tuple(str(document.get(name, "")) for name in names)
