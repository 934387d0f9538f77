"""English texts of the documents."""

STATEMENT = {
    "name_final": "Settlement statement",
    "name_provisional": "Provisional statement",
    "watermark_provisional": "PROVISIONAL",
    "mark_provisional": "PROVISIONAL – not final",
    "description": "{name} of {partner} for {period}",
    "annex_description": "Service detail records of statement {number}",
    "not_an_invoice": "This is not a VAT invoice.",
    "page": "Page",
    "vat_id": "VAT",
    # Who, and which
    "statement_for": "Statement for",
    "marking": "Marking",
    "number": "Number",
    "status": "Status",
    "status_final": "FINAL",
    "replaces": "replaces",
    "test_no_payment": "test environment, no payment",
    "supply_period": "Supply period",
    "period_bounds": "{start} up to {end}",
    "end_excluded": "{zone}, end excluded",
    "cut_off": "Cut-off",
    "issued": "Issued",
    "group_currency": "Group, currency",
    "released": "Released",
    "released_by": "asked by {maker}, released by {checker}",
    "objections_until": "Objections until",
    # The position
    "you_receive": "You receive",
    "you_pay": "You pay",
    "balanced": "Nothing to pay or receive",
    "receivable": "Receivable for services sold",
    "payable": "Payable for services bought",
    "fees_of_house": "Fees of the clearing house",
    "vat_on_services": "VAT on services",
    "vat_on_fees": "VAT on fees",
    "adjustments": "Manual adjustments",
    "carried": "Carried from before",
    "exchanged": "From another currency",
    "position_in": "Position in {currency}",
    "carried_on": "Carried into the next settlement",
    "settled_in": "Settled in {currency} instead",
    # By counterparty, site and month
    "by_counterparty": "By counterparty",
    "counterparty": "Counterparty",
    "code": "Code",
    "sdrs": "SDRs",
    "billed": "Billed",
    "kwh_billed": "kWh billed",
    "claim_sold": "Claim sold",
    "claim_bought": "Claim bought",
    "commission": "Commission",
    "net_in": "Net {currency}",
    "own_network": "own network",
    "total": "Total",
    "claims_note": (
        "Claims are the sellers' amounts before commission. Commission with {minus} is kept from"
        " what you sold, without sign it lowers what you pay."
    ),
    "no_records": "No service detail record of yours was cleared in this window.",
    "by_month": "By supply month",
    "service_ended_in": "Service ended in",
    "months_note": (
        "The same services as above, by month. Records of an earlier month came late or are"
        " corrected here."
    ),
    "by_site": "By party, site and supply month",
    "site": "Site",
    "site_unknown": "Site not stated",
    "site_rest_one": "1 further line",
    "site_rest_many": "{count} further lines",
    "month": "Month",
    "party_sum_of": "Sum of",
    "sites_note": (
        "The same services again. Of what you sold the site is yours, of what you bought the"
        " seller's. The annex names the site of each record."
    ),
    "sites_left_out": "The {count} largest lines are shown; the annex holds them all.",
    # Fees, taxes, what else moves the position
    "fee_on_sold": "Commission on services sold",
    "on_claims_of": "On claims of",
    "fee_in": "Fee {currency}",
    "fees_note": (
        "Payout is rounded for each record; the fee is what is left, and so can differ slightly"
        " from the rate on the sum."
    ),
    "further": "Taxes, fees and adjustments",
    "beyond": "Beyond the services above",
    "on": "On",
    "amount_in": "Amount {currency}",
    "further_note": (
        "With the nets by counterparty these lines add up to the position. Tax is computed once on"
        " each sum."
    ),
    "line_vat_services_to": "VAT {rate} {country} on services to {name}",
    "line_vat_services_of": "VAT {rate} {country} on services of {name}",
    "line_vat_fees_to": "VAT {rate} {country} on fees of the clearing house to {name}",
    "line_vat_fees_of": "VAT {rate} {country} on fees of the clearing house of {name}",
    "line_fee": "{name}",
    "line_fee_month": "{name}, {month}",
    "line_fee_sdrs": "{name} ({sdrs} SDRs)",
    "line_fee_month_sdrs": "{name}, {month} ({sdrs} SDRs)",
    "line_adjustment": "Manual adjustment: {reason}",
    "line_carried": "Carried from the settlement before",
    "line_exchanged": "From {group}, {period}: {amount} {currency}, {rates}",
    "line_blocked_to": "Not settled yet, its VAT treatment had to be decided: to {name}",
    "line_blocked_of": "Not settled yet, its VAT treatment had to be decided: of {name}",
    "line_resolved_to": "Settled now, its VAT treatment had to be decided: to {name}",
    "line_resolved_of": "Settled now, its VAT treatment had to be decided: of {name}",
    "rates": "at {rates} for 1 EUR (ECB, {day})",
    "and": "and",
    # VAT recapitulation and documents
    "vat_recap": "VAT recapitulation",
    "vat_supply": "Supply",
    "vat_category": "Category",
    "vat_rate": "Rate",
    "vat_basis": "Basis {currency}",
    "vat_amount": "VAT {currency}",
    "vat_sold": "Services sold, {country}",
    "vat_bought": "Services bought, {country}",
    "vat_fees": "Fees of the clearing house, {country}",
    "vat_note": (
        "Categories after EN 16931; the invoices are what counts for VAT. VAT with {minus} is"
        " charged to you, without sign by you. AE: the customer owes the VAT."
    ),
    "documents_netted": "Documents netted here",
    "document_type": "Type",
    "document_date": "Date",
    "document_net": "Net",
    "document_vat": "VAT",
    "document_gross": "Gross",
    "document_invoice": "Invoice",
    "document_credit_note": "Credit note",
    "document_self_billed": "Self-billed invoice",
    "document_self_billed_credit": "Self-billed credit note",
    # Payment
    "payment": "Payment",
    "account_holder": "Account holder",
    "reference": "Reference",
    "creditor_reference": "Structured (ISO 11649)",
    "due_date": "Due",
    "debited_account": "Account debited",
    "collection_date": "Collected on",
    "mandate": "SEPA B2B mandate",
    "creditor_id": "Our creditor identifier",
    "account_follows": "The account follows separately; quote {number}.",
    "no_account": (
        "No account in {currency} is on file. Please send us your bank details, quoting {number}."
    ),
    "pay_instruction_receives": (
        "Payment is from partner to partner: the clearing house holds nobody's money. The partners"
        " that owe are instructed to pay you."
    ),
    "pay_instruction_pays": (
        "Payment is from partner to partner: the clearing house holds nobody's money. Your payment"
        " instructions name each creditor, its account and amount. Please do not pay on this"
        " statement alone."
    ),
    "pay_held_receives": (
        "The amount is paid out once the payments of the owing partners are final."
    ),
    "pay_held_pays": "Please pay the amount to the clearing house and quote the reference.",
    "pay_collected": (
        "We collect the amount by SEPA direct debit on {day}; this is the notice of it. Please make"
        " no transfer."
    ),
    "pay_later": (
        "Please pay nothing on a provisional statement. The final one replaces it, may differ from"
        " it, and says who pays and where to."
    ),
    "pay_nothing": "The position is balanced: no payment is due in either direction.",
    "pay_elsewhere": (
        "Nothing is paid in {currency}: as agreed, your position is settled in {other} with the"
        " group {group}, {rates}."
    ),
    # Beside the position
    "beside": "Not part of the position",
    "beside_note": (
        "Records in dispute are in no position, of any group in this currency; what they turn out"
        " to be worth is settled later. Cover is held for you and is not netted."
    ),
    "disputed_sold": "In dispute, sold by you",
    "disputed_bought": "In dispute, bought by you",
    "sdrs_one": "1 SDR",
    "sdrs_many": "{count} SDRs",
    "prefund_held": "Prefund held",
    "prefund_drawn": "Prefund drawn",
    "deposit_held": "Guarantee deposit held",
    "deposit_drawn": "Guarantee deposit drawn",
    # Where records stand, exposure
    "records_stand": "Where your records stand",
    "received": "received",
    "rejected": "rejected",
    "held": "held",
    "open": "open",
    "disputed": "disputed",
    "withdrawn": "withdrawn",
    "cleared": "cleared",
    "credited": "credited",
    "records_note": (
        "Records that you sent as a seller, by their state at the cut-off. None is lost: the parts"
        " sum to what was received."
    ),
    "nothing_sent": (
        "0 received: you sent no records as a seller. What you bought is counted with its sellers."
    ),
    "exposure": "Exposure",
    "exposure_now": "You could come to owe",
    "exposure_limit": "Limit agreed",
    "exposure_none": "no limit agreed",
    "exposure_used": "Used",
    "exposure_read": "Read",
    # What to do, and proof
    "how_to_object": "How to object",
    "object_look": "Look up a record by its SDR id in the partner portal or by API.",
    "object_until": "Object to this statement by {until}.",
    "object_until_to": "Object to this statement by {until}, writing to {email} with its number.",
    "object_final": (
        "A wrong record is answered by a credit in a later window; this statement does not change."
    ),
    "object_provisional": "What is wrong is mended before the final statement.",
    "about": "About this document",
    "about_text": (
        "It states what was netted and what is due; invoices and credit notes are separate"
        " documents. The positions of all partners and of the clearing house in this window sum to"
        " zero."
    ),
    "checksums": "Checksums",
    "sha_positions": "Positions of the window, SHA-256",
    "sha_annex": "SDR annex (CSV, {rows} records), SHA-256",
    "sha_ledger": "Head of the ledger when issued (seal {sequence})",
    "annex_note": (
        "The annex lists every record behind these figures, under pseudonyms. It is attached to"
        " this PDF."
    ),
}

MAIL = {
    "kind_statement": "Settlement statement",
    "kind_provisional": "Provisional statement",
    "kind_invoice": "Invoice",
    "kind_balance": "Balance confirmation",
    "kind_dunning": "Dunning letter",
    "subject": "{kind} {number}",
    "body": (
        "Good day,\n\n{kind} {number} of {day} is ready for you:\n\n{link}\n\n"
        "You need your login to the partner portal. Your systems can fetch it by API as well.\n\n"
        "{house}\n"
    ),
}

TEXTS = {"statement": STATEMENT, "mail": MAIL}
