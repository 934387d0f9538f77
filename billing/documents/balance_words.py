"""The words of the balance confirmation, a table per language."""

_ACCOUNTS_EN = {
    "1200": "Claims on you",
    "1300": "Clearing account",
    "1390": "Claims on you in dispute",
    "2100": "What we owe you",
    "2390": "What you are owed in dispute",
    "2400": "Guarantee deposit",
    "2410": "Prefund",
}
_ACCOUNTS_DE = {
    "1200": "Forderungen an Sie",
    "1300": "Verrechnungskonto",
    "1390": "Strittige Forderungen an Sie",
    "2100": "Verbindlichkeiten gegenüber Ihnen",
    "2390": "Strittige Verbindlichkeiten gegenüber Ihnen",
    "2400": "Sicherheitsleistung",
    "2410": "Vorauszahlung",
}
_ACCOUNTS_FR = {
    "1200": "Créances sur vous",
    "1300": "Compte de compensation",
    "1390": "Créances sur vous en litige",
    "2100": "Dettes envers vous",
    "2390": "Dettes envers vous en litige",
    "2400": "Dépôt de garantie",
    "2410": "Préfinancement",
}
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Balance confirmation",
        "to": "To",
        "number": "Number",
        "as_of": "As of",
        "issued": "Issued",
        "answer_until": "Please answer by",
        "currency": "Currency",
        "vat_id": "VAT",
        "page": "Page",
        "RECEIVES": "In our books you receive",
        "PAYS": "In our books you pay",
        "BALANCED": "In our books the balance is zero",
        "ask": "Please compare this with your books and tell us that you agree, or which balance"
        " you hold and why. Answer in the portal under “My books”, or by API. Silence is not taken"
        " for consent.",
        "accounts": "By account",
        "account": "Account",
        "amount": "Amount",
        "sum": "Balance",
        "held": "We hold for you, beside the balance",
        "sign": "Plus is what you receive, minus is what you pay.",
        "sealed": "The books are sealed as of this instant: this balance can be read again at any"
        " time and stays the same.",
        "no_invoice": "Not an invoice and no request for payment.",
        "test": "Test environment",
    }
    | _ACCOUNTS_EN,
    "de": {
        "title": "Saldenbestätigung",
        "to": "An",
        "number": "Nummer",
        "as_of": "Stichzeitpunkt",
        "issued": "Ausgestellt",
        "answer_until": "Antwort erbeten bis",
        "currency": "Währung",
        "vat_id": "USt-IdNr.",
        "page": "Seite",
        "RECEIVES": "Nach unseren Büchern erhalten Sie",
        "PAYS": "Nach unseren Büchern zahlen Sie",
        "BALANCED": "Nach unseren Büchern ist der Saldo null",
        "ask": "Bitte vergleichen Sie dies mit Ihren Büchern und teilen Sie uns mit, ob Sie"
        " zustimmen oder welchen Saldo Sie führen und warum. Antworten Sie im Portal unter „My"
        " books“ oder über die Schnittstelle. Schweigen gilt nicht als Zustimmung.",
        "accounts": "Nach Konten",
        "account": "Konto",
        "amount": "Betrag",
        "sum": "Saldo",
        "held": "Neben dem Saldo verwahren wir für Sie",
        "sign": "Plus erhalten Sie, Minus zahlen Sie.",
        "sealed": "Die Bücher sind zu diesem Zeitpunkt versiegelt: Der Saldo kann jederzeit erneut"
        " gelesen werden und bleibt gleich.",
        "no_invoice": "Keine Rechnung und keine Zahlungsaufforderung.",
        "test": "Testumgebung",
    }
    | _ACCOUNTS_DE,
    "fr": {
        "title": "Confirmation de solde",
        "to": "À",
        "number": "Numéro",
        "as_of": "Arrêté au",
        "issued": "Établie le",
        "answer_until": "Réponse souhaitée avant le",
        "currency": "Devise",
        "vat_id": "N° TVA",
        "page": "Page",
        "RECEIVES": "D’après nos livres, vous recevez",
        "PAYS": "D’après nos livres, vous payez",
        "BALANCED": "D’après nos livres, le solde est nul",
        "ask": "Veuillez comparer ce solde à vos livres et nous dire si vous êtes d’accord, ou quel"
        " solde vous tenez et pourquoi. Répondez dans le portail sous « My books » ou par"
        " l’interface. Le silence ne vaut pas accord.",
        "accounts": "Par compte",
        "account": "Compte",
        "amount": "Montant",
        "sum": "Solde",
        "held": "Nous détenons pour vous, en dehors du solde",
        "sign": "Plus : vous recevez ; moins : vous payez.",
        "sealed": "Les livres sont scellés à cet instant : ce solde peut être relu à tout moment et"
        " reste le même.",
        "no_invoice": "Ceci n’est ni une facture ni une demande de paiement.",
        "test": "Environnement de test",
    }
    | _ACCOUNTS_FR,
}
