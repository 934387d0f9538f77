"""What staff look at again and again: the filters of a list under a name."""

from django.db import models
from django.db.models import Q

from clearinghouse.uuid7 import new_uuid7
from partners.models.user import User

# Longer addresses are refused by servers and proxies.
LONGEST_QUERY = 2000


class SavedFilter(models.Model):
    """Filters, search and order of a list of the admin, never a page of it.

    Its owner's alone, or shared with everybody who may look at the list.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    list_of = models.CharField(max_length=60, help_text='the model, such as "roaming.sdr"')
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=LONGEST_QUERY)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_of", "name"], name="saved_filter_is_named_once_by_its_owner"
            ),
            models.UniqueConstraint(
                fields=["list_of", "name"],
                condition=Q(is_shared=True),
                name="shared_filter_is_named_once_of_a_list",
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(query=""), name="saved_filter_has_a_name_and_filters"
            ),
            models.CheckConstraint(
                condition=~Q(query__regex=r"(^|&)(before|after|p|all|e|_popup|_to_field)="),
                name="saved_filter_names_no_page",
            ),
        ]

    def __str__(self) -> str:
        return self.name
