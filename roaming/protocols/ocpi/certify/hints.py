"""What a partner's developers do about a case that failed: by its area, or by the case itself."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_OF_CASES: dict[str, Promise] = {
    "TRN-01": _("Refuse requests without a token before anything else is looked at."),
    "TRN-02": _("Refuse tokens that you did not issue; compare the whole token."),
    "TRN-05": _("Answer a body that cannot be read with HTTP 400, not with a page of your server."),
    "TRN-06": _("Check required fields, and answer HTTP 200 with status_code 2001."),
    "TRN-07": _("Put every answer in OCPI's envelope; write times in UTC with a Z at the end."),
    "TRN-08": _("Copy X-Request-ID and X-Correlation-ID of a request into its answer."),
    "TRN-10": _("Keep fields that you do not know: other versions and vendors send more."),
    "TRN-14": _("Serve an address with and without a slash at its end; send no redirect."),
    "PAG-02": _("Order your list so that a page neither repeats nor skips what moved meanwhile."),
    "PAG-05": _("Compare last_updated as date_from <= last_updated < date_to."),
    "CMD-02": _("Send the result to the response_url that came with the command, once."),
    "TOK-03": _("A token that is not valid is an answer with status_code 1000, not an error."),
    "SES-02": _("Let nothing change a session that is COMPLETED or INVALID."),
    "CDR-02": _("Answer the same record again as the first time; store it once."),
    "CDR-04": _("Refuse another content under an id that you have; keep the first."),
    "CDR-30": _("Keep amounts as decimals: a floating-point number loses digits."),
}
_OF_AREAS: dict[str, Promise] = {
    "TRN": _("Look at how your server reads requests and frames its answers."),
    "CRD": _("Look at your handling of credentials and of registration tokens."),
    "PAG": _("Look at the paging of your lists: limit, offset, Link and X-Total-Count."),
    "RTE": _("Look at how you read the headers that say from whom and to whom."),
    "HCI": _("Take news of other parties, also of those that you have nothing with."),
    "TOK": _("Look at your tokens and at how you answer an authorization."),
    "CMD": _("Look at how you answer commands and send their results."),
    "LOC": _("Look at how a change of a part makes its EVSE and its site newer."),
    "SES": _("Look at how you apply PUT and PATCH to sessions."),
    "CDR": _("Look at how you take, keep and show records."),
}


def hint_for(case_id: str) -> Promise | str:
    """A sentence for who mends it; empty for a case that this version does not know."""
    of_area = _OF_AREAS.get(case_id.partition("-")[0], "")
    return _OF_CASES.get(case_id, of_area)
