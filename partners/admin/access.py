"""Who is locked out, who was invited, and second factors that were lost."""

from functools import partial

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from axes.utils import reset
from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ReasonForm, ask
from partners.admin.story import ActionLink, Facts, Story
from partners.models import Invitation, Partner, User
from partners.rules.devices import device_named
from partners.rules.roles import PARTNER_ADMIN, PARTNER_ROLES
from partners.services import audit, invitations
from partners.services.invitations import InvitationRefused


@admin.register(AccessAttempt)
class LockOutAdmin(EvidenceAdmin):
    """Failed logins by name and address; the lock ends by itself, or is lifted here."""

    list_display = ("username", "ip_address", "failures_since_start", "state", "attempt_time")
    search_fields = ("username", "ip_address")
    search_help_text = "User name or address"
    ordering = ("-attempt_time", "-pk")
    empty_text = "Nobody has failed to log in lately."
    actions_detail = ("ask_to_lift",)

    @display(description="State", label={"LOCKED OUT": "danger", "FAILED": ""})
    def state(self, attempt) -> str:
        is_locked = attempt.failures_since_start >= settings.AXES_FAILURE_LIMIT
        is_recent = timezone.now() - attempt.attempt_time < settings.AXES_COOLOFF_TIME
        return "LOCKED OUT" if is_locked and is_recent else "FAILED"

    def name_of(self, obj) -> str:
        return f"{obj.username} at {obj.ip_address}"

    def has_lift_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("partners.change_user")

    def story(self, request, obj) -> Story:
        may_lift = self.has_lift_permission(request)
        page = reverse("admin:axes_accessattempt_ask_to_lift", args=[obj.pk])
        return Story(
            [
                Facts(
                    "",
                    [
                        ("State", self.state(obj)),
                        ("User name", obj.username),
                        ("Address", obj.ip_address),
                        ("Device", device_named(obj.user_agent)),
                        ("Failures in a row", obj.failures_since_start),
                        ("Last failure", obj.attempt_time),
                    ],
                )
            ],
            [ActionLink("Lift the lock…", page)] if may_lift else [],
        )

    @action(
        description="Lift the lock…",
        url_path="lift",
        icon="lock_open",
        permissions=["lift"],
    )
    def ask_to_lift(self, request, object_id):
        attempt = self.get_object(request, object_id)
        if attempt is None:
            raise Http404
        question = Question(
            title=f"Let {attempt.username} try again?",
            sentence="Make sure that it is the person who asks, not somebody who guesses.",
            button="Lift the lock",
            act=partial(_lift, request, attempt),
        )
        return ask(
            request,
            self,
            attempt,
            question,
            back_url=reverse("admin:axes_accessattempt_changelist"),
        )


@transaction.atomic
def _lift(request, attempt: AccessAttempt, answers) -> str:
    audit.record(
        "user.lock_lifted",
        attempt,
        actor=request.user.get_username(),
        at=timezone.now(),
        reason=answers["reason"],
        after={"user": attempt.username},
    )
    reset(username=attempt.username, ip=attempt.ip_address)
    return f"{attempt.username} may try again."


class InviteForm(ReasonForm):
    partner = forms.ModelChoiceField(
        queryset=Partner.objects.filter(is_clearing_house=False).order_by("name"),
        widget=UnfoldAdminSelectWidget,
    )
    email = forms.EmailField(label="E-mail address", widget=UnfoldAdminEmailInputWidget)
    role = forms.ChoiceField(
        choices=[(name, role.label) for name, role in PARTNER_ROLES.items()],
        initial=PARTNER_ADMIN,
        widget=UnfoldAdminSelectWidget,
        help_text="The first person of a partner is its administrator and invites the others.",
    )
    field_order = ("partner", "email", "role", "reason")


@admin.register(Invitation)
class InvitationAdmin(EvidenceAdmin):
    """Letters to people of partners; the first one of a partner is sent from here."""

    list_display = ("email", "partner", "role_label", "state", "invited_by", "expires_at")
    list_select_related = ("partner", "invited_by", "user")
    search_fields = ("email", "partner__name")
    search_help_text = "E-mail address or partner"
    ordering = ("-invited_at", "-pk")
    empty_text = "Nobody is invited yet: invite the administrator of a partner."
    actions_list = ("ask_to_invite",)

    def has_invite_permission(self, request) -> bool:
        return request.user.has_perm("partners.add_user")

    @display(description="Role")
    def role_label(self, invitation) -> str:
        return PARTNER_ROLES[invitation.role].label

    @display(
        description="State",
        label={"OPEN": "warning", "ACCEPTED": "success", "WITHDRAWN": "", "RAN OUT": ""},
    )
    def state(self, invitation) -> str:
        if invitation.accepted_at:
            return "ACCEPTED"
        if invitation.withdrawn_at:
            return "WITHDRAWN"
        return "OPEN" if invitation.expires_at > timezone.now() else "RAN OUT"

    @action(
        description="Invite…",
        url_path="invite",
        icon="person_add",
        permissions=["invite"],
    )
    def ask_to_invite(self, request):
        question = Question(
            title="Invite somebody of a partner",
            sentence="A letter goes to the address; it makes one login and is good for seven days.",
            button="Send the letter",
            form_class=InviteForm,
            act=partial(_invite, request),
        )
        list_page = reverse("admin:partners_invitation_changelist")
        return ask(request, self, None, question, back_url=list_page)


def _invite(request, answers) -> str:
    try:
        invitation = invitations.invite(
            answers["partner"],
            answers["email"],
            answers["role"],
            by=request.user,
            now=timezone.now(),
        )
        invitations.send_letter(invitation)
    except InvitationRefused as refused:
        raise NotPossible(str(refused)) from refused
    except OSError as error:
        raise NotPossible(
            "The letter could not be sent: look at EMAIL_URL, invite again."
        ) from error
    return f"{invitation.email} gets a letter."


@transaction.atomic
def take_factors_away(request, user: User, answers) -> str:
    """Somebody lost phone and key: the next login asks for the password alone, once."""
    count, _ = Authenticator.objects.filter(user=user).delete()
    audit.record(
        "user.second_factors_taken_away",
        user,
        actor=request.user.get_username(),
        at=timezone.now(),
        reason=answers["reason"],
        after={"factors": count},
    )
    return f"{user.get_username()} logs in by password alone until a second factor is set up again."
