"""The words of invoices and credit notes in English, German and French.

Some are law and may not be varied: "Self-billing" or "Gutschrift" stands on self-billed documents
and on no others (Art. 226 (10a); § 14 (4) no. 10 UStG), so a credit note of the seller is called
"Rechnungskorrektur" in German; "Reverse charge" or "Steuerschuldnerschaft des Leistungsempfängers"
stands where the buyer owes the tax (Art. 226 (11a)).
"""

from types import MappingProxyType

TITLES = MappingProxyType(
    {
        "en": {
            "380": "Invoice",
            "381": "Credit note",
            "389": "Self-billed invoice",
            "261": "Self-billed credit note",
        },
        "de": {
            "380": "Rechnung",
            "381": "Rechnungskorrektur",
            "389": "Gutschrift",
            "261": "Korrektur einer Gutschrift",
        },
        "fr": {
            "380": "Facture",
            "381": "Avoir",
            "389": "Autofacture",
            "261": "Avoir en autofacturation",
        },
    }
)
SELF_BILLING = MappingProxyType({"en": "Self-billing", "de": "Gutschrift", "fr": "Autofacturation"})
REVERSE_CHARGE = MappingProxyType(
    {
        "en": "Reverse charge",
        "de": "Steuerschuldnerschaft des Leistungsempfängers",
        "fr": "Autoliquidation",
    }
)
# Of a country whose law names its own words; others accept English.
LANGUAGE_OF = MappingProxyType({"DE": "de", "AT": "de", "FR": "fr", "BE": "fr", "LU": "fr"})

