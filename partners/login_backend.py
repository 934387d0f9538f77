"""Who logs in, and what the person may do: asked once a request, in one query."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from partners.models import User


class LoginBackend(AuthenticationBackend):
    """Rights of the person and of its roles together; the library asks for each apart."""

    def get_all_permissions(self, user_obj, obj=None):
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if user_obj.is_superuser or hasattr(user_obj, "_perm_cache"):
            return super().get_all_permissions(user_obj)
        own = User.user_permissions.through.objects.filter(user=user_obj)
        roles = User.groups.through.objects.filter(user=user_obj)
        of_roles = Group.permissions.through.objects.filter(group__in=roles.values("group"))
        found = Permission.objects.filter(
            Q(pk__in=own.values("permission")) | Q(pk__in=of_roles.values("permission"))
        )
        names = found.order_by().values_list("content_type__app_label", "codename")
        user_obj._perm_cache = {f"{app}.{codename}" for app, codename in names}
        return user_obj._perm_cache
