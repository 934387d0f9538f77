"""The words of dunning letters, a table per language; a title and a text for each level."""

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "to": "To",
        "number": "Number",
        "issued": "Issued",
        "currency": "Currency",
        "vat_id": "VAT",
        "page": "Page",
        "asked": "Please pay",
        "items": "Not paid in time",
        "statement": "Statement",
        "due": "Was due",
        "days_late": "Days late",
        "interest": "Interest so far",
        "open": "Open",
        "charged": "Interest and lump sum charged",
        "total": "To pay",
        "pay": "How to pay",
        "holder": "Holder",
        "account": "Account",
        "reference": "Please quote",
        "title_FRIENDLY": "Payment reminder",
        "title_FIRST": "First dunning letter",
        "title_SECOND": "Second dunning letter",
        "title_DRAW": "Third dunning letter: guarantee to be drawn",
        "title_EXCLUSION": "Last dunning letter: exclusion to be decided",
        "text_FRIENDLY": "The settlement below was due and we have not received it. You may have"
        " overlooked it; if you have paid in the meantime, please disregard this letter.",
        "text_FIRST": "The settlement below is still open. Please pay it now, or tell us why you"
        " do not.",
        "text_SECOND": "The settlement below is still open after our earlier letter. From now on"
        " what you buy is not cleared, and your counterparties are told; it is cleared again once"
        " you have paid.",
        "text_DRAW": "The settlement below is three weeks overdue. We are about to draw what you"
        " have put up as cover for it.",
        "text_EXCLUSION": "The settlement below is more than four weeks overdue. Whether you remain"
        " a participant is about to be decided.",
        "claim": "For late payment between companies the directive 2011/7/EU grants interest at the"
        " main refinancing rate of the European Central Bank plus 8 percentage points, and a lump"
        " sum of {lump_sum} per claim. What of it is charged stands in the table.",
        "disputed": "What you have objected to is left out as long as the objection is open.",
        "test": "Test environment",
    },
    "de": {
        "to": "An",
        "number": "Nummer",
        "issued": "Ausgestellt",
        "currency": "Währung",
        "vat_id": "USt-IdNr.",
        "page": "Seite",
        "asked": "Bitte zahlen Sie",
        "items": "Nicht rechtzeitig gezahlt",
        "statement": "Abrechnung",
        "due": "War fällig",
        "days_late": "Tage im Verzug",
        "interest": "Zinsen bis heute",
        "open": "Offen",
        "charged": "Berechnete Zinsen und Pauschale",
        "total": "Zu zahlen",
        "pay": "So zahlen Sie",
        "holder": "Inhaber",
        "account": "Konto",
        "reference": "Bitte angeben",
        "title_FRIENDLY": "Zahlungserinnerung",
        "title_FIRST": "Erste Mahnung",
        "title_SECOND": "Zweite Mahnung",
        "title_DRAW": "Dritte Mahnung: Sicherheit wird gezogen",
        "title_EXCLUSION": "Letzte Mahnung: Ausschluss wird entschieden",
        "text_FRIENDLY": "Die unten genannte Abrechnung war fällig, und wir haben noch keine"
        " Zahlung"
        " erhalten. Vielleicht haben Sie sie übersehen; falls Sie inzwischen gezahlt haben,"
        " betrachten Sie dieses Schreiben bitte als gegenstandslos.",
        "text_FIRST": "Die unten genannte Abrechnung ist weiterhin offen. Bitte zahlen Sie jetzt,"
        " oder teilen Sie uns mit, warum Sie nicht zahlen.",
        "text_SECOND": "Die unten genannte Abrechnung ist trotz unseres früheren Schreibens offen."
        " Ab jetzt wird nicht mehr verrechnet, was Sie kaufen, und Ihre Vertragspartner werden"
        " unterrichtet; nach Ihrer Zahlung wird wieder verrechnet.",
        "text_DRAW": "Die unten genannte Abrechnung ist seit drei Wochen überfällig. Wir werden in"
        " Kürze auf die Sicherheit zugreifen, die Sie geleistet haben.",
        "text_EXCLUSION": "Die unten genannte Abrechnung ist seit mehr als vier Wochen überfällig."
        " In Kürze wird entschieden, ob Sie Teilnehmer bleiben.",
        "claim": "Bei Zahlungsverzug zwischen Unternehmen gewährt die Richtlinie 2011/7/EU"
        " Zinsen in"
        " Höhe des Hauptrefinanzierungssatzes der Europäischen Zentralbank zuzüglich 8"
        " Prozentpunkten und eine Pauschale von {lump_sum} je Forderung. Was davon berechnet ist,"
        " steht in der Tabelle.",
        "disputed": "Wogegen Sie Einwände erhoben haben, bleibt außer Betracht, solange darüber"
        " nicht entschieden ist.",
        "test": "Testumgebung",
    },
    "fr": {
        "to": "À",
        "number": "Numéro",
        "issued": "Établie le",
        "currency": "Devise",
        "vat_id": "N° TVA",
        "page": "Page",
        "asked": "Veuillez payer",
        "items": "Impayé à l’échéance",
        "statement": "Relevé",
        "due": "Échu le",
        "days_late": "Jours de retard",
        "interest": "Intérêts à ce jour",
        "open": "Ouvert",
        "charged": "Intérêts et indemnité facturés",
        "total": "À payer",
        "pay": "Comment payer",
        "holder": "Titulaire",
        "account": "Compte",
        "reference": "À indiquer",
        "title_FRIENDLY": "Rappel de paiement",
        "title_FIRST": "Première mise en demeure",
        "title_SECOND": "Deuxième mise en demeure",
        "title_DRAW": "Troisième mise en demeure : appel de la garantie",
        "title_EXCLUSION": "Dernière mise en demeure : exclusion à décider",
        "text_FRIENDLY": "Le relevé ci-dessous est échu et nous n’avons pas reçu votre paiement. Il"
        " vous a peut-être échappé ; si vous avez payé entre-temps, ne tenez pas compte de cette"
        " lettre.",
        "text_FIRST": "Le relevé ci-dessous reste ouvert. Veuillez le payer maintenant, ou nous"
        " dire"
        " pourquoi vous ne le payez pas.",
        "text_SECOND": "Le relevé ci-dessous reste ouvert malgré notre lettre précédente. Dès"
        " maintenant, ce que vous achetez n’est plus compensé et vos contreparties en sont"
        " informées ; la compensation reprend après votre paiement.",
        "text_DRAW": "Le relevé ci-dessous est échu depuis trois semaines. Nous allons faire"
        " appel à"
        " la garantie que vous avez constituée.",
        "text_EXCLUSION": "Le relevé ci-dessous est échu depuis plus de quatre semaines. Votre"
        " maintien parmi les participants va être décidé.",
        "claim": "En cas de retard de paiement entre entreprises, la directive 2011/7/UE accorde"
        " des"
        " intérêts au taux de refinancement principal de la Banque centrale européenne majoré de 8"
        " points, et une indemnité de {lump_sum} par créance. Ce qui en est facturé figure dans le"
        " tableau.",
        "disputed": "Ce que vous avez contesté n’est pas compris tant que la contestation est"
        " ouverte.",
        "test": "Environnement de test",
    },
}