WORDS = MappingProxyType(
    {
        "en": {
            "page": "Page",
            "test": "TEST",
            "number": "Number",
            "issue_date": "Issue date",
            "due_date": "Due date",
            "period": "Supply period",
            "period_of": "{first} to {last}",
            "currency": "Currency",
            "corrects": "Corrects",
            "corrected": "{number} of {date}",
            "reference": "Your reference",
            "seller": "Seller",
            "buyer": "Buyer",
            "vat_id": "VAT ID",
            "legal_id": "Company register",
            "issuer": "Issued by {issuer} in the name and on behalf of {seller}",
            "self_billed_by": (
                "Issued by {issuer} on behalf of the buyer, as agreed with the seller"
            ),
            "supply": "Service",
            "country": "Charged in",
            "sdrs": "Records",
            "energy": "kWh",
            "vat": "VAT",
            "amount": "Amount {currency}",
            "excl_tax": "Total without VAT",
            "incl_tax": "Total with VAT",
            "credited": "Amount credited",
            "tax_title": "VAT",
            "treatment": "Treatment",
            "rate": "Rate",
            "basis": "On",
            "tax": "VAT {currency}",
            "payment_title": "Payment",
            "netted": (
                "Settled with settlement statement {statement}. Please do not pay this"
                " document separately."
            ),
            "netted_soon": (
                "Settled with the settlement statement of {group}. Please do not pay this"
                " document separately."
            ),
            "netted_credit": (
                "Set off with settlement statement {statement}. No separate payment is made."
            ),
            "transfer": "Please pay to the account below and quote the reference.",
            "refund": "The amount is refunded or set off.",
            "holder": "Account holder",
            "payment_reference": "Reference",
            "notes_title": "Notes",
            "lines_note": (
                "Each line is the sum of service detail records that were each rounded once;"
                " the annex of the settlement statement lists them."
            ),
            "incl_note": (
                "Prices were agreed with VAT included; the amounts without VAT are computed"
                " from them."
            ),
            "local_vat": (
                "VAT in {local}: {amount} (1 {currency} = {rate} {local}, {source}, {date})"
            ),
            "xml_note": "The structured invoice (factur-x.xml) is attached to this PDF.",
            "continued": "continued",
            "description": "{sdrs} service detail records, {energy} kWh",
            "description_fee": "Services of the clearing house",
            "attribute_sdrs": "Service detail records",
            "attribute_energy": "Energy in kWh",
            "attribute_country": "Country of charging",
            "attribute_month": "Supply month",
            "S": "Standard rate",
            "AE": "Reverse charge",
            "O": "Not subject to VAT",
            "E": "Exempt",
            "ELECTRICITY": "Electricity for charging",
            "PARKING": "Parking while charging",
            "RESERVATION": "Reservation of charging points",
            "SERVICE": "Clearing services",
            "outside_in": "Not subject to EU VAT, place of supply: {place}",
            "law": "{law} of Directive 2006/112/EC",
        },
        "de": {
            "page": "Seite",
            "test": "TEST",
            "number": "Nummer",
            "issue_date": "Ausgestellt am",
            "due_date": "Fällig am",
            "period": "Leistungszeitraum",
            "period_of": "{first} bis {last}",
            "currency": "Währung",
            "corrects": "Korrigiert",
            "corrected": "{number} vom {date}",
            "reference": "Ihre Referenz",
            "seller": "Verkäufer",
            "buyer": "Käufer",
            "vat_id": "USt-IdNr.",
            "legal_id": "Handelsregister",
            "issuer": "Ausgestellt von {issuer} im Namen und für Rechnung von {seller}",
            "self_billed_by": (
                "Ausgestellt von {issuer} im Auftrag des Käufers, wie mit dem Verkäufer vereinbart"
            ),
            "supply": "Leistung",
            "country": "Geladen in",
            "sdrs": "Datensätze",
            "energy": "kWh",
            "vat": "USt",
            "amount": "Betrag {currency}",
            "excl_tax": "Summe ohne USt",
            "incl_tax": "Summe mit USt",
            "credited": "Korrekturbetrag",
            "tax_title": "Umsatzsteuer",
            "treatment": "Behandlung",
            "rate": "Satz",
            "basis": "Auf",
            "tax": "USt {currency}",
            "payment_title": "Zahlung",
            "netted": (
                "Wird mit der Abrechnung {statement} verrechnet. Bitte zahlen Sie diesen"
                " Beleg nicht einzeln."
            ),
            "netted_soon": (
                "Wird mit der Abrechnung {group} verrechnet. Bitte zahlen Sie diesen Beleg"
                " nicht einzeln."
            ),
            "netted_credit": (
                "Wird mit der Abrechnung {statement} verrechnet. Eine einzelne Zahlung"
                " erfolgt nicht."
            ),
            "transfer": (
                "Bitte zahlen Sie auf das unten stehende Konto und geben Sie die Referenz an."
            ),
            "refund": "Der Betrag wird erstattet oder verrechnet.",
            "holder": "Kontoinhaber",
            "payment_reference": "Referenz",
            "notes_title": "Hinweise",
            "lines_note": (
                "Jede Zeile ist die Summe einzeln gerundeter Ladedatensätze; die Anlage der"
                " Abrechnung führt sie auf."
            ),
            "incl_note": (
                "Vereinbart sind Preise mit USt; die Beträge ohne USt sind daraus berechnet."
            ),
            "local_vat": (
                "USt in {local}: {amount} (1 {currency} = {rate} {local}, {source}, {date})"
            ),
            "xml_note": "Die strukturierte Rechnung (factur-x.xml) liegt dieser PDF-Datei bei.",
            "continued": "Fortsetzung",
            "description": "{sdrs} Ladedatensätze, {energy} kWh",
            "description_fee": "Leistungen des Clearinghauses",
            "attribute_sdrs": "Ladedatensätze",
            "attribute_energy": "Energie in kWh",
            "attribute_country": "Land der Ladung",
            "attribute_month": "Leistungsmonat",
            "S": "Regelsatz",
            "AE": "Steuerschuldnerschaft des Leistungsempfängers",
            "O": "Nicht steuerbar",
            "E": "Steuerfrei",
            "ELECTRICITY": "Ladestrom",
            "PARKING": "Parken während der Ladung",
            "RESERVATION": "Reservierung von Ladepunkten",
            "SERVICE": "Clearing-Leistungen",
            "outside_in": "Unterliegt nicht der EU-Mehrwertsteuer, Leistungsort: {place}",
            "law": "{law} der Richtlinie 2006/112/EG",
        },
        "fr": {
            "page": "Page",
            "test": "TEST",
            "number": "Numéro",
            "issue_date": "Date d’émission",
            "due_date": "Échéance",
            "period": "Période de livraison",
            "period_of": "du {first} au {last}",
            "currency": "Devise",
            "corrects": "Rectifie",
            "corrected": "{number} du {date}",
            "reference": "Votre référence",
            "seller": "Vendeur",
            "buyer": "Acheteur",
            "vat_id": "N° TVA",
            "legal_id": "Registre du commerce",
            "issuer": "Émis par {issuer} au nom et pour le compte de {seller}",
            "self_billed_by": (
                "Émis par {issuer} pour le compte de l’acheteur, en accord avec le vendeur"
            ),
            "supply": "Prestation",
            "country": "Recharge en",
            "sdrs": "Relevés",
            "energy": "kWh",
            "vat": "TVA",
            "amount": "Montant {currency}",
            "excl_tax": "Total hors TVA",
            "incl_tax": "Total TVA comprise",
            "credited": "Montant crédité",
            "tax_title": "TVA",
            "treatment": "Régime",
            "rate": "Taux",
            "basis": "Base",
            "tax": "TVA {currency}",
            "payment_title": "Paiement",
            "netted": (
                "Réglé avec le relevé de compensation {statement}. Ne payez pas ce document"
                " séparément."
            ),
            "netted_soon": (
                "Réglé avec le relevé de compensation {group}. Ne payez pas ce document séparément."
            ),
            "netted_credit": (
                "Compensé avec le relevé de compensation {statement}. Aucun paiement séparé"
                " n’a lieu."
            ),
            "transfer": "Veuillez payer sur le compte ci-dessous en indiquant la référence.",
            "refund": "Le montant est remboursé ou compensé.",
            "holder": "Titulaire du compte",
            "payment_reference": "Référence",
            "notes_title": "Mentions",
            "lines_note": (
                "Chaque ligne est la somme de relevés de recharge arrondis un à un ;"
                " l’annexe du relevé de compensation les énumère."
            ),
            "incl_note": (
                "Les prix sont convenus TVA comprise ; les montants hors TVA en sont déduits."
            ),
            "local_vat": (
                "TVA en {local} : {amount} (1 {currency} = {rate} {local}, {source}, {date})"
            ),
            "xml_note": "La facture structurée (factur-x.xml) est jointe à ce PDF.",
            "continued": "suite",
            "description": "{sdrs} relevés de recharge, {energy} kWh",
            "description_fee": "Services de la chambre de compensation",
            "attribute_sdrs": "Relevés de recharge",
            "attribute_energy": "Énergie en kWh",
            "attribute_country": "Pays de recharge",
            "attribute_month": "Mois de livraison",
            "S": "Taux normal",
            "AE": "Autoliquidation",
            "O": "Hors champ de la TVA",
            "E": "Exonéré",
            "ELECTRICITY": "Électricité de recharge",
            "PARKING": "Stationnement pendant la recharge",
            "RESERVATION": "Réservation de points de recharge",
            "SERVICE": "Services de compensation",
            "outside_in": "Non soumis à la TVA de l’UE, lieu de livraison : {place}",
            "law": "{law} de la directive 2006/112/CE",
        },
    }
)
