"""Find a tariff of a seller by its id, and its newest ones, among ten thousand."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0010_endpoints_serve_their_parties"),
        ("roaming", "0010_reservation_number"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="tariff",
            index=models.Index(
                models.F("seller"),
                django.db.models.functions.text.Upper("tariff_id"),
                name="tariff_of_seller_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="tariff",
            index=models.Index(fields=["seller", "currency", "id"], name="tariff_of_seller_newest"),
        ),
    ]
