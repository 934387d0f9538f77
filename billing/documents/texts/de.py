"""German texts of the documents.

Called ``Verrechnungsaufstellung``, never ``Abrechnung`` or ``Gutschrift``: to German tax law these
words may make an invoice of it (§ 14 (2) UStG).
"""

STATEMENT = {
    "name_final": "Verrechnungsaufstellung",
    "name_provisional": "Vorläufige Verrechnungsaufstellung",
    "watermark_provisional": "VORLÄUFIG",
    "mark_provisional": "VORLÄUFIG – nicht endgültig",
    "description": "{name} für {partner}, {period}",
    "annex_description": "Einzelne Leistungsdatensätze (SDR) zur Aufstellung {number}",
    "not_an_invoice": "Dies ist keine Rechnung im umsatzsteuerlichen Sinn.",
    "page": "Seite",
    "vat_id": "USt-IdNr.",
    "statement_for": "Aufstellung für",
    "marking": "Kennzeichen",
    "number": "Nummer",
    "status": "Status",
    "status_final": "ENDGÜLTIG",
    "replaces": "ersetzt",
    "test_no_payment": "Testumgebung, keine Zahlung",
    "supply_period": "Leistungszeitraum",
    "period_bounds": "{start} bis {end}",
    "end_excluded": "{zone}, Ende ausgeschlossen",
    "cut_off": "Stichzeitpunkt",
    "issued": "Ausgestellt",
    "group_currency": "Gruppe, Währung",
    "released": "Freigabe",
    "released_by": "beantragt von {maker}, freigegeben von {checker}",
    "objections_until": "Einwände bis",
    "you_receive": "Sie erhalten",
    "you_pay": "Sie zahlen",
    "balanced": "Nichts zu zahlen oder zu erhalten",
    "receivable": "Forderung aus verkauften Leistungen",
    "payable": "Schuld aus bezogenen Leistungen",
    "fees_of_house": "Entgelte der Clearingstelle",
    "vat_on_services": "Umsatzsteuer auf Leistungen",
    "vat_on_fees": "Umsatzsteuer auf Entgelte",
    "adjustments": "Manuelle Anpassungen",
    "carried": "Vortrag",
    "exchanged": "Aus anderer Währung",
    "position_in": "Saldo in {currency}",
    "carried_on": "Übertrag in die nächste Verrechnung",
    "settled_in": "Stattdessen in {currency} beglichen",
    "by_counterparty": "Nach Geschäftspartner",
    "counterparty": "Geschäftspartner",
    "code": "Kennung",
    "sdrs": "SDR",
    "billed": "Berechnet",
    "kwh_billed": "kWh berechnet",
    "claim_sold": "Verkauft",
    "claim_bought": "Bezogen",
    "commission": "Provision",
    "net_in": "Saldo {currency}",
    "own_network": "eigenes Netz",
    "total": "Summe",
    "claims_note": (
        "Beträge der Verkäufer vor Provision. Eine Provision mit {minus} wird von Ihren Verkäufen"
        " einbehalten, ohne Vorzeichen mindert sie, was Sie zahlen."
    ),
    "no_records": "In diesem Zeitraum wurde kein Leistungsdatensatz von Ihnen verrechnet.",
    "by_month": "Nach Leistungsmonat",
    "service_ended_in": "Leistung endete im",
    "months_note": (
        "Dieselben Leistungen nach Monaten. Datensätze eines früheren Monats kamen verspätet oder"
        " werden hier berichtigt."
    ),
    "by_site": "Nach Marktrolle, Standort und Leistungsmonat",
    "site": "Standort",
    "site_unknown": "Standort nicht angegeben",
    "site_rest_one": "1 weitere Zeile",
    "site_rest_many": "{count} weitere Zeilen",
    "month": "Monat",
    "party_sum_of": "Summe",
    "sites_note": (
        "Noch einmal dieselben Leistungen. Bei Verkauftem ist es Ihr Standort, bei Bezogenem der"
        " des Verkäufers. Die Anlage nennt den Standort jedes Datensatzes."
    ),
    "sites_left_out": "Gezeigt sind die {count} größten Zeilen; die Anlage enthält alle.",
    "fee_on_sold": "Provision auf Verkauftes",
    "on_claims_of": "Auf Beträge von",
    "fee_in": "Entgelt {currency}",
    "fees_note": (
        "Die Auszahlung wird je Datensatz gerundet; das Entgelt ist der Rest und kann daher etwas"
        " vom Satz auf die Summe abweichen."
    ),
    "further": "Steuern, Entgelte und Anpassungen",
    "beyond": "Neben den Leistungen oben",
    "on": "Auf",
    "amount_in": "Betrag {currency}",
    "further_note": (
        "Zusammen mit den Salden der Geschäftspartner ergeben diese Zeilen den Gesamtsaldo. Steuer"
        " wird einmal auf jede Summe berechnet."
    ),
    "line_vat_services_to": "USt {rate} {country} auf Leistungen an {name}",
    "line_vat_services_of": "USt {rate} {country} auf Leistungen von {name}",
    "line_vat_fees_to": "USt {rate} {country} auf Entgelte der Clearingstelle an {name}",
    "line_vat_fees_of": "USt {rate} {country} auf Entgelte der Clearingstelle von {name}",
    "line_fee": "{name}",
    "line_fee_month": "{name}, {month}",
    "line_fee_sdrs": "{name} ({sdrs} SDR)",
    "line_fee_month_sdrs": "{name}, {month} ({sdrs} SDR)",
    "line_adjustment": "Manuelle Anpassung: {reason}",
    "line_carried": "Vortrag aus der vorigen Verrechnung",
    "line_exchanged": "Aus {group}, {period}: {amount} {currency}, {rates}",
    "line_blocked_to": "Noch nicht verrechnet, steuerliche Behandlung war zu klären: an {name}",
    "line_blocked_of": "Noch nicht verrechnet, steuerliche Behandlung war zu klären: von {name}",
    "line_resolved_to": "Jetzt verrechnet, steuerliche Behandlung war zu klären: an {name}",
    "line_resolved_of": "Jetzt verrechnet, steuerliche Behandlung war zu klären: von {name}",
    "rates": "zu {rates} je 1 EUR (EZB, {day})",
    "and": "und",
    "vat_recap": "Umsatzsteuer im Überblick",
    "vat_supply": "Leistung",
    "vat_category": "Kategorie",
    "vat_rate": "Satz",
    "vat_basis": "Bemessung {currency}",
    "vat_amount": "USt {currency}",
    "vat_sold": "Verkaufte Leistungen, {country}",
    "vat_bought": "Bezogene Leistungen, {country}",
    "vat_fees": "Entgelte der Clearingstelle, {country}",
    "vat_note": (
        "Kategorien nach EN 16931; steuerlich gelten die Rechnungen. USt mit {minus} wird Ihnen"
        " berechnet, ohne Vorzeichen berechnen Sie sie. AE: der Kunde schuldet die Steuer."
    ),
    "documents_netted": "Hier verrechnete Belege",
    "document_type": "Art",
    "document_date": "Datum",
    "document_net": "Netto",
    "document_vat": "USt",
    "document_gross": "Brutto",
    "document_invoice": "Rechnung",
    "document_credit_note": "Rechnungskorrektur",
    "document_self_billed": "Gutschriftverfahren: Rechnung",
    "document_self_billed_credit": "Gutschriftverfahren: Korrektur",
    "payment": "Zahlung",
    "account_holder": "Kontoinhaber",
    "reference": "Verwendungszweck",
    "creditor_reference": "Strukturiert (ISO 11649)",
    "due_date": "Fällig am",
    "debited_account": "Belastetes Konto",
    "collection_date": "Einzug am",
    "mandate": "SEPA-Firmenlastschriftmandat",
    "creditor_id": "Unsere Gläubiger-ID",
    "account_follows": "Das Konto wird gesondert mitgeteilt; bitte {number} angeben.",
    "no_account": (
        "Für {currency} ist uns kein Konto bekannt. Bitte teilen Sie uns Ihre Bankverbindung unter"
        " Angabe von {number} mit."
    ),
    "pay_instruction_receives": (
        "Gezahlt wird von Partner zu Partner: die Clearingstelle hält kein fremdes Geld. Die"
        " Partner, die schulden, sind angewiesen, an Sie zu zahlen."
    ),
    "pay_instruction_pays": (
        "Gezahlt wird von Partner zu Partner: die Clearingstelle hält kein fremdes Geld. Ihre"
        " Zahlungsanweisungen nennen jeden Gläubiger mit Konto und Betrag. Bitte zahlen Sie nicht"
        " allein auf diese Aufstellung hin."
    ),
    "pay_held_receives": (
        "Der Betrag wird ausgezahlt, sobald die Zahlungen der schuldenden Partner endgültig sind."
    ),
    "pay_held_pays": (
        "Bitte zahlen Sie den Betrag an die Clearingstelle und geben Sie den Verwendungszweck an."
    ),
    "pay_collected": (
        "Wir ziehen den Betrag am {day} per SEPA-Firmenlastschrift ein; dies ist die"
        " Vorabankündigung. Bitte überweisen Sie nichts."
    ),
    "pay_later": (
        "Bitte zahlen Sie nicht auf eine vorläufige Aufstellung. Die endgültige ersetzt sie, kann"
        " von ihr abweichen und sagt, wer wohin zahlt."
    ),
    "pay_nothing": "Der Saldo ist ausgeglichen: in keine Richtung ist eine Zahlung fällig.",
    "pay_elsewhere": (
        "In {currency} wird nichts gezahlt: wie vereinbart, wird Ihr Saldo in {other} mit der"
        " Gruppe {group} beglichen, {rates}."
    ),
    # Beside the position
    "beside": "Nicht Teil des Saldos",
    "beside_note": (
        "Bestrittene Datensätze stehen in keinem Saldo, aus allen Gruppen dieser Währung; was sie"
        " am Ende wert sind, wird später verrechnet. Sicherheiten verwahren wir für Sie; sie werden"
        " nicht verrechnet."
    ),
    "disputed_sold": "Bestritten, von Ihnen verkauft",
    "disputed_bought": "Bestritten, von Ihnen bezogen",
    "sdrs_one": "1 SDR",
    "sdrs_many": "{count} SDR",
    "prefund_held": "Vorauszahlung verwahrt",
    "prefund_drawn": "Vorauszahlung verwendet",
    "deposit_held": "Sicherheitsleistung verwahrt",
    "deposit_drawn": "Sicherheitsleistung verwendet",
    "records_stand": "Stand Ihrer Datensätze",
    "received": "empfangen",
    "rejected": "abgelehnt",
    "held": "angehalten",
    "open": "offen",
    "disputed": "bestritten",
    "withdrawn": "zurückgezogen",
    "cleared": "verrechnet",
    "credited": "gutgeschrieben",
    "records_note": (
        "Datensätze, die Sie als Verkäufer sandten, nach ihrem Stand zum Stichzeitpunkt. Keiner"
        " geht verloren: die Teile ergeben das Empfangene."
    ),
    "nothing_sent": (
        "0 empfangen: Sie sandten keine Datensätze als Verkäufer. Was Sie bezogen, zählt bei den"
        " Verkäufern."
    ),
    "exposure": "Ausfallrisiko",
    "exposure_now": "Mögliche Schuld",
    "exposure_limit": "Vereinbarte Grenze",
    "exposure_none": "keine Grenze vereinbart",
    "exposure_used": "Ausgeschöpft",
    "exposure_read": "Gelesen",
    "how_to_object": "Einwände",
    "object_look": (
        "Suchen Sie einen Datensatz mit seiner SDR-Kennung im Partnerportal oder per API."
    ),
    "object_until": "Einwände gegen diese Aufstellung bitte bis {until}.",
    "object_until_to": (
        "Einwände gegen diese Aufstellung bitte bis {until} an {email}, unter Angabe der Nummer."
    ),
    "object_final": (
        "Ein falscher Datensatz wird in einem späteren Zeitraum gutgeschrieben; diese Aufstellung"
        " ändert sich nicht."
    ),
    "object_provisional": "Was falsch ist, wird vor der endgültigen Aufstellung berichtigt.",
    "about": "Zu diesem Dokument",
    "about_text": (
        "Es zeigt, was verrechnet wurde und was fällig ist; Rechnungen und Rechnungskorrekturen"
        " sind eigene Belege. Die Salden aller Partner und der Clearingstelle in diesem Zeitraum"
        " ergeben zusammen null."
    ),
    "checksums": "Prüfsummen",
    "sha_positions": "Salden des Zeitraums, SHA-256",
    "sha_annex": "SDR-Anlage (CSV, {rows} Datensätze), SHA-256",
    "sha_ledger": "Kopf des Hauptbuchs bei Ausstellung (Siegel {sequence})",
    "annex_note": (
        "Die Anlage führt jeden Datensatz hinter diesen Zahlen auf, unter Pseudonymen. Sie ist"
        " diesem PDF angehängt."
    ),
}

MAIL = {
    "kind_statement": "Verrechnungsaufstellung",
    "kind_provisional": "Vorläufige Verrechnungsaufstellung",
    "kind_invoice": "Rechnung",
    "kind_balance": "Saldenbestätigung",
    "kind_dunning": "Mahnung",
    "subject": "{kind} {number}",
    "body": (
        "Guten Tag,\n\n{kind} {number} vom {day} liegt für Sie bereit:\n\n{link}\n\n"
        "Sie benötigen Ihre Anmeldung am Partnerportal. Ihre Systeme können das Dokument auch per"
        " API abrufen.\n\n{house}\n"
    ),
}

TEXTS = {"statement": STATEMENT, "mail": MAIL}
