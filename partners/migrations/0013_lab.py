"""Who certifies test systems: a right of its own, and the role "lab" that has it and no more."""

from django.db import migrations

_RIGHTS = {
    "view_certificationrun": "Can view certification run",
    "run_certification": "Can certify a test system",
}


def make_role(apps, schema_editor):
    """Rights are written by ``migrate`` when all is done, which is too late for a role of them."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="partners", model="certificationrun"
    )
    permissions = apps.get_model("auth", "Permission").objects
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="lab")
    for codename, name in _RIGHTS.items():
        right, _ = permissions.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        group.permissions.add(right)


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0012_checklists"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="certificationrun",
            options={"permissions": [("run_certification", "Can certify a test system")]},
        ),
        migrations.RunPython(make_role, migrations.RunPython.noop),
    ]
