"""Reading XML of strangers: no document type, no entity, no network, bounded; names without space.

Children are found by local name, because the namespace is another one in each version and banks
do not always keep to the order of the schema.
"""

from collections.abc import Iterator

from lxml import etree

LARGEST_BYTES = 50_000_000


class NotReadable(ValueError):
    """``code`` is FILE_TOO_LARGE, ENTITIES_REFUSED or NOT_XML."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read_xml(data: bytes, *, largest: int = LARGEST_BYTES) -> etree._Element:
    """Parse bytes into the root element.

    :raises NotReadable: too large, not XML, or with a document type (and so with entities).
    """
    if len(data) > largest:
        raise NotReadable(
            "FILE_TOO_LARGE", f"The file has {len(data)} bytes; at most {largest} are read."
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotReadable("NOT_XML", f"The file is no XML that can be read: {error}.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotReadable("ENTITIES_REFUSED", "The file declares a document type. Send it without.")
    return root


def local_name(node: etree._Element) -> str:
    return etree.QName(node).localname


def children(node: etree._Element | None, path: str) -> Iterator[etree._Element]:
    """All nodes at a path of local names, in the order of the file."""
    if node is None:
        return
    name, _, rest = path.partition("/")
    for child in node:
        if local_name(child) == name:
            if rest:
                yield from children(child, rest)
            else:
                yield child


def child(node: etree._Element | None, *paths: str) -> etree._Element | None:
    """The first node of the first path that is there."""
    return next((found for path in paths for found in children(node, path)), None)


def text(node: etree._Element | None, *paths: str) -> str:
    """The text of the first path that has one, its white space made single; else empty."""
    return next(texts(node, *paths), "")


def texts(node: etree._Element | None, *paths: str) -> Iterator[str]:
    """Each text that is there, path by path."""
    for path in paths:
        for found in children(node, path):
            if said := " ".join("".join(found.itertext()).split()):
                yield said
