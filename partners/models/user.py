"""People who log in: staff of the clearing house, or users of one partner."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from partners.models.partner import Language, Partner


class User(AbstractUser):
    """Staff when ``partner`` is empty; otherwise bound to that partner and never staff.

    What a person may do is said by roles (groups), after ``rules.roles``: of a partner exactly one.
    """

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    language = models.CharField(
        max_length=2,
        blank=True,
        default="",
        choices=Language,
        help_text="of the portal and of letters to the person; empty: as the browser asks",
    )

    class Meta(AbstractUser.Meta):
        permissions = [
            ("portal_operate", "Can act on disputes, tariffs and records in the portal"),
            ("portal_see_finance", "Can see statements, invoices and payments in the portal"),
            ("portal_finance", "Can object, confirm and ask for bank details in the portal"),
            ("portal_agree", "Can offer and accept roaming agreements in the portal"),
            ("portal_administer", "Can manage logins and systems of the company in the portal"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(partner__isnull=True) | Q(is_staff=False, is_superuser=False),
                name="partner_user_is_not_staff",
            ),
            models.CheckConstraint(
                condition=Q(language__in=["", *Language.values]),
                name="user_reads_a_language_that_we_speak",
            ),
            # People log in in any case: a name that differs in nothing else locks its owner out.
            models.UniqueConstraint(
                Upper("username"),
                name="user_name_is_one_in_any_case",
                violation_error_message="Somebody has this user name, in whatever case.",
            ),
        ]
