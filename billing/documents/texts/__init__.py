"""The words of the documents, a file per language; each document is a table of names and texts.

``{name}`` is filled in by the code that shows the text. To add a language, copy ``en.py`` and name
it in ``billing.documents.languages``; a test tells what is missing.
"""

from billing.documents.languages import writer_for
from billing.documents.texts import de, en, fr

_TABLES = {"en": en.TEXTS, "de": de.TEXTS, "fr": fr.TEXTS}


def texts_of(document: str, language: str) -> dict[str, str]:
    """The texts of one document, ``"statement"``, in a language; English for an unknown one.

    :raises KeyError: there is no such document.
    """
    return _TABLES[writer_for(language).language][document]
