"""French texts of the documents. ``Compensation`` is netting; a ``facture`` this is not."""

STATEMENT = {
    "name_final": "Relevé de compensation",
    "name_provisional": "Relevé provisoire",
    "watermark_provisional": "PROVISOIRE",
    "mark_provisional": "PROVISOIRE – non définitif",
    "description": "{name} de {partner}, {period}",
    "annex_description": "Enregistrements de service (SDR) du relevé {number}",
    "not_an_invoice": "Ce document n'est pas une facture au sens de la TVA.",
    "page": "Page",
    "vat_id": "N° TVA",
    "statement_for": "Relevé pour",
    "marking": "Repère",
    "number": "Numéro",
    "status": "Statut",
    "status_final": "DÉFINITIF",
    "replaces": "remplace",
    "test_no_payment": "environnement de test, aucun paiement",
    "supply_period": "Période de fourniture",
    "period_bounds": "{start} à {end}",
    "end_excluded": "{zone}, fin exclue",
    "cut_off": "Arrêté au",
    "issued": "Émis le",
    "group_currency": "Groupe, devise",
    "released": "Validation",
    "released_by": "demandée par {maker}, accordée par {checker}",
    "objections_until": "Contestations jusqu'au",
    "you_receive": "Vous recevez",
    "you_pay": "Vous payez",
    "balanced": "Rien à payer ni à recevoir",
    "receivable": "À recevoir pour services vendus",
    "payable": "À payer pour services achetés",
    "fees_of_house": "Frais de la chambre de compensation",
    "vat_on_services": "TVA sur services",
    "vat_on_fees": "TVA sur frais",
    "adjustments": "Ajustements manuels",
    "carried": "Report",
    "exchanged": "D'une autre devise",
    "position_in": "Solde en {currency}",
    "carried_on": "Reporté au prochain règlement",
    "settled_in": "Réglé en {currency} à la place",
    "by_counterparty": "Par contrepartie",
    "counterparty": "Contrepartie",
    "code": "Code",
    "sdrs": "SDR",
    "billed": "Facturés",
    "kwh_billed": "kWh facturés",
    "claim_sold": "Vendu",
    "claim_bought": "Acheté",
    "commission": "Commission",
    "net_in": "Solde {currency}",
    "own_network": "réseau propre",
    "total": "Total",
    "claims_note": (
        "Montants des vendeurs avant commission. Une commission avec {minus} est retenue sur vos"
        " ventes ; sans signe, elle réduit ce que vous payez."
    ),
    "no_records": "Aucun de vos enregistrements n'a été compensé sur cette période.",
    "by_month": "Par mois de fourniture",
    "service_ended_in": "Service terminé en",
    "months_note": (
        "Les mêmes services, par mois. Les enregistrements d'un mois antérieur sont arrivés en"
        " retard ou sont corrigés ici."
    ),
    "by_site": "Par rôle, site et mois de fourniture",
    "site": "Site",
    "site_unknown": "Site non indiqué",
    "site_rest_one": "1 autre ligne",
    "site_rest_many": "{count} autres lignes",
    "month": "Mois",
    "party_sum_of": "Total",
    "sites_note": (
        "Encore les mêmes services. Pour les ventes, le site est le vôtre ; pour les achats, celui"
        " du vendeur. L'annexe nomme le site de chaque enregistrement."
    ),
    "sites_left_out": "Les {count} lignes les plus importantes ; l'annexe les contient toutes.",
    "fee_on_sold": "Commission sur services vendus",
    "on_claims_of": "Sur montants de",
    "fee_in": "Frais {currency}",
    "fees_note": (
        "Le versement est arrondi par enregistrement ; les frais sont le reste et peuvent donc"
        " s'écarter un peu du taux appliqué à la somme."
    ),
    "further": "Taxes, frais et ajustements",
    "beyond": "Au-delà des services ci-dessus",
    "on": "Sur",
    "amount_in": "Montant {currency}",
    "further_note": (
        "Avec les soldes par contrepartie, ces lignes donnent le solde total. La taxe est calculée"
        " une fois sur chaque somme."
    ),
    "line_vat_services_to": "TVA {rate} {country} sur services à {name}",
    "line_vat_services_of": "TVA {rate} {country} sur services de {name}",
    "line_vat_fees_to": "TVA {rate} {country} sur frais de la chambre de compensation à {name}",
    "line_vat_fees_of": "TVA {rate} {country} sur frais de la chambre de compensation de {name}",
    "line_fee": "{name}",
    "line_fee_month": "{name}, {month}",
    "line_fee_sdrs": "{name} ({sdrs} SDR)",
    "line_fee_month_sdrs": "{name}, {month} ({sdrs} SDR)",
    "line_adjustment": "Ajustement manuel : {reason}",
    "line_carried": "Report du règlement précédent",
    "line_exchanged": "De {group}, {period} : {amount} {currency}, {rates}",
    "line_blocked_to": "Pas encore réglé, régime de TVA à déterminer : à {name}",
    "line_blocked_of": "Pas encore réglé, régime de TVA à déterminer : de {name}",
    "line_resolved_to": "Réglé maintenant, régime de TVA déterminé : à {name}",
    "line_resolved_of": "Réglé maintenant, régime de TVA déterminé : de {name}",
    "rates": "à {rates} pour 1 EUR (BCE, {day})",
    "and": "et",
    "vat_recap": "Récapitulatif de TVA",
    "vat_supply": "Prestation",
    "vat_category": "Catégorie",
    "vat_rate": "Taux",
    "vat_basis": "Base {currency}",
    "vat_amount": "TVA {currency}",
    "vat_sold": "Services vendus, {country}",
    "vat_bought": "Services achetés, {country}",
    "vat_fees": "Frais de la chambre de compensation, {country}",
    "vat_note": (
        "Catégories selon EN 16931 ; pour la TVA, seules les factures comptent. La TVA avec {minus}"
        " vous est facturée ; sans signe, vous la facturez. AE : le client doit la TVA."
    ),
    "documents_netted": "Documents compensés ici",
    "document_type": "Type",
    "document_date": "Date",
    "document_net": "HT",
    "document_vat": "TVA",
    "document_gross": "TTC",
    "document_invoice": "Facture",
    "document_credit_note": "Avoir",
    "document_self_billed": "Autofacture",
    "document_self_billed_credit": "Avoir d'autofacturation",
    "payment": "Paiement",
    "account_holder": "Titulaire du compte",
    "reference": "Référence",
    "creditor_reference": "Structurée (ISO 11649)",
    "due_date": "Échéance",
    "debited_account": "Compte débité",
    "collection_date": "Prélevé le",
    "mandate": "Mandat SEPA interentreprises",
    "creditor_id": "Notre identifiant créancier",
    "account_follows": "Le compte suit séparément ; indiquez {number}.",
    "no_account": (
        "Aucun compte en {currency} n'est enregistré. Merci de nous envoyer vos coordonnées"
        " bancaires en indiquant {number}."
    ),
    "pay_instruction_receives": (
        "Le paiement se fait de partenaire à partenaire : la chambre de compensation ne détient"
        " l'argent de personne. Les partenaires débiteurs ont instruction de vous payer."
    ),
    "pay_instruction_pays": (
        "Le paiement se fait de partenaire à partenaire : la chambre de compensation ne détient"
        " l'argent de personne. Vos instructions de paiement nomment chaque créancier, son compte"
        " et le montant. Merci de ne pas payer sur la seule base de ce relevé."
    ),
    "pay_held_receives": (
        "Le montant est versé dès que les paiements des partenaires débiteurs sont définitifs."
    ),
    "pay_held_pays": (
        "Merci de payer le montant à la chambre de compensation en indiquant la référence."
    ),
    "pay_collected": (
        "Nous prélevons le montant le {day} par prélèvement SEPA interentreprises ; ceci vaut"
        " prénotification. Merci de ne faire aucun virement."
    ),
    "pay_later": (
        "Merci de ne rien payer sur un relevé provisoire. Le relevé définitif le remplace, peut en"
        " différer, et dit qui paie et où."
    ),
    "pay_nothing": "Le solde est nul : aucun paiement n'est dû dans un sens ni dans l'autre.",
    "pay_elsewhere": (
        "Rien n'est payé en {currency} : comme convenu, votre solde est réglé en {other} avec le"
        " groupe {group}, {rates}."
    ),
    # Beside the position
    "beside": "Hors du solde",
    "beside_note": (
        "Les SDR contestés n'entrent dans aucun solde, tous groupes de cette devise confondus ;"
        " ce qu'ils valent finalement est compensé plus tard. Les garanties sont détenues pour vous"
        " et ne sont pas compensées."
    ),
    "disputed_sold": "Contestés, vendus par vous",
    "disputed_bought": "Contestés, achetés par vous",
    "sdrs_one": "1 SDR",
    "sdrs_many": "{count} SDR",
    "prefund_held": "Préfinancement détenu",
    "prefund_drawn": "Préfinancement utilisé",
    "deposit_held": "Dépôt de garantie détenu",
    "deposit_drawn": "Dépôt de garantie utilisé",
    "records_stand": "Où en sont vos enregistrements",
    "received": "reçus",
    "rejected": "rejetés",
    "held": "retenus",
    "open": "ouverts",
    "disputed": "contestés",
    "withdrawn": "retirés",
    "cleared": "compensés",
    "credited": "crédités",
    "records_note": (
        "Les enregistrements que vous avez envoyés comme vendeur, selon leur état à l'arrêté. Aucun"
        " n'est perdu : la somme des parties est ce qui a été reçu."
    ),
    "nothing_sent": (
        "0 reçu : vous n'avez envoyé aucun enregistrement comme vendeur. Ce que vous avez acheté"
        " est compté chez les vendeurs."
    ),
    "exposure": "Exposition",
    "exposure_now": "Dette possible",
    "exposure_limit": "Limite convenue",
    "exposure_none": "aucune limite convenue",
    "exposure_used": "Utilisée à",
    "exposure_read": "Relevée le",
    "how_to_object": "Comment contester",
    "object_look": (
        "Cherchez un enregistrement par son identifiant SDR dans le portail partenaire ou par API."
    ),
    "object_until": "Contestez ce relevé jusqu'au {until}.",
    "object_until_to": (
        "Contestez ce relevé jusqu'au {until} en écrivant à {email}, avec son numéro."
    ),
    "object_final": (
        "Un enregistrement erroné fait l'objet d'un avoir sur une période ultérieure ; ce relevé ne"
        " change pas."
    ),
    "object_provisional": "Ce qui est erroné est corrigé avant le relevé définitif.",
    "about": "À propos de ce document",
    "about_text": (
        "Il indique ce qui a été compensé et ce qui est dû ; factures et avoirs sont des documents"
        " distincts. Les soldes de tous les partenaires et de la chambre de compensation sur cette"
        " période s'annulent."
    ),
    "checksums": "Empreintes",
    "sha_positions": "Soldes de la période, SHA-256",
    "sha_annex": "Annexe SDR (CSV, {rows} enregistrements), SHA-256",
    "sha_ledger": "Tête du grand livre à l'émission (sceau {sequence})",
    "annex_note": (
        "L'annexe liste chaque enregistrement derrière ces chiffres, sous pseudonymes. Elle est"
        " jointe à ce PDF."
    ),
}

MAIL = {
    "kind_statement": "Relevé de compensation",
    "kind_provisional": "Relevé provisoire",
    "kind_invoice": "Facture",
    "kind_balance": "Confirmation de solde",
    "kind_dunning": "Mise en demeure",
    "subject": "{kind} {number}",
    "body": (
        "Bonjour,\n\n{kind} {number} du {day} est à votre disposition :\n\n{link}\n\n"
        "Il vous faut votre accès au portail partenaire. Vos systèmes peuvent aussi chercher le"
        " document par API.\n\n{house}\n"
    ),
}

TEXTS = {"statement": STATEMENT, "mail": MAIL}
